package account_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/seed-a9908ced/wechat-go/account"
	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
)

// A whole program: connect, upload a picture, and broadcast it to the followers with a tag. It is compiled
// and not run, as it wants a real account.
func Example() {
	ctx := context.Background()
	// README:program
	db, err := sqlitestore.Open(ctx, "wechat.db") // tokens, quota and broadcasts survive a crash
	check(err)
	defer db.Close()
	acct, err := account.New(account.Config{
		DisplayName: "Acme", Type: account.Service,
		AppID: "wx0123456789abcdef", AppSecret: wechat.NewSecret(os.Getenv("WECHAT_APPSECRET")),
	}, wechat.WithStore(db))
	check(err)
	defer acct.Close()

	report, err := acct.Connect(ctx) // credentials, IP whitelist, callback, menu: each step with evidence
	fmt.Println(report)
	check(err)
	file, err := media.Open("poster.jpg")
	check(err)
	picture, err := acct.Media.Upload(ctx, media.Image, file) // judged by its content first, then streamed
	check(err)
	job, err := acct.Broadcast.Send(ctx, broadcast.Message{
		Key: "2026-12-01/launch", To: broadcast.ToTag(100), // the Key makes it one broadcast, however often it is sent
		Content: broadcast.Images{Images: []media.Item{picture}, Title: "新品上市"},
	})
	if errors.Is(err, wechat.ErrOutcomeUnknown) { // the answer was lost
		job, err = acct.Broadcast.Wait(ctx, "2026-12-01/launch") // finds out, without sending twice
	}
	check(err)
	left, err := acct.Quota.Remaining(ctx)
	check(err)
	fmt.Println(job.State, left) // accepted 3 of 4, renews 2027-01-01 00:00 +08:00
	// README:end
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
