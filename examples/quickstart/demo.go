package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/seed-a9908ced/wechat-go/account"
	"github.com/seed-a9908ced/wechat-go/broadcast"
	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

//go:embed testdata
var files embed.FS

const sendAll = "/cgi-bin/message/mass/sendall"

// demo tells the whole story on the fake platform. path is the SQLite file to keep its state in; empty
// means one that is thrown away.
func demo(ctx context.Context, out io.Writer, path string) error {
	if path == "" {
		dir, err := os.MkdirTemp("", "wechat-quickstart")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		path = filepath.Join(dir, "wechat.db")
	}
	db, err := sqlitestore.Open(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close()
	d := &story{printer: printer{out: out}, store: &shifted{Store: db}}
	d.platform, d.console = openAccount()

	for _, part := range []func(context.Context) error{d.add, d.connect, d.menu, d.check, d.upload, d.send, d.lose, d.quota} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return errors.Join(d.err, d.acct.Close())
}

// story is what the chapters hand on to each other.
type story struct {
	printer
	platform *wechattest.Platform
	console  *wechattest.Console
	store    *shifted
	acct     *account.Account
	poster   *media.File
	greeting *media.File
	picture  media.Item
	voice    media.Item
}

// openAccount makes a service account on the fake platform as a brand would have it: followers, and a menu
// that somebody made in the console.
func openAccount() (*wechattest.Platform, *wechattest.Console) {
	p := wechattest.New()
	console := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	followers := console.AddFollowers(1200)
	console.AddTag("VIP", followers[:200]...)
	console.SetCallback("https://brand.example.com/wechat")
	console.SetConsoleMenu(
		wechattest.ConsoleButton{Name: "Shop", Type: "view", URL: "https://shop.example.com/"},
		wechattest.ConsoleButton{Name: "Help", Sub: []wechattest.ConsoleButton{
			{Name: "Opening hours", Type: "text", Text: "Every day from 10 to 22"},
			{Name: "Our store", Type: "img"},
		}},
	)
	return p, console
}

func (d *story) add(context.Context) error {
	d.chapter("Add a service account, with a badly pasted AppID")
	config := account.Config{
		DisplayName: "Acme",
		Type:        account.Service,
		AppID:       wechat.AppID(strings.ToUpper(d.console.AppID())),
		AppSecret:   wechat.NewSecret(d.console.Secret()),
	}
	_, err := account.New(config, wechat.WithTransport(d.platform.Transport()))
	d.printf("   %v\n", err)

	config.AppID = wechat.AppID(d.console.AppID())
	d.acct, err = account.New(config, wechat.WithTransport(d.platform.Transport()), wechat.WithStore(d.store))
	if err != nil {
		return err
	}
	d.printf("   fixed: %s, a %s account, %s, secret %v\n", d.acct.Name(), d.acct.Type(), config.AppID, config.AppSecret)
	return nil
}

func (d *story) connect(ctx context.Context) error {
	d.chapter("Connect: the activation report")
	report, err := d.acct.Connect(ctx)
	d.printf("%s\n", indent(report))
	return err
}

func (d *story) menu(ctx context.Context) error {
	d.chapter("The menu that was made in the console")
	imported, err := d.acct.Menu.Import(ctx)
	if err != nil {
		return err
	}
	d.printf("%s\n", indent(imported))
	return nil
}

func (d *story) check(context.Context) error {
	d.chapter("Check three files by their content, before anything is sent")
	rules := media.RulesFor(wechat.Documented, media.Upload)
	for _, f := range []struct {
		name string
		kind media.Kind
		keep **media.File
	}{{"poster.jpg", media.Image, &d.poster}, {"greeting.amr", media.Voice, &d.greeting}, {"trailer.mp4", media.Video, new(*media.File)}} {
		b, err := files.ReadFile("testdata/" + f.name)
		if err != nil {
			return err
		}
		*f.keep = media.Bytes(f.name, b)
		info, err := (*f.keep).Probe()
		if err != nil {
			return err
		}
		violations := rules.Check(f.kind, info)
		verdict := "ok"
		if len(violations) > 0 {
			verdict = "refused"
		}
		d.printf("   %-12s as %-5s  %-7s  %s\n", f.name, f.kind, verdict, info)
		for _, v := range violations {
			d.printf("   %12s → %s\n", "", v)
		}
	}
	return nil
}

func (d *story) upload(ctx context.Context) error {
	d.chapter("Upload the two good ones")
	var err error
	if d.picture, err = d.acct.Media.Upload(ctx, media.Image, d.poster); err != nil {
		return err
	}
	if d.voice, err = d.acct.Media.Upload(ctx, media.Voice, d.greeting); err != nil {
		return err
	}
	for _, item := range []media.Item{d.picture, d.voice} {
		d.printf("   %-5s  %6d bytes  sha256 %.12s…  usable until %s\n", item.Kind, item.Bytes, item.SHA256, day(item.ExpiresAt()))
	}
	return nil
}

func (d *story) send(ctx context.Context) error {
	d.chapter("A broadcast that breaks two rules, and then one that breaks none")
	m := broadcast.Message{
		Key: "2026-12-01/launch",
		To:  broadcast.ToTag(100),
		Content: broadcast.Images{
			Images: []media.Item{d.picture, {Kind: media.Image}},
			Title:  strings.Repeat("新品上市", 6),
		},
	}
	report, err := d.acct.Broadcast.Preflight(ctx, m)
	if err != nil {
		return err
	}
	d.printf("%s\n", indent(report))

	m.Content = broadcast.Images{Images: []media.Item{d.picture}, Title: "新品上市"}
	job, err := d.acct.Broadcast.Send(ctx, m)
	if err != nil {
		return err
	}
	d.printf("   sent %q to %s: %s, msg_id %d\n", job.Key, job.To, job.State, job.MsgID)
	return nil
}

// lose sends a broadcast whose answer never arrives, and settles it without sending it twice.
func (d *story) lose(ctx context.Context) error {
	d.chapter("A broadcast whose answer is lost on the way")
	d.platform.Fault(wechattest.Fault{Path: sendAll, Kind: wechattest.Close, Execute: true, Times: 1})
	before := d.platform.Executions(sendAll)

	const key = "2026-12-02/greeting"
	_, err := d.acct.Broadcast.Send(ctx, broadcast.Message{Key: key, To: broadcast.ToEveryone(), Content: broadcast.Voice{Voice: d.voice}})
	if !errors.Is(err, wechat.ErrOutcomeUnknown) {
		return fmt.Errorf("the answer was lost, but the error is %w", err)
	}
	d.printf("   %v\n", err)

	d.printf("   … 65 seconds later, which this program skips by moving both clocks:\n")
	d.platform.Advance(66 * time.Second)
	d.store.advance(66 * time.Second)
	job, err := d.acct.Broadcast.Resume(ctx, key)
	if err != nil {
		return err
	}
	d.printf("   resolved: %s, msg_id %d; the platform carried it out %d time\n", job.State, job.MsgID, d.platform.Executions(sendAll)-before)
	return nil
}

func (d *story) quota(ctx context.Context) error {
	d.chapter("What is left")
	left, err := d.acct.Quota.Remaining(ctx)
	if err != nil {
		return err
	}
	d.printf("   %s\n", left)
	return nil
}

func indent(v any) string {
	return "   " + strings.ReplaceAll(fmt.Sprint(v), "\n", "\n   ")
}

func day(t time.Time) string { return t.Format("2006-01-02 15:04") }
