package media

import (
	"errors"
	"fmt"
	"io"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Open starts reading from the beginning. Each call gives a reader of its own, which must be closed. A
// source that turns out shorter or longer than Size, or that was changed on disk meanwhile, makes Read
// fail with [wechat.ErrSourceChanged] instead of ending.
func (f *File) Open() (io.ReadCloser, error) {
	o, err := f.open()
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	return &reading{opened: o, name: f.name, size: f.size}, nil
}

// reading goes through a file once.
type reading struct {
	opened
	name      string
	off, size int64
}

// Read checks at the end that it is the end.
func (r *reading) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.off == r.size {
		return 0, r.finish()
	}
	n, err := r.ReadAt(p[:min(int64(len(p)), r.size-r.off)], r.off)
	r.off += int64(n)
	switch {
	case n > 0:
		return n, nil // what is wrong comes back with the next read
	case errors.Is(err, io.EOF):
		return 0, fmt.Errorf("%s: %d bytes, %d expected: %w", r.name, r.off, r.size, wechat.ErrSourceChanged)
	case err == nil:
		return 0, io.ErrNoProgress
	}
	return 0, err
}

func (r *reading) finish() error {
	var one [1]byte
	if n, _ := r.ReadAt(one[:], r.size); n > 0 {
		return fmt.Errorf("%s: more than %d bytes: %w", r.name, r.size, wechat.ErrSourceChanged)
	}
	if r.check != nil {
		if err := r.check(); err != nil {
			return err
		}
	}
	return io.EOF
}

// Close ends reading.
func (r *reading) Close() error { return r.close() }
