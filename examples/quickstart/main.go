// Quickstart does the main job once, in seconds and without an account: it adds a service account, makes it
// work, checks and uploads files, and sends a broadcast once although its answer is lost. It talks to the
// fake platform of package wechattest.
//
// With WECHAT_APPID and WECHAT_APPSECRET set it does the harmless part of it against the real platform:
// connects, imports the menu, and prints what quota is left.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, getenv func(string) string) error {
	if getenv("WECHAT_APPID") != "" && getenv("WECHAT_APPSECRET") != "" {
		return real(ctx, out, getenv)
	}
	return demo(ctx, out, getenv("QUICKSTART_STORE"))
}

// printer writes a program's story; its first error sticks.
type printer struct {
	out io.Writer
	n   int
	err error
}

func (p *printer) chapter(title string) {
	p.n++
	p.printf("\n%d. %s\n\n", p.n, title)
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.out, format, args...)
	}
}
