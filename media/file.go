package media

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// File is a file to be looked at and uploaded: on disk, in memory, or spooled from a stream. It can be
// opened any number of times, which is what lets an upload be repeated, and is never held in memory as a
// whole by this module. It is safe for concurrent use.
//
// [Open], [Bytes], [NewFile] and [Spool] make one.
type File struct {
	name string
	size int64
	more bool // the source of a spool went on
	open func() (opened, error)
	end  func() error // removes what Spool made

	mu   sync.Mutex
	info Info
	done bool
}

// opened is one use of a file.
type opened struct {
	io.ReaderAt
	close func() error
	check func() error // whether the file is still what it was; may be nil
}

// Open takes a regular file on disk. It is opened when it is looked at and when it is uploaded, and no
// longer; if it is not the same file by then, or was changed, that is [wechat.ErrSourceChanged]. There is
// nothing to close. Pipes and devices are refused: use [Spool] for them.
func Open(path string) (*File, error) {
	was, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("media: %w", err)
	}
	if !was.Mode().IsRegular() {
		return nil, fmt.Errorf("media: open %s: not a regular file: %w", path, errors.ErrUnsupported)
	}
	f := &File{name: filepath.Base(path), size: was.Size()}
	f.open = func() (opened, error) {
		h, err := os.Open(path) //nolint:gosec // the path is the caller's choice: that is what Open is for
		if err != nil {
			return opened{}, err
		}
		if err := unchanged(h, was); err != nil {
			_ = h.Close()
			return opened{}, err
		}
		return opened{h, h.Close, func() error { return unchanged(h, was) }}, nil
	}
	return f, nil
}

// unchanged compares an open file with what it was when [Open] saw it.
func unchanged(h *os.File, was fs.FileInfo) error {
	is, err := h.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(is, was) || is.Size() != was.Size() || !is.ModTime().Equal(was.ModTime()) {
		return fmt.Errorf("%s: %d bytes of %s, was %d bytes of %s: %w", was.Name(), is.Size(),
			is.ModTime().Format(time.RFC3339), was.Size(), was.ModTime().Format(time.RFC3339), wechat.ErrSourceChanged)
	}
	return nil
}

// Bytes takes content that is in memory. It is not copied: it must not change while the File is in use.
func Bytes(name string, b []byte) *File {
	return NewFile(name, bytes.NewReader(b), int64(len(b)))
}

// NewFile takes anything that can be read at an offset and has size bytes: an [embed.FS] file, a section
// of an archive, an object in a store. r must stay usable while the File is; it is not closed.
func NewFile(name string, r io.ReaderAt, size int64) *File {
	return &File{name: filepath.Base(name), size: max(0, size), open: func() (opened, error) {
		return opened{ReaderAt: r, close: func() error { return nil }}, nil
	}}
}

// Name gives the last element of the file's name.
func (f *File) Name() string { return f.name }

// Size gives the number of bytes. For a spool that was cut off at its limit it is a lower bound.
func (f *File) Size() int64 { return f.size }

// Close removes the temporary file of a [Spool]; for other files it does nothing. A File cannot be opened
// after it. It may be called more than once.
func (f *File) Close() error {
	if f.end == nil {
		return nil
	}
	return f.end()
}

// Probe says what the file is, by its content alone; the name decides nothing. It needs no client and no
// network, reads headers where headers tell and everything where only that tells (the frames of AMR and
// MP3), through a window of at most 32 KiB. Pixels and sound are never decoded, so that a small file which
// claims to be a huge one costs nothing.
//
// The result is kept: probing again is free. The error is one of reading the file; a file that is broken or
// of no known format has an Info that says so.
func (f *File) Probe() (Info, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return f.info, nil
	}
	o, err := f.open()
	if err != nil {
		return Info{}, fmt.Errorf("media: %w", err)
	}
	defer func() { _ = o.close() }()
	i, err := probe(o, f.size)
	if err != nil {
		return Info{}, fmt.Errorf("%w (%s)", err, f.name)
	}
	i.Name, i.More = f.name, f.more
	if i.More {
		// what is missing was left out by Spool, not by the file
		i.Fault, i.Whole = "", false
	}
	f.info, f.done = i, true
	return i, nil
}
