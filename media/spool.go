package media

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// spoolMemory is how much of a stream is kept in memory; a longer one goes to a temporary file.
const spoolMemory = 256 << 10

// Spool takes a stream, which can be read only once, and keeps it so that it can be looked at and then
// uploaded: in memory up to 256 KiB, in a temporary file beyond, which Close removes.
//
// At most limit+1 bytes are read, so an endless stream does no harm. Where there are more than limit, the
// File is good for saying so and nothing else: [Rules.Check] finds it too large, and it is never uploaded.
// Take the greatest size that the rules allow: RulesFor(set, use).For(kind).MaxBytes.
//
// An error of r is returned as it is, wrapped; what was read until then is thrown away.
func Spool(name string, r io.Reader, limit int64) (*File, error) {
	if limit <= 0 {
		return nil, wechat.Refuse("media: spool", []wechat.Problem{{
			Field: "limit", Rule: "range", Message: strconv.FormatInt(limit, 10) + " bytes: at least 1",
		}})
	}
	var most int64 = limit
	if most+1 > most {
		most++
	}
	var head bytes.Buffer
	n, err := io.Copy(&head, io.LimitReader(r, min(most, spoolMemory+1)))
	if err != nil {
		return nil, fmt.Errorf("media: spool %s: %w", filepath.Base(name), err)
	}
	if n <= spoolMemory {
		f := Bytes(name, head.Bytes())
		f.more = n > limit
		return f, nil
	}
	return spoolToDisk(name, io.MultiReader(&head, io.LimitReader(r, most-n)), limit)
}

// spoolToDisk writes a stream to a temporary file.
func spoolToDisk(name string, r io.Reader, limit int64) (f *File, err error) {
	h, err := os.CreateTemp("", "wechat-media-*")
	if err != nil {
		return nil, fmt.Errorf("media: spool: %w", err)
	}
	path := h.Name()
	defer func() {
		if err != nil {
			_ = h.Close()
			_ = os.Remove(path)
		}
	}()
	if _, err = io.Copy(h, r); err != nil {
		return nil, fmt.Errorf("media: spool %s: %w", filepath.Base(name), err)
	}
	if err = h.Close(); err != nil {
		return nil, fmt.Errorf("media: spool %s: %w", filepath.Base(name), err)
	}
	if f, err = Open(path); err != nil {
		return nil, err
	}
	f.name, f.more = filepath.Base(name), f.size > limit
	f.end = sync.OnceValue(func() error {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("media: %w", err)
		}
		return nil
	})
	return f, nil
}
