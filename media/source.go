package media

import (
	"errors"
	"fmt"
	"io"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// The bounds that every parser keeps, whatever a file says about itself.
const (
	// hopWindow is read at once where a parser hops from header to header.
	hopWindow = 512
	// walkWindow is read at once where a parser goes through all of a file.
	walkWindow = 32 << 10
	// walkLimit is as far as any file is gone through: more than three times the greatest limit there is.
	// Beyond it a playing time that has to be counted is unknown.
	walkLimit = 64 << 20
	// partLimit is the number of chunks, boxes or objects looked at in one file.
	partLimit = 10_000
)

// source reads a file through one small window. No offset, length or count in the file makes it read
// outside of the file or allocate: what is not there comes back as nil.
type source struct {
	r    io.ReaderAt
	size int64
	off  int64  // where buf lies in the file
	buf  []byte // what the window holds
	mem  []byte // the window
	err  error  // the first failure of r itself
	read int64  // bytes read, for tests
	hop  [hopWindow]byte
}

func newSource(r io.ReaderAt, size int64) *source {
	s := &source{r: r, size: size}
	s.mem = s.hop[:]
	return s
}

// at gives the n bytes at off, or nil if the file does not have all of them. They are valid until the
// next call. n is at most hopWindow.
func (s *source) at(off int64, n int) []byte {
	if d := off - s.off; d >= 0 && d <= int64(len(s.buf)-n) {
		return s.buf[d : d+int64(n)]
	}
	if !s.load(off, n) {
		return nil
	}
	return s.buf[:n]
}

// from gives what the window holds from off on, and at least n bytes unless the file ends before; nil at
// and past the end. Parsers that go through all of a file call wide first.
func (s *source) from(off int64, n int) []byte {
	if off < 0 || off >= s.size {
		return nil
	}
	n = int(min(int64(n), s.size-off))
	if d := off - s.off; d >= 0 && d <= int64(len(s.buf)-n) {
		return s.buf[d:]
	}
	if !s.load(off, n) {
		return nil
	}
	return s.buf
}

// load moves the window to off and reports whether it has n bytes then.
func (s *source) load(off int64, n int) bool {
	if off < 0 || off > s.size-int64(n) || s.err != nil {
		return false
	}
	want := s.mem[:min(int64(len(s.mem)), s.size-off)]
	got, err := s.r.ReadAt(want, off)
	s.off, s.buf, s.read = off, want[:got], s.read+int64(got)
	if got == len(want) {
		return true
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%d bytes, %d at %d are not there: %w", s.size, len(want)-got, off+int64(got), wechat.ErrSourceChanged)
	}
	s.err = err
	return false
}

// wide makes the window a large one, for parsers that go through all of a file.
func (s *source) wide() {
	if len(s.mem) < walkWindow {
		s.mem = make([]byte, walkWindow)
		s.buf = nil
	}
}

// fits reports whether n bytes at off lie before end. It cannot overflow.
func fits(off, n, end int64) bool { return off >= 0 && n >= 0 && off <= end && n <= end-off }
