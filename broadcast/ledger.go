package broadcast

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-a9908ced/wechat-go/quota"
)

// afford asks the ledger whether a broadcast could be reserved, and changes nothing. An id that was
// resolved before is for reserve to judge.
func (b *Client) afford(ctx context.Context, s quota.Spend) error {
	if b.ledger == nil {
		return nil
	}
	if err := b.ledger.Check(ctx, s); !errors.Is(err, quota.ErrConflict) {
		return err
	}
	return nil
}

// reserve takes the job's share of the quota. A ledger that knows the broadcast as sent, or perhaps sent,
// while the job says that nothing has left, has outlived the job: it is the better witness.
func (b *Client) reserve(ctx context.Context, r record) (record, error) {
	if b.ledger != nil {
		is, err := b.ledger.Reserve(ctx, r.spend())
		switch {
		case errors.Is(err, quota.ErrExhausted), errors.Is(err, quota.ErrConflict):
			return b.release(ctx, r, err)
		case err != nil:
			return r, err
		case is.State != quota.Held:
			return b.jobs.apply(ctx, r, forgotten{fmt.Sprintf("the ledger knows it as %s, but its job was lost", is.State)})
		}
	}
	return b.jobs.apply(ctx, r, reserved{})
}

// charge holds the quota for an attempt, from which moment on no time frees it. A reserved job that gets
// none moves on.
func (b *Client) charge(ctx context.Context, r record) (record, error) {
	if b.ledger == nil {
		return r, nil
	}
	err := b.ledger.Doubt(ctx, r.reservation())
	if errors.Is(err, quota.ErrNotReserved) { // it was begun by a client without the ledger
		if _, err = b.ledger.Reserve(ctx, r.spend()); err == nil {
			err = b.ledger.Doubt(ctx, r.reservation())
		}
	}
	switch {
	case r.State == Reserved && errors.Is(err, quota.ErrExhausted): // the reservation had lapsed
		return b.release(ctx, r, err)
	case r.State == Reserved && errors.Is(err, quota.ErrConflict):
		return b.reserve(ctx, r)
	}
	return r, err
}

// reconcile brings the ledger into line with the job.
func (b *Client) reconcile(ctx context.Context, r record) error {
	if b.ledger == nil {
		return nil
	}
	switch r.State {
	case Accepted, Finished, Rejected:
		return b.ledger.Commit(ctx, r.reservation())
	case Released, Failed:
		if err := b.ledger.Release(ctx, r.reservation()); !errors.Is(err, quota.ErrNotReserved) {
			return err
		}
	case Draft, Reserved, Sending, Unknown, NeedsOperator: // what is charged stays charged
	}
	return nil
}

// exhausted closes the period that the platform calls used up, and answers as the ledger does.
func (b *Client) exhausted(ctx context.Context, r record, cause error) error {
	if b.ledger == nil {
		return cause
	}
	ctx, cancel := detach(ctx)
	defer cancel()
	spend := r.spend()
	spend.ID = "" // any broadcast like this one
	err := b.ledger.Exhausted(ctx, spend)
	if err == nil {
		err = b.ledger.Check(ctx, spend)
	}
	if err == nil {
		return cause
	}
	return fmt.Errorf("%w; %w", err, cause)
}
