package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const launch = "2026-12-01/launch"

// fake gives a client for a service account with three followers on the fake platform.
func fake() (*wechattest.Platform, *wechat.Client) {
	p := wechattest.New(wechattest.WithDelivery(0))
	console := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	console.AddTag("all", console.AddFollowers(3)...)
	client, err := wechat.New(
		wechat.Credentials{AppID: wechat.AppID(console.AppID()), AppSecret: wechat.NewSecret(console.Secret())},
		wechat.WithTransport(p.Transport()))
	if err != nil {
		panic(err)
	}
	return p, client
}

func Example() {
	ctx := context.Background()
	_, client := fake()
	defer client.Close()
	ledger := quota.New(client.Store(), client.AppID(), quota.ServicePolicy(wechat.Documented), quota.WithoutBoundaryGuard())
	broadcasts := broadcast.New(client, broadcast.WithLedger(ledger))

	m := broadcast.Message{Key: launch, To: broadcast.ToTag(100), Content: broadcast.Text{Content: "新品上市"}}
	first, err := broadcasts.Send(ctx, m)
	fmt.Println(first.State, err)
	again, err := broadcasts.Send(ctx, m) // the Key makes it one broadcast
	fmt.Println(again.MsgID == first.MsgID, err)
	// Output:
	// accepted <nil>
	// true <nil>
}

// Whatever would stop the broadcast is found before it is sent, all at once.
func ExampleClient_Preflight() {
	_, client := fake()
	defer client.Close()

	report, err := broadcast.New(client).Preflight(context.Background(), broadcast.Message{
		Key: launch, To: broadcast.ToTag(100),
		Content: broadcast.Images{
			Images: []media.Item{{ID: "abc", Kind: media.Image, CreatedAt: time.Now().Add(-73 * time.Hour)}},
			Title:  strings.Repeat("新品上市", 6),
		},
	})
	fmt.Println(report.OK(), err)
	for _, f := range report.Findings {
		fmt.Println(f.Check, f.Field, f.Rule)
	}
	// Output:
	// false <nil>
	// content content.title length
	// media content.items[0] expired
	// store store memory
}

func ExampleMessage_Validate() {
	m := broadcast.Message{Content: broadcast.Text{Content: strings.Repeat("汉", 601)}}
	if e, ok := errors.AsType[*wechat.InputError](m.Validate(wechat.Documented)); ok {
		for _, p := range e.Problems {
			fmt.Println(p)
		}
	}
	// Output:
	// key: empty (name the broadcast, and use the same name when trying again)
	// to: no audience (say ToEveryone() where every follower is meant)
	// content.text: 601 characters, at most 600 (1803 bytes, 601 UTF-16 units, 1202 columns) (cut 1 characters)
}

// The answer is lost on the way, although the platform has carried the broadcast out. A program that can
// wait calls Wait, which asks again after 65 seconds and never sends twice.
func ExampleClient_Send_lostAnswer() {
	ctx := context.Background()
	p, client := fake()
	defer client.Close()
	p.Fault(wechattest.Fault{Path: "/cgi-bin/message/mass/sendall", Kind: wechattest.Close, Execute: true, Times: 1})

	job, err := broadcast.New(client).Send(ctx, broadcast.Message{
		Key: launch, To: broadcast.ToTag(100), Content: broadcast.Text{Content: "新品上市"},
	})
	fmt.Println(job.State, errors.Is(err, wechat.ErrOutcomeUnknown), job.ResolveAt().Sub(job.LastSent))
	// Output: unknown true 1m5s
}

// Accepted is not yet sent to everybody: Wait asks the platform until it is.
func ExampleClient_Wait() {
	ctx := context.Background()
	_, client := fake()
	defer client.Close()
	broadcasts := broadcast.New(client)

	job, err := broadcasts.Send(ctx, broadcast.Message{Key: launch, To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "新品上市"}})
	fmt.Println(job.State, err)
	job, err = broadcasts.Wait(ctx, launch)
	fmt.Println(job.State, job.Status, err)
	// Output:
	// accepted <nil>
	// finished SEND_SUCCESS <nil>
}

// A person has looked into the console and seen that nothing was sent. Another broadcast needs another Key.
func ExampleClient_Decide() {
	ctx := context.Background()
	p, client := fake()
	defer client.Close()
	broadcasts := broadcast.New(client)
	p.Fault(wechattest.Fault{Path: "/cgi-bin/message/mass/sendall", Kind: wechattest.Close})

	job, _ := broadcasts.Send(ctx, broadcast.Message{Key: launch, To: broadcast.ToEveryone(), Content: broadcast.Text{Content: "新品上市"}})
	fmt.Println(job.State)
	job, err := broadcasts.Decide(ctx, launch, false, 0, "Li Lei")
	fmt.Println(job.State, job.Reason, err)
	// Output:
	// unknown
	// failed it was not sent, says Li Lei <nil>
}
