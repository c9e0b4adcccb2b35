package broadcast

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"time"

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

// load reads the job of a Key. Where there is none, the record that comes with [ErrNoJob] has the clock.
func (j journal) load(ctx context.Context, key string) (record, error) {
	rec, err := j.store.Get(ctx, j.key(clientMsgID(j.appID, key, 0)))
	switch {
	case err != nil:
		return record{}, err
	case rec.Version == 0:
		return record{}.seen(rec), ErrNoJob
	}
	return j.decode(rec)
}

// decode reads a record, which must be the one of its key.
func (j journal) decode(rec store.Record) (record, error) {
	r, err := decode(rec)
	if err == nil && (rec.Key != j.key(r.ClientMsgID) || r.ClientMsgID != clientMsgID(j.appID, r.Key, 0)) {
		return record{}, fmt.Errorf("job record: it belongs to another key: %w", store.ErrCorrupt)
	}
	return r, err
}

// write makes next the record if nobody has changed it since it was read. An error of the store's means
// that the write may have happened, so the record is read again and its writer recognised. Where the error
// is errMoved, the record as it is now comes with it.
func (j journal) write(ctx context.Context, next record) (record, error) {
	value, err := next.encode()
	if err != nil {
		return record{}, err
	}
	key := j.key(next.ClientMsgID)
	rec, swapped, err := j.store.Swap(ctx, key, next.version, value, 0)
	if err != nil {
		var again error
		if rec, again = j.store.Get(ctx, key); again != nil {
			return record{}, fmt.Errorf("%w; then %w", err, again)
		}
	}
	if swapped {
		return next.seen(rec), nil
	}
	if rec.Version == 0 {
		if err == nil {
			err = ErrNoJob // deleted in between
		}
		return record{}, err
	}
	now, broken := j.decode(rec)
	switch {
	case broken != nil:
		return record{}, broken
	case now.Write == next.Write:
		return now, nil
	case err != nil && now.version == next.version:
		return record{}, err
	}
	return now, errMoved
}

// apply moves a job on by an event. Where that fails the job comes back as it was.
func (j journal) apply(ctx context.Context, r record, e event) (record, error) {
	return j.applyAs(ctx, r, e, rand.Text())
}

func (j journal) applyAs(ctx context.Context, r record, e event, write string) (record, error) {
	next, err := step(r, e, r.clock())
	if err != nil {
		return r, err
	}
	next.Write = write
	now, err := j.write(ctx, next)
	if err != nil && !errors.Is(err, errMoved) {
		return r, err
	}
	return now, err
}

// insist applies an event that must not be lost, whoever changes the job meanwhile and whatever hiccups the
// store has. Each try has its own time, so that one which a pause of the process has eaten is not the last.
func (j journal) insist(ctx context.Context, r record, e event) (record, error) {
	write := rand.Text() // one name for all tries, so that the one which took effect is known again
	for pause := 10 * time.Millisecond; ; {
		one, cancel := context.WithTimeout(ctx, 5*time.Second)
		now, err := j.applyAs(one, r, e, write)
		cancel()
		switch {
		case errors.Is(err, errMoved):
			r = now
			continue
		case err == nil || errors.Is(err, ErrState) || pause > 200*time.Millisecond || !sleep(ctx, pause):
			return now, err
		}
		pause *= 3
	}
}

// all yields every job. A record that cannot be read is an error between others.
func (j journal) all(ctx context.Context) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for rec, err := range j.store.List(ctx, j.prefix(), "") {
			if err != nil {
				yield(record{}, err)
				return
			}
			r, err := j.decode(rec)
			if err != nil {
				err = fmt.Errorf("%s: %w", rec.Key, err)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// owner is the Key of another job that has a msg_id, and empty if there is none.
func (j journal) owner(ctx context.Context, msgID int64, but string) (string, error) {
	for r, err := range j.all(ctx) {
		if err != nil {
			return "", err
		}
		if r.MsgID == msgID && r.Key != but {
			return r.Key, nil
		}
	}
	return "", nil
}

// sleep waits, and reports whether the context let it.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
