package broadcast_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

// fake gives a client for a service account with three followers on the fake platform.
func fake() (*wechattest.Platform, *wechat.Client) {
	p := wechattest.New()
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

	m := broadcast.Message{Key: "2026-12-01/launch", To: broadcast.ToTag(100), Content: broadcast.Text{Content: "新品上市"}}
	first, err := broadcasts.Send(ctx, m)
	fmt.Println(first.State, err)
	again, err := broadcasts.Send(ctx, m) // the Key makes it one broadcast
	fmt.Println(again.MsgID == first.MsgID, err)
	// Output:
	// accepted <nil>
	// true <nil>
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
		Key: "2026-12-01/launch", To: broadcast.ToTag(100), Content: broadcast.Text{Content: "新品上市"},
	})
	fmt.Println(job.State, errors.Is(err, wechat.ErrOutcomeUnknown), job.ResolveAt().Sub(job.LastSent))
	// Output: unknown true 1m5s
}
