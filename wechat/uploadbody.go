package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

var errBodyClosed = errors.New("upload closed")

// uploadBody is a form as one request's body: head, file, tail. A request that failed may go on reading
// its own for a while, so no two share one.
type uploadBody struct {
	*form
	file   io.Reader
	shut   func() error // closes the file, once
	closed atomic.Bool
	sent   atomic.Int64 // of the file
	failed atomic.Pointer[Error]
	forget func() bool

	at   int64 // of the whole body
	idle int   // reads in a row that gave nothing
}

// body opens the source for one attempt. The end of the context closes it: net/http waits for a Read that is
// under way, and only closing ends one that hangs.
func (f *form) body(ctx context.Context) (*uploadBody, error) {
	file, err := f.Open()
	if err == nil && file == nil {
		err = errors.New("nothing was opened")
	}
	if err != nil {
		return nil, fmt.Errorf("upload source: %w", clean(err))
	}
	b := &uploadBody{form: f, file: file, shut: sync.OnceValue(file.Close)}
	b.forget = context.AfterFunc(ctx, func() { _ = b.close() })
	return b, nil
}

// Read gives the next piece.
func (b *uploadBody) Read(p []byte) (int, error) {
	n, err := b.next(p)
	b.at += int64(n)
	return n, err
}

func (b *uploadBody) next(p []byte) (int, error) {
	head, end := int64(len(b.head)), int64(len(b.head))+b.Size
	switch {
	case b.failed.Load() != nil:
		return 0, b.failed.Load().cause
	case b.closed.Load():
		return 0, errBodyClosed
	case b.at < head:
		return copy(p, b.head[b.at:]), nil
	case b.at < end:
		return b.nextOfFile(p[:min(int64(len(p)), end-b.at)], b.at-head)
	case b.at < b.length:
		return copy(p, b.tail[b.at-end:]), nil
	}
	return 0, io.EOF
}

// nextOfFile reads on from at. The source is checked against its announced length at the end of the file,
// before its last piece is let out, so that a wrong one never makes a complete body.
func (b *uploadBody) nextOfFile(p []byte, at int64) (int, error) {
	n, err := b.file.Read(p)
	at += int64(n)
	switch {
	case at == b.Size:
		if more, err := b.goesOn(); err != nil {
			return 0, b.fail(err)
		} else if more {
			return 0, b.fail(fmt.Errorf("%d bytes were announced and the source goes on", b.Size), ErrSourceChanged)
		}
	case errors.Is(err, io.EOF):
		return 0, b.fail(fmt.Errorf("%d bytes were announced and the source ended after %d", b.Size, at), ErrSourceChanged)
	case err != nil:
		return 0, b.fail(err)
	}
	if n == 0 {
		if b.idle++; b.idle >= 100 {
			return 0, b.fail(io.ErrNoProgress)
		}
		return 0, nil
	}
	b.idle = 0
	sent := b.sent.Add(int64(n))
	if b.Progress != nil {
		b.Progress(sent)
	}
	return n, nil
}

// goesOn reports whether the source has more than was announced.
func (b *uploadBody) goesOn() (bool, error) {
	var one [1]byte
	for range 100 {
		switch n, err := b.file.Read(one[:]); {
		case n > 0:
			return true, nil
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		}
	}
	return false, io.ErrNoProgress
}

// fail ends the body for a fault of its source, but for the one of being closed.
func (b *uploadBody) fail(err error, kinds ...error) error {
	if b.closed.Load() {
		return errBodyClosed
	}
	err = fmt.Errorf("upload source: %w", clean(err))
	b.failed.Store(&Error{kinds: kinds, cause: err})
	return err
}

// Close closes the source, and returns when it is closed whoever closes it.
func (b *uploadBody) Close() error {
	b.forget()
	return b.close()
}

func (b *uploadBody) close() error {
	b.closed.Store(true)
	return b.shut()
}

// finish makes sure that the source is closed. A transport may take its time.
func (b *uploadBody) finish() {
	if b != nil {
		_ = b.Close()
	}
}

// failure is what went wrong with the source, nil where nothing did.
func (b *uploadBody) failure() *Error {
	if b == nil {
		return nil
	}
	return b.failed.Load()
}
