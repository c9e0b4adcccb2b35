package media_test

import (
	"bytes"
	"io"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
)

// counter counts what is read of a file.
type counter struct {
	r            io.ReaderAt
	calls, bytes int64
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.calls++
	c.bytes += int64(len(p))
	return c.r.ReadAt(p, off)
}

// allocated is how many bytes the program has ever allocated.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// bounded probes a file and asserts what holds for any input: no error, at most 1 MiB allocated, each byte read
// at most a few times, a playing time that the file has room for.
func bounded(tb testing.TB, b []byte) media.Info {
	tb.Helper()
	size := int64(len(b))
	var c *counter
	var i media.Info
	for try := 0; ; try++ {
		c = &counter{r: bytes.NewReader(b)}
		f := media.NewFile("file", c, size)
		before := allocated()
		var err error
		if i, err = f.Probe(); err != nil {
			tb.Fatalf("Probe: %v", err)
		}
		spent := allocated() - before
		if spent <= 1<<20 {
			break
		}
		if try == 5 { // others in the process allocate as well, but not each time
			tb.Fatalf("%d bytes allocated", spent)
		}
	}
	if c.calls > size/8+64 || c.bytes > 4*size+256<<10 {
		tb.Errorf("%d reads of %d bytes together, of a file of %d", c.calls, c.bytes, size)
	}
	if d, known := i.Duration.Get(); known && (d < 0 || d > 24*time.Hour && d > time.Duration(size)*time.Second) {
		tb.Errorf("%d bytes play %v", size, d)
	}
	if i.Whole && i.Fault != "" || i.Width < 0 || i.Height < 0 || i.Bytes != size {
		tb.Errorf("contradicts itself: %+v", i)
	}
	return i
}

// hostile make files of 10 MiB that try to have a parser go slowly, or far.
func hostile(tb testing.TB) map[string]func() []byte {
	tb.Helper()
	const size = 10 << 20
	fill := func(head []byte, unit string) func() []byte {
		return func() []byte { return join(head, bytes.Repeat([]byte(unit), (size-len(head))/len(unit))) }
	}
	jpeg, gif := seed(tb, "pic.jpg"), []byte("GIF89a\x10\x00\x08\x00\x00\x00\x00")
	sos := find(tb, jpeg, "\xff\xda")
	ftypBox := ftyp("iso5", "iso5")
	run := func() []byte {
		trun := box("trun", be32(0x100), be32(2_600_000), make([]byte, 4*2_600_000))
		return join(ftypBox, movie(1000, 0, box("mvex")), box("moof", box("traf", box("tfhd", be32(0), be32(1)), trun)), box("mdat"))
	}
	return map[string]func() []byte{
		"amr silence":           fill([]byte("#!AMR\n"), "\x7c"),
		"amr frames":            fill([]byte("#!AMR\n"), string(narrow)),
		"mp3 smallest frames":   fill(nil, "\xff\xf3\x14\xc0"+string(make([]byte, 20))),
		"mp3 all sync":          fill(mp3Frames(3), "\xff"),
		"mp3 frames and noise":  fill(nil, string(mp3Frames(3))+"\xff\xfb\x13\x37\xff\xfb"),
		"mp3 tags":              fill(nil, "ID3\x04\x00\x00\x00\x00\x00\x00"),
		"mp3 candidates":        fill([]byte("\x13\x37"), "\xff\xfb\x14\xc0"),
		"mp3 candidates apart":  fill([]byte("\x13\x37"), "\xff\xfb\xe4\xc0\x00\x00"),
		"mp3 candidates, tag":   fill(id3(0, 0, nil), "\xff\xfb\xe4\xc0\x00\x00"),
		"jpeg stuffing":         fill(jpeg[:len(jpeg)-2], "\xff\x00"),
		"jpeg restarts":         fill(jpeg[:len(jpeg)-2], "\xff\xd0\xff\x00\x11"),
		"jpeg scans":            fill(jpeg[:len(jpeg)-2], string(jpeg[sos:sos+20])),
		"jpeg stray":            fill(jpeg[:sos:sos], "\xff\x00"),
		"jpeg fill":             fill(jpeg[:sos:sos], "\xff"),
		"jpeg markers":          fill(jpeg[:sos:sos], "\xff\xd0"),
		"jpeg segments":         fill(jpeg[:2:2], "\xff\xfe\x00\x02"),
		"png chunks":            fill(join(seed(tb, "pic.png")[:33]), string(pngChunk("IDAT", nil))),
		"gif blocks":            fill(join(gif, []byte("\x2c\x00\x00\x00\x00\x10\x00\x08\x00\x00\x02")), "\x01\x00"[:1]),
		"gif extensions":        fill(gif, "\x21\xff\x00"),
		"gif frames":            fill(gif, "\x2c\x00\x00\x00\x00\x10\x00\x08\x00\x00\x02\x00"),
		"gif zeros":             fill(gif, "\x00"),
		"mp4 boxes":             fill(ftypBox, string(box("free"))),
		"mp4 fragments":         fill(join(ftypBox, movie(1000, 0, box("mvex"))), string(box("moof", box("traf")))),
		"mp4 run":               run,
		"wav chunks":            fill([]byte("RIFF\xff\xff\xff\xffWAVE"), string(chunk("junk"))),
		"wav mp3":               fill(join([]byte("RIFF\xff\xff\xff\xffWAVE"), wavFormat(0x55, 1, 48000, 0), []byte("data\xff\xff\xff\xff")), "\xff\xf3\x14\xc0"+string(make([]byte, 20))),
		"avi chunks":            fill([]byte("RIFF\xff\xff\xff\xffAVI "), string(chunk("junk"))),
		"avi RIFFs":             fill(riff("AVI "), string(riff("AVIX"))),
		"asf objects":           fill([]byte("\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c\x00\x00\x50\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x02"), string(join(make([]byte, 16), le64(24)))),
		"mpeg packs":            fill(nil, "\x00\x00\x01\xba"),
		"mpeg packets":          fill([]byte("\x00\x00\x01\xba\x44"), string(pes(0xE0, 1))),
		"mpeg zeros":            fill([]byte("\x00\x00\x01\xb3\x14\x00\xf0\x13"), "\x00"),
		"ts packets":            fill(nil, "G\x40\x00\x10\x00\x00\x01\xe0"+string(make([]byte, 180))),
		"rm chunks":             fill([]byte(".RMF\x00\x00\x00\x12\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), "CONT\x00\x00\x00\x0a\x00\x00"),
		"text":                  fill(nil, "a"),
		"zeros":                 fill(nil, "\x00"),
		"noise with every sync": fill([]byte{0x91}, "\xff\xe3\x91\x00\x00\x01"),
	}
}

// TestHostileFilesCostNothing: 10 MiB in at most 50 ms, which is asserted of the best of ten runs and not
// with the race detector.
func TestHostileFilesCostNothing(t *testing.T) {
	for name, file := range hostile(t) {
		t.Run(name, func(t *testing.T) {
			b := file()
			best := time.Hour
			for range 10 {
				start := time.Now()
				i := bounded(t, b)
				if best = min(best, time.Since(start)); best <= 50*time.Millisecond || raceEnabled {
					t.Logf("%v in %v", i, best)
					return
				}
			}
			t.Errorf("takes %v, at most 50 ms", best)
		})
	}
}

// TestEveryPrefixOfEveryFormatIsBounded cuts real files anywhere and turns bytes over.
func TestEveryPrefixOfEveryFormatIsBounded(t *testing.T) {
	for _, name := range seeds(t) {
		b := seed(t, name)
		step := max(1, len(b)/50)
		for n := 0; n < len(b); n += step {
			bounded(t, b[:n])
			bounded(t, patched(b, n, 0xFF, 0xFF, 0xFF, 0xFF))
			bounded(t, patched(b, n, 0, 0, 0, 0))
		}
	}
}
