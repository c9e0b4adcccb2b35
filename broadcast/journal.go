package broadcast

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// errMoved: another process has changed the job; its record as it is now comes along.
var errMoved = errors.New("another process has changed the job")

// journal keeps jobs in the Store: one record a job, changed only by compare and swap.
type journal struct {
	store store.Store
	appID wechat.AppID
}

func (j journal) key(id string) string { return j.prefix() + id }
func (j journal) prefix() string       { return string(j.appID) + "/job/" }

// load reads the job of a Key.
func (j journal) load(ctx context.Context, key string) (record, error) {
	rec, err := j.store.Get(ctx, j.key(clientMsgID(j.appID, key, 0)))
	switch {
	case err != nil:
		return record{}, fmt.Errorf("broadcast %q: %w", key, err)
	case rec.Version == 0:
		return record{stored: rec.Now}, fmt.Errorf("broadcast %q: %w", key, ErrNoJob)
	}
	r, err := decode(rec)
	if err != nil {
		return record{}, fmt.Errorf("broadcast %q: %w", key, err)
	}
	return r, nil
}

// write makes next the record if nobody has changed it since it was read. An error of the store's means
// that the write may have happened, so the record is read again and its writer recognised.
func (j journal) write(ctx context.Context, next record) (record, error) {
	next.Write = rand.Text()
	value, err := next.encode()
	if err != nil {
		return record{}, err
	}
	key := j.key(next.ClientMsgID)
	rec, swapped, err := j.store.Swap(ctx, key, next.version, value, 0)
	if err != nil {
		var again error
		if rec, again = j.store.Get(ctx, key); again != nil {
			return record{}, fmt.Errorf("broadcast %q: %w", next.Key, errors.Join(err, again))
		}
	}
	if swapped {
		return next.seen(rec), nil
	}
	if rec.Version == 0 {
		if err == nil {
			err = ErrNoJob // deleted in between
		}
		return record{}, fmt.Errorf("broadcast %q: %w", next.Key, err)
	}
	now, derr := decode(rec)
	switch {
	case derr != nil:
		return record{}, fmt.Errorf("broadcast %q: %w", next.Key, derr)
	case now.Write == next.Write:
		return now, nil
	case err != nil && now.version == next.version:
		return record{}, fmt.Errorf("broadcast %q: %w", next.Key, err)
	}
	return now, errMoved
}

// apply moves a job on by an event.
func (j journal) apply(ctx context.Context, r record, e event) (record, error) {
	next, err := step(r, e, r.clock())
	if err != nil {
		return r, fmt.Errorf("broadcast %q: %w", r.Key, err)
	}
	return j.write(ctx, next)
}

// insist applies an event that must not be lost, whoever changes the job meanwhile.
func (j journal) insist(ctx context.Context, r record, e event) (record, error) {
	for {
		now, err := j.apply(ctx, r, e)
		if !errors.Is(err, errMoved) {
			return now, err
		}
		r = now
	}
}

// all yields every job.
func (j journal) all(ctx context.Context) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for rec, err := range j.store.List(ctx, j.prefix(), "") {
			var r record
			if err == nil {
				if r, err = decode(rec); err != nil {
					err = fmt.Errorf("%s: %w", rec.Key, err)
				}
			}
			if !yield(r, err) || (err != nil && !errors.Is(err, store.ErrCorrupt)) {
				return
			}
		}
	}
}
