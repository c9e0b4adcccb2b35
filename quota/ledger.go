package quota

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// boundaryGuard is how near a midnight a broadcast must fit the windows on both sides, as the platform's
// clock is not the store's.
const boundaryGuard = 120 * time.Second

// Ledger counts the broadcasts of one account over all programs that share its store. It is safe for
// concurrent use, has no goroutine, and needs no closing. Any number of ledgers may work on one account.
type Ledger struct {
	account string
	rules   rules
	store   store.Store
	invalid error // what is wrong with the policy
	memory  *memory
}

// Option changes how a ledger works.
type Option func(*Ledger)

// WithoutBoundaryGuard lets a broadcast within two minutes of midnight fit the window of the store's clock
// alone. With the guard it must fit the windows on both sides, and is charged to both until the platform
// has taken it.
func WithoutBoundaryGuard() Option { return func(l *Ledger) { l.rules.guard = 0 } }

// New makes a ledger of an account. It reads and writes nothing. If the policy is not valid (see
// [Policy.Validate]), every call says so.
func New(s store.Store, appID wechat.AppID, p Policy, opts ...Option) *Ledger {
	l := &Ledger{
		account: string(appID),
		rules:   rules{limits: slices.Clone(p.Account), guard: boundaryGuard},
		store:   s,
		invalid: p.Validate(),
		memory:  newMemory(),
	}
	for _, opt := range opts {
		opt(l)
	}
	return l
}

// Check says what Reserve would say, and changes nothing. A spend without an id stands for any broadcast
// that is not reserved yet.
func (l *Ledger) Check(ctx context.Context, s Spend) error {
	if s.ID == "" {
		s.ID = "check:" + rand.Text()
	}
	_, err := l.rehearse().reserve(ctx, s)
	return wrap("check", err)
}

// Reserve sets a unit aside in every window that the planned time falls in. The reservation lapses 15
// minutes after that time unless the broadcast is about to be sent before ([Ledger.Doubt]).
//
// It is idempotent by id: while a reservation is held, and when its broadcast was or may have been sent,
// it is returned as it is, so look at its State. [ErrMismatch] if the id is known with other parameters;
// [ErrConflict] if it was released, which is final; [*ExhaustedError] if a window is full, which leaves
// nothing behind; [ErrFull].
func (l *Ledger) Reserve(ctx context.Context, s Spend) (Reservation, error) {
	e, err := l.reserve(ctx, s)
	if err != nil {
		return Reservation{}, wrap("reserve", err)
	}
	return e.reservation(), nil
}

// Doubt says that the broadcast is about to be sent, or may have been. It is called before every attempt,
// and once it has returned no time frees the unit, only Commit, or Release by evidence.
//
// It is the gate: the attempt falls in the windows of the store's clock now, so if those are not the
// reserved ones, or the reservation has lapsed, a unit is taken in them. [*ExhaustedError] if there is
// none: do not send. An attempt on another day than the last is charged to both. [ErrConflict] after
// Commit and Release; [ErrNotReserved].
func (l *Ledger) Doubt(ctx context.Context, id string) error {
	return wrap("doubt", l.resolve(ctx, id, doubt))
}

// Commit says that the platform took the broadcast. It is charged to the window of the store's clock, into
// which the charge moves if another one was reserved. More than ten minutes after Doubt, Commit is late
// news of that attempt, and the charge stays where it is. A broadcast that was taken is recorded even if
// its reservation had lapsed or the window is full.
//
// Repeating it changes nothing. [ErrConflict] after Release; [ErrNotReserved].
func (l *Ledger) Commit(ctx context.Context, id string) error {
	return wrap("commit", l.resolve(ctx, id, commit))
}

// Release says that the broadcast was not sent, and frees its unit. After Doubt that needs evidence: that
// no byte left, or that the platform refused it before it was carried out. The id cannot be reserved again.
//
// Repeating it changes nothing. [ErrConflict] after Commit; [ErrNotReserved].
func (l *Ledger) Release(ctx context.Context, id string) error {
	return wrap("release", l.resolve(ctx, id, release))
}

// Exhausted says that the platform refused such a broadcast because its allowance is used up (errcode
// 45028), whatever is counted here: people may have sent from the console. It closes the shortest window
// that the spend falls in by the limits that count its reach, the day if there are none; that a longer one
// is used up too, the next attempt shows. In the first two minutes of a window it is the one before that is
// closed, as the request began there. The id is not needed, and nothing is released.
func (l *Ledger) Exhausted(ctx context.Context, s Spend) error {
	s.ID, s.At = "-", stamp(s.At)
	return wrap("exhausted", l.record(ctx, s, func(time.Time) event {
		return event{verb: shut, spend: s}
	}))
}

// RecordExternal records n broadcasts, 1 to 100, that someone sent or scheduled from the platform's console,
// in the windows of a time at most 366 days ahead; zero is now. Every limit that counts [Everyone] counts
// them, above its maximum too. It cannot know a broadcast again: called twice, it counts twice.
//
// who (at most 64 bytes) stands in the ledger for those who read it.
func (l *Ledger) RecordExternal(ctx context.Context, at time.Time, n int, who string) error {
	s := Spend{ID: "external:" + rand.Text(), At: stamp(at), Reach: Everyone}
	problems := s.problems()
	if n < 1 || n > 100 {
		problems = append(problems, wechat.Problem{Field: "n", Rule: "range", Message: fmt.Sprintf("%d, from 1 to 100", n)})
	}
	if len(who) > 64 || !utf8.ValidString(who) || strings.ContainsFunc(who, unicode.IsControl) {
		problems = append(problems, wechat.Problem{Field: "who", Rule: "format", Message: "not printable text of at most 64 bytes"})
	}
	if err := wechat.Refuse("", problems); err != nil {
		return wrap("record external", err)
	}
	return wrap("record external", l.record(ctx, s, func(now time.Time) event {
		if s.At.IsZero() {
			s.At = now
		}
		return event{verb: add, spend: s, units: n, who: who}
	}))
}

// Remaining says what is left in the windows of now. It reads the store once.
func (l *Ledger) Remaining(ctx context.Context) (Remaining, error) {
	if l.invalid != nil {
		return Remaining{}, wrap("remaining", l.invalid)
	}
	v, now, err := l.current(ctx)
	if err != nil {
		return Remaining{}, wrap("remaining", err)
	}
	m, left := v.record.lapse(now), Remaining{At: now}
	for _, limit := range l.rules.limits {
		left.Balances = append(left.Balances, l.rules.balance(m, limit, limit.Period.Window(now), ""))
	}
	return left, nil
}

// stamp is a time as ledgers have it: at UTC+8 and without a monotonic clock.
func stamp(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.Round(0).In(zone)
}

// wrap puts the path before an error.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, errElsewhere) {
		err = fmt.Errorf("%w: the clock did not stand still long enough", ErrUnavailable)
	}
	return fmt.Errorf("quota: %s: %w", op, err)
}
