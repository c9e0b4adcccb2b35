package media_test

import (
	"bytes"
	"embed"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

func readAll(t *testing.T, f *media.File) []byte {
	t.Helper()
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFileCanBeOpenedAnyNumberOfTimes(t *testing.T) {
	want := seed(t, "clip.mp4")
	onDisk, err := media.Open(filepath.Join("testdata", "clip.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	spooled, err := media.Spool("a/clip.mp4", bytes.NewReader(want), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*media.File{onDisk, spooled, media.Bytes("clip.mp4", want), media.NewFile("x/clip.mp4", bytes.NewReader(want), int64(len(want)))} {
		for range 2 {
			if got := readAll(t, f); !bytes.Equal(got, want) {
				t.Errorf("%d bytes, want %d", len(got), len(want))
			}
		}
		i, err := f.Probe()
		if err != nil || i.Format != media.MP4 || i.Name != "clip.mp4" || f.Name() != "clip.mp4" || f.Size() != int64(len(want)) {
			t.Errorf("Probe = %+v, %v", i, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

//go:embed testdata/pic.png
var embedded embed.FS

func TestFileOfAFileSystem(t *testing.T) {
	h, err := embedded.Open("testdata/pic.png")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.Close() }()
	s, err := h.Stat()
	if err != nil {
		t.Fatal(err)
	}
	i, err := media.NewFile(s.Name(), h.(io.ReaderAt), s.Size()).Probe()
	if err != nil || i.Format != media.PNG || !i.Whole {
		t.Errorf("Probe = %+v, %v", i, err)
	}
}

func TestOpenRefusesWhatIsNoRegularFile(t *testing.T) {
	if _, err := media.Open(t.TempDir()); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("Open of a folder: %v", err)
	}
	if _, err := media.Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of nothing: %v", err)
	}
}

func TestFileThatChangedIsNotTakenForItself(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"grown":   func(p string) error { return appendTo(p, "more") },
		"shrunk":  func(p string) error { return os.Truncate(p, 9) },
		"touched": func(p string) error { return os.Chtimes(p, time.Now(), time.Now().Add(time.Hour)) },
		"replaced": func(p string) error {
			return errors.Join(os.Rename(p, p+".old"), os.WriteFile(p, seed(t, "pic.jpg"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pic.jpg")
			if err := os.WriteFile(path, seed(t, "pic.jpg"), 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := media.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Probe(); !errors.Is(err, wechat.ErrSourceChanged) {
				t.Errorf("Probe: %v", err)
			}
			if _, err := f.Open(); !errors.Is(err, wechat.ErrSourceChanged) {
				t.Errorf("Open: %v", err)
			}
		})
	}
}

func appendTo(path, s string) error {
	h, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = h.WriteString(s)
	return errors.Join(err, h.Close())
}

func TestFileThatChangesWhileItIsReadIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pic.jpg")
	if err := os.WriteFile(path, seed(t, "pic.jpg"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := media.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if _, err := io.ReadFull(r, make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if err := appendTo(path, "more"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, r); !errors.Is(err, wechat.ErrSourceChanged) {
		t.Errorf("a file that grows ends with %v", err)
	}

	content := []byte("0123456789")
	for _, size := range []int64{9, 11} {
		r, err := media.NewFile("x", bytes.NewReader(content), size).Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); !errors.Is(err, wechat.ErrSourceChanged) {
			t.Errorf("10 bytes that should be %d end with %v", size, err)
		}
	}
}

type failing struct{ err error }

func (f failing) ReadAt([]byte, int64) (int, error) { return 0, f.err }

// TestFailureToReadIsNoVerdict: R-63.
func TestFailureToReadIsNoVerdict(t *testing.T) {
	broken := errors.New("disk on fire")
	f := media.NewFile("x.jpg", failing{broken}, 100)
	if _, err := f.Probe(); !errors.Is(err, broken) || !strings.Contains(err.Error(), "x.jpg") {
		t.Errorf("Probe: %v", err)
	}
	if _, err := media.NewFile("x", bytes.NewReader([]byte("\xff\xd8\xff")), 500).Probe(); !errors.Is(err, wechat.ErrSourceChanged) {
		t.Errorf("Probe of a source that is shorter than it should be: %v", err)
	}
}

func TestSpoolReadsOneByteBeyondTheLimitAtMost(t *testing.T) {
	for _, limit := range []int64{1, 100, 256 << 10, 256<<10 + 1, 1 << 20} {
		for _, n := range []int64{limit - 1, limit, limit + 1, limit + 100_000} {
			src := strings.NewReader(strings.Repeat("x", int(n)))
			f, err := media.Spool("x", src, limit)
			if err != nil {
				t.Fatal(err)
			}
			i, err := f.Probe()
			if err != nil {
				t.Fatal(err)
			}
			if read := n - int64(src.Len()); read != min(n, limit+1) || f.Size() != read || i.More != (n > limit) {
				t.Errorf("limit %d, %d bytes: read %d, size %d, more %t", limit, n, read, f.Size(), i.More)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestSpoolOfALongStreamIsAFileThatCloseRemoves(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	files := func() int {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	short, err := media.Spool("x", bytes.NewReader(make([]byte, 256<<10)), 1<<20)
	if err != nil || files() != 0 {
		t.Fatalf("256 KiB: %v, %d files", err, files())
	}
	long, err := media.Spool("x", bytes.NewReader(make([]byte, 256<<10+1)), 1<<20)
	if err != nil || files() != 1 {
		t.Fatalf("a byte more: %v, %d files", err, files())
	}
	if got := readAll(t, long); len(got) != 256<<10+1 {
		t.Errorf("%d bytes", len(got))
	}
	for range 2 {
		if err := errors.Join(short.Close(), long.Close()); err != nil || files() != 0 {
			t.Errorf("Close: %v, %d files left", err, files())
		}
	}
	if _, err := long.Open(); err == nil {
		t.Error("a removed spool can be opened")
	}
	broken := errors.New("connection reset")
	_, err = media.Spool("x", io.MultiReader(bytes.NewReader(make([]byte, 300<<10)), iotest.ErrReader(broken)), 1<<20)
	if !errors.Is(err, broken) || files() != 0 {
		t.Errorf("a broken stream: %v, %d files left", err, files())
	}
	if _, err = media.Spool("x", iotest.ErrReader(broken), 1<<20); !errors.Is(err, broken) {
		t.Errorf("a stream that breaks at once: %v", err)
	}
	if _, err = media.Spool("x", strings.NewReader("x"), 0); !errors.Is(err, wechat.ErrInput) {
		t.Errorf("a limit of 0: %v", err)
	}
}

// TestSpoolOverTheLimitIsOnlyTooLarge: it is not called cut off, since Spool cut it.
func TestSpoolOverTheLimitIsOnlyTooLarge(t *testing.T) {
	rules := media.RulesFor(wechat.Documented, media.Upload)
	f, err := media.Spool("big.jpg", bytes.NewReader(padJPEG(t, 500_000)), rules.Image.MaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	i, err := f.Probe()
	if err != nil {
		t.Fatal(err)
	}
	found := rules.Check(media.Image, i)
	if rulesBroken(found) != "size" || found[0].Actual != "at least 131073 bytes" {
		t.Errorf("Check = %+v", found)
	}
	rules.Image.MaxBytes = 0 // even then: what was spooled is not all
	if found := rules.Check(media.Image, i); rulesBroken(found) != "size" {
		t.Errorf("Check without a limit = %+v", found)
	}
}
