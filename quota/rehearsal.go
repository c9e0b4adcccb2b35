package quota

import (
	"context"
	"sync"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// rehearsal is a store whose swaps succeed and change nothing, so that Check is Reserve itself. It reads
// each key from the store underneath once and then goes on by itself.
type rehearsal struct {
	store.Store

	mu      sync.Mutex
	records map[string]store.Record
}

// rehearse is the same ledger with nothing seen yet, over a rehearsal.
func (l *Ledger) rehearse() *Ledger {
	other := *l
	other.store = &rehearsal{Store: l.store, records: make(map[string]store.Record)}
	other.memory = newMemory()
	return &other
}

func (s *rehearsal) Get(ctx context.Context, key string) (store.Record, error) {
	s.mu.Lock()
	r, ok := s.records[key]
	s.mu.Unlock()
	if ok {
		return r, ctx.Err()
	}
	r, err := s.Store.Get(ctx, key)
	if err == nil {
		s.keep(r)
	}
	return r, err
}

func (s *rehearsal) Swap(ctx context.Context, key string, version uint64, value []byte, _ time.Duration) (store.Record, bool, error) {
	r, err := s.Get(ctx, key)
	if err != nil || r.Version != version {
		return r, false, err
	}
	r.Value, r.Version = value, version+1
	s.keep(r)
	return r, true, nil
}

func (s *rehearsal) keep(r store.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records[r.Key] = r
}
