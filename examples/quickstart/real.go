package main

import (
	"context"
	"io"

	"github.com/seed-a9908ced/wechat-go/account"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// real connects to the account that the environment names, and changes nothing there. WECHAT_TYPE says what
// kind it is; without it a service account is assumed.
func real(ctx context.Context, out io.Writer, getenv func(string) string) error {
	p := &printer{out: out}
	kind := account.Service
	if s := getenv("WECHAT_TYPE"); s != "" {
		var err error
		if kind, err = account.ParseType(s); err != nil {
			return err
		}
	}
	acct, err := account.New(account.Config{
		DisplayName: "your account", Type: kind,
		AppID: wechat.AppID(getenv("WECHAT_APPID")), AppSecret: wechat.NewSecret(getenv("WECHAT_APPSECRET")),
	})
	if err != nil {
		return err
	}
	defer acct.Close()

	p.chapter("Connect to WeChat itself")
	report, err := acct.Connect(ctx)
	p.printf("%s\n", report)
	if err != nil {
		return err
	}
	if report.Menu != nil {
		p.chapter("The menu that followers see")
		p.printf("%s\n", report.Menu)
	}
	p.chapter("What the platform says of today's broadcast calls")
	quota, err := acct.Client().APIQuota(ctx, "/cgi-bin/message/mass/sendall")
	if err != nil {
		return err
	}
	p.printf("%d of %d calls left\n", quota.Left, quota.Limit)
	return p.err
}
