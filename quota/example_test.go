package quota_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

func Example() {
	ctx := context.Background()
	ledger := quota.New(store.NewMemory(), "wx0123456789abcdef", quota.ServicePolicy(wechat.Documented))

	if _, err := ledger.Reserve(ctx, quota.Spend{ID: "launch", Reach: quota.Everyone}); err != nil {
		log.Fatal(err)
	}
	if err := ledger.Doubt(ctx, "launch"); err != nil { // before the first byte leaves
		log.Fatal(err)
	}
	// … send; the platform answers that it took the broadcast.
	if err := ledger.Commit(ctx, "launch"); err != nil {
		log.Fatal(err)
	}

	left, err := ledger.Remaining(ctx)
	if err != nil {
		log.Fatal(err)
	}
	b := left.Balances[0]
	fmt.Printf("%d of %d %s left, %d sent\n", b.Left, b.Limit.Max, b.Limit.Name, b.Used)
	// Output: 3 of 4 broadcasts a month left, 1 sent
}

func ExampleLedger_Check() {
	ctx := context.Background()
	ledger := quota.New(store.NewMemory(), "wx0123456789abcdef", quota.SubscriptionPolicy(wechat.Documented))

	tomorrow := time.Now().Add(24 * time.Hour)
	if _, err := ledger.Reserve(ctx, quota.Spend{ID: "news", Reach: quota.Everyone, At: tomorrow}); err != nil {
		log.Fatal(err)
	}
	err := ledger.Check(ctx, quota.Spend{Reach: quota.Tag, At: tomorrow})
	if e, ok := errors.AsType[*quota.ExhaustedError](err); ok {
		fmt.Printf("%s: %d held of %d\n", e.Limit.Name, e.Held, e.Limit.Max)
		fmt.Println(errors.Is(err, wechat.ErrQuota), e.RetryAt.After(tomorrow))
	}
	// Output:
	// broadcasts a day: 1 held of 1
	// true true
}

func ExampleBalance_String() {
	renews := time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)
	policy := quota.ServicePolicy(wechat.Documented)
	fmt.Println(quota.Balance{Limit: policy.Account[0], Used: 1, Left: 3, RenewsAt: renews})
	// Output: 3 of 4, renews 2027-01-01 00:00 +08:00
}

func ExamplePeriod_Window() {
	at := time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC) // midnight in China
	w := quota.Month.Window(at)
	fmt.Println(w, w.End.Format(time.DateTime))
	// Output: 2026-03 2026-04-01 00:00:00
}

func ExamplePolicy() {
	policy := quota.ServicePolicy(wechat.Current)
	policy.Account[0].Max = 2 // keep two for emergencies
	for _, l := range policy.Account {
		fmt.Printf("%d %s\n", l.Max, l.Name)
	}
	// Output:
	// 2 broadcasts to everyone a month
	// 1 broadcasts to everyone a day
}
