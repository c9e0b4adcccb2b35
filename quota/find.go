package quota

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Where an id is looked for around now, and how many months back at most.
const (
	nearby = 48 * time.Hour
	memoir = 13
)

// copied is an entry and the month whose record has it.
type copied struct {
	month string
	entry entry
}

// newest is the copy that says what is known: a final one if there is one, else the last one changed.
func newest(copies []copied) (last copied) {
	for _, c := range copies {
		switch e := c.entry; {
		case e.State == moved || last.entry.State.final():
		case last.entry.State == 0, e.State.final(), !e.Since.Before(last.entry.Since):
			last = c
		}
	}
	return last
}

// locate reads the copies of an id: near now, else in any month.
func (l *Ledger) locate(ctx context.Context, id string, look []string) ([]copied, error) {
	copies, err := l.copies(ctx, id, look)
	if err != nil || len(copies) > 0 {
		return copies, err
	}
	first, err := time.ParseInLocation(monthOnly, look[0], zone)
	if err != nil {
		return nil, fmt.Errorf("month %q: %w", look[0], err)
	}
	after := l.key(month(time.Date(first.Year(), first.Month()-memoir, 1, 0, 0, 0, 0, zone)))
	var found []string
	for r, err := range l.store.List(ctx, l.key(""), after) {
		if err != nil {
			return nil, l.failed(ctx, "list", err)
		}
		m := r.Key[len(l.key("")):]
		v, err := l.view(m, r)
		if err != nil {
			return nil, err
		}
		if v.record.index(id) >= 0 {
			found = append(found, m)
		}
	}
	return l.copies(ctx, id, found)
}

// copies reads the copies of an id in some months, and in those that these point to.
func (l *Ledger) copies(ctx context.Context, id string, months []string) ([]copied, error) {
	var found []copied
	queue := slices.Clone(months)
	for i := 0; i < len(queue); i++ {
		v, _, err := l.read(ctx, queue[i])
		if err != nil {
			return nil, err
		}
		e := v.record.find(id)
		if e.State == 0 {
			continue
		}
		found = append(found, copied{queue[i], e})
		for _, m := range monthsOf(e.Days...) {
			if !slices.Contains(queue, m) {
				queue = append(queue, m)
			}
		}
	}
	return found, nil
}
