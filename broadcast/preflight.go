package broadcast

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Finding is one thing that a preflight found.
type Finding struct {
	// Check is what was looked at: "permission", "content", "job", "media",
	// "quota" or "store".
	Check string `json:"check"`
	// Warning tells a finding that does not stop the broadcast from one that does.
	Warning bool `json:"warning,omitempty"`
	wechat.Problem
	// RetryAt is when the finding passes by itself, and zero where it does not.
	RetryAt time.Time `json:"retry_at,omitzero"`
}

// String gives the finding as a line.
func (f Finding) String() string {
	mark := "refused"
	if f.Warning {
		mark = "warning"
	}
	s := fmt.Sprintf("%-7s  %-10s  %s", mark, f.Check, f.Problem)
	if !f.RetryAt.IsZero() {
		s += "; from " + f.RetryAt.In(quotaZone).Format(stamp)
	}
	return s
}

// Report is what a preflight found, in the order in which Send checks.
type Report struct {
	Key      string    `json:"key"`
	Findings []Finding `json:"findings"`
}

// OK reports whether nothing stops the broadcast.
func (r Report) OK() bool {
	for _, f := range r.Findings {
		if !f.Warning {
			return false
		}
	}
	return true
}

// String lists the findings, a line each.
func (r Report) String() string {
	if len(r.Findings) == 0 {
		return fmt.Sprintf("broadcast %q: nothing stands in its way", r.Key)
	}
	lines := make([]string, len(r.Findings))
	for i, f := range r.Findings {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Preflight finds everything that would stop Send, at once: permission, content, a job that the Key has
// already, media that have expired, and quota with the time when it renews. It reads the store, asks the
// platform nothing and changes nothing. The error tells only that the store could not be read.
func (b *Client) Preflight(ctx context.Context, m Message) (Report, error) {
	report := Report{Key: m.Key, Findings: []Finding{}}
	add := func(check string, warning bool, ps ...wechat.Problem) {
		for _, p := range ps {
			report.Findings = append(report.Findings, Finding{Check: check, Warning: warning, Problem: p})
		}
	}
	if err := b.client.Permit(ctx, pathSendAll); err != nil {
		add("permission", false, wechat.Problem{Field: "client", Rule: "forbidden", Message: err.Error()})
	}
	refused := m.problems(b.rules)
	add("content", false, refused...)
	r, err := b.jobs.load(ctx, m.Key)
	begins := true // Send would send, and not only find the job
	switch {
	case err == nil:
		p, stops := b.known(m, r, len(refused) == 0)
		add("job", !stops, p)
		begins = r.State.unsent() && !stops
	case !errors.Is(err, ErrNoJob):
		return report, fmt.Errorf("broadcast %q: %w", m.Key, err)
	}
	if begins && m.Content != nil {
		add("media", false, expired(m.Content, r.clock())...)
		add("media", true, ageless(m.Content)...)
	}
	if begins && m.To.reach != 0 {
		findings, err := b.quotaFindings(ctx, m, r)
		if err != nil {
			return report, err
		}
		report.Findings = append(report.Findings, findings...)
	}
	if !b.durable() {
		add("store", true, wechat.Problem{Field: "store", Rule: "memory", Message: "the store is in memory, so a crash forgets the job", Fix: "use sqlitestore or another durable store"})
	}
	return report, nil
}

// known tells what it means that the Key has a job, and whether that stops Send.
func (b *Client) known(m Message, r record, valid bool) (p wechat.Problem, stops bool) {
	p = wechat.Problem{Field: "key", Rule: "known", Message: fmt.Sprintf("this broadcast is %s already", r.State)}
	if valid {
		if fresh, err := b.draft(m); err == nil && fresh.Digest != r.Digest {
			return wechat.Problem{Field: "key", Rule: "mismatch", Message: ErrMismatch.Error(), Fix: "give this one a Key of its own"}, true
		}
	}
	if r.State == Failed || r.State == Rejected || r.State == NeedsOperator {
		p.Fix = r.hint()
		return p, true
	}
	return p, false
}

// quotaFindings asks the ledger: about the job's own reservation where it may have one, else about any
// broadcast like this.
func (b *Client) quotaFindings(ctx context.Context, m Message, r record) ([]Finding, error) {
	spend := quota.Spend{Reach: m.To.reach}
	if r.State == Draft || r.State == Reserved {
		spend = r.spend()
	}
	err := b.afford(ctx, spend)
	if e, ok := errors.AsType[*quota.ExhaustedError](err); ok {
		return []Finding{{Check: "quota", Problem: wechat.Problem{Field: "to", Rule: "quota", Message: err.Error()}, RetryAt: e.RetryAt}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("broadcast %q: %w", m.Key, err)
	}
	return nil, nil
}

// ageless finds media whose age is not known.
func ageless(c Content) []wechat.Problem {
	var ps []wechat.Problem
	for i, item := range c.Items() {
		if item.ID != "" && !item.Permanent && item.CreatedAt.IsZero() {
			ps = append(ps, wechat.Problem{
				Field: fmt.Sprintf("content.items[%d]", i), Rule: "age", Message: "it is not known when this was uploaded",
				Fix: "temporary media live three days: keep the Item that Upload returns",
			})
		}
	}
	return ps
}
