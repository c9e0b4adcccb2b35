package main

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// shifted is a store whose clock can be moved ahead, so that a demonstration need not wait.
type shifted struct {
	store.Store
	by atomic.Int64
}

func (s *shifted) advance(d time.Duration) { s.by.Add(int64(d)) }

func (s *shifted) later(r store.Record) store.Record {
	r.Now = r.Now.Add(time.Duration(s.by.Load()))
	return r
}

func (s *shifted) Get(ctx context.Context, key string) (store.Record, error) {
	r, err := s.Store.Get(ctx, key)
	return s.later(r), err
}

func (s *shifted) Swap(ctx context.Context, key string, version uint64, value []byte, ttl time.Duration) (store.Record, bool, error) {
	r, swapped, err := s.Store.Swap(ctx, key, version, value, ttl)
	return s.later(r), swapped, err
}

func (s *shifted) List(ctx context.Context, prefix, after string) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for r, err := range s.Store.List(ctx, prefix, after) {
			if !yield(s.later(r), err) {
				return
			}
		}
	}
}
