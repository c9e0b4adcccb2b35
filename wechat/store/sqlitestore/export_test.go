package sqlitestore

import (
	"context"
	"sync/atomic"
	"time"
)

// Clock is a clock of tests that can be moved ahead.
type Clock struct{ skew atomic.Int64 }

// Shift moves the clock.
func (c *Clock) Shift(d time.Duration) { c.skew.Add(int64(d)) }

// With gives s the clock. It must be called before s is used.
func (c *Clock) With(s *Store) *Store {
	s.clock = func() time.Time { return time.Now().Add(time.Duration(c.skew.Load())) }
	return s
}

// Exec runs a statement on the file behind the store's back.
func (s *Store) Exec(ctx context.Context, query string, args ...any) error {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	_, err := s.writer.conn.ExecContext(ctx, query, args...)
	return err
}

// Number reads one number from the connection that writes.
func (s *Store) Number(ctx context.Context, query string, args ...any) (n int64, err error) {
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	err = s.writer.conn.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, err
}

// Queries that tests explain.
const (
	GetRow    = getRow
	GetPage   = getPage
	SweepRows = sweepRows
)

// Plan explains a query.
func (s *Store) Plan(ctx context.Context, query string, args ...any) (plan []string, err error) {
	rows, err := s.reads.QueryContext(ctx, "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			id, parent, unused int
			detail             string
		)
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		plan = append(plan, detail)
	}
	return plan, rows.Err()
}
