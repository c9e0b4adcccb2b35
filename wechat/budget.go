package wechat

import "sync/atomic"

// The retry budget: repeats cost, successes earn a little back, so that a platform that fails everything
// is not asked three times as often.
const (
	budgetFull    = 100
	budgetRepeat  = 5
	budgetTimeout = 10
)

type budget struct{ left atomic.Int64 }

func newBudget() *budget {
	b := new(budget)
	b.left.Store(budgetFull)
	return b
}

func (b *budget) take(n int64) bool {
	for {
		left := b.left.Load()
		if left < n {
			return false
		}
		if b.left.CompareAndSwap(left, left-n) {
			return true
		}
	}
}

func (b *budget) earn() {
	for left := b.left.Load(); left < budgetFull; left = b.left.Load() {
		if b.left.CompareAndSwap(left, left+1) {
			return
		}
	}
}
