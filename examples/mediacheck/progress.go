package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// many is how many files are worth a bar, and width how wide it is.
const (
	many  = 10
	width = 30
)

// progress draws a bar on a terminal, and nothing anywhere else.
type progress struct {
	w     io.Writer // nil: nothing is drawn
	total int
}

func newProgress(w io.Writer, total int) progress {
	if f, ok := w.(*os.File); !ok || total < many || !terminal(f) {
		return progress{}
	}
	return progress{w, total}
}

// terminal reports whether a file is a device that shows characters.
func terminal(f *os.File) bool {
	i, err := f.Stat()
	return err == nil && i.Mode()&os.ModeCharDevice != 0
}

// show says that n files are done.
func (p progress) show(n int) {
	if p.w != nil {
		fmt.Fprint(p.w, bar(n, p.total))
	}
}

// clear makes room for what is printed next.
func (p progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// bar is the line, drawn over what stands there.
func bar(n, total int) string {
	done := width * n / total
	return fmt.Sprintf("\r[%s%s] %d of %d", strings.Repeat("#", done), strings.Repeat(".", width-done), n, total)
}
