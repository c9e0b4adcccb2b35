// Mediacheck says what files are, by their content, and which rules of the platform take them.
//
//	go run ./examples/mediacheck [-rules documented|current] [-use upload|broadcast]
//	    [-kind image|voice|video|thumb|audio] [-json] FILE…
//
// What is left out means all there are. A file is refused if no verdict asked for takes it; then the exit status
// is 1. Bad usage and files that cannot be read are 2. Without a FILE it checks some of its own. It needs no
// account and no network.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path"

	"github.com/seed-a9908ced/wechat-go/media"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// The exit statuses.
const (
	taken   = 0
	refused = 1
	failed  = 2
)

// run is the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return taken
	case err != nil:
		fmt.Fprintln(stderr, "mediacheck:", err)
		return failed
	}
	status := taken
	bar := newProgress(stderr, len(o.files))
	report := table
	if o.json {
		report = line
	}
	for n, file := range o.files {
		if ctx.Err() != nil {
			bar.clear()
			fmt.Fprintln(stderr, "mediacheck: interrupted")
			return failed
		}
		bar.show(n)
		c, err := o.check(file)
		bar.clear()
		if err == nil {
			err = report(stdout, c)
		}
		switch {
		case err != nil:
			fmt.Fprintln(stderr, "mediacheck:", err)
			status = failed
		case !c.taken():
			status = max(status, refused)
		}
	}
	return status
}

//go:embed testdata
var samples embed.FS

// source is a file to check.
type source struct {
	name string
	open func() (*media.File, error)
}

func onDisk(name string) source {
	return source{name, func() (*media.File, error) { return media.Open(name) }}
}

// ownFiles are those to check where none is named.
func ownFiles() ([]source, error) {
	entries, err := samples.ReadDir("testdata")
	if err != nil {
		return nil, err
	}
	var all []source
	for _, e := range entries {
		all = append(all, source{e.Name(), func() (*media.File, error) {
			b, err := samples.ReadFile(path.Join("testdata", e.Name()))
			return media.Bytes(e.Name(), b), err
		}})
	}
	return all, nil
}
