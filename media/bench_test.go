package media_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
)

// mp3OfFiveMB is 5 MiB of frames of 417 or 418 bytes: 128 kbit/s at 44.1 kHz.
func mp3OfFiveMB() []byte {
	frame := append([]byte{0xFF, 0xFB, 0x90, 0xC0}, make([]byte, 413)...)
	padded := append([]byte{0xFF, 0xFB, 0x92, 0xC0}, make([]byte, 414)...)
	unit := join(frame, padded, padded)
	return bytes.Repeat(unit, 5<<20/len(unit))
}

// mp4OfTwentyMB has its index last.
func mp4OfTwentyMB() []byte {
	return join(ftyp("isom", "isom"), box("mdat", make([]byte, 20<<20)), movie(1000, 60_000))
}

// walkMP3 is the least that can be done: the same reads, and of each head what its length needs.
func walkMP3(r io.ReaderAt, size int64) (frames int, err error) {
	rates := [16]int{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}
	buf := make([]byte, 32<<10)
	for off := int64(0); off < size; {
		n, err := r.ReadAt(buf[:min(int64(len(buf)), size-off)], off)
		if err != nil {
			return 0, err
		}
		p := 0
		for p+4 <= n {
			h := binary.BigEndian.Uint32(buf[p:])
			if h>>21 != 0x7FF {
				return 0, io.ErrUnexpectedEOF
			}
			p += 144*rates[h>>12&15]*1000/44100 + int(h>>9&1)
			frames++
		}
		off += int64(p)
	}
	return frames, nil
}

// hopMP4 is the least that can be done: a read for each head on the way to the index, one for the head of the
// movie, and those on the way to the kind of its track.
func hopMP4(r io.ReaderAt, size int64) (length uint32, video bool, err error) {
	var h [32]byte
	hop := func(off, end int64, want string) (body, after int64, err error) {
		for off < end {
			if _, err := r.ReadAt(h[:8], off); err != nil {
				return 0, 0, err
			}
			next := off + int64(binary.BigEndian.Uint32(h[:]))
			if string(h[4:8]) == want {
				return off + 8, next, nil
			}
			off = next
		}
		return 0, 0, io.ErrUnexpectedEOF
	}
	moov, end, err := hop(0, size, "moov")
	if err != nil {
		return 0, false, err
	}
	body, next, err := hop(moov, end, "mvhd")
	if err != nil {
		return 0, false, err
	}
	if _, err = r.ReadAt(h[:20], body); err != nil {
		return 0, false, err
	}
	length = binary.BigEndian.Uint32(h[16:])
	body, end, err = hop(next, end, "trak")
	if err == nil {
		body, end, err = hop(body, end, "mdia")
	}
	if err == nil {
		body, _, err = hop(body, end, "hdlr")
	}
	if err != nil {
		return 0, false, err
	}
	_, err = r.ReadAt(h[:12], body)
	return length, string(h[8:12]) == "vide", err
}

// onDisk puts content into a file and opens it.
func onDisk(b *testing.B, content []byte) (path string, h *os.File) {
	b.Helper()
	path = filepath.Join(b.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		b.Fatal(err)
	}
	h, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = h.Close() })
	return path, h
}

// against runs a probe of what is in memory and of the same on disk, each next to the floor in the same run:
// the ratio is reported as "xfloor", the time of the probe over that of the floor, by the best of many rounds.
func against(b *testing.B, content []byte, floor func(io.ReaderAt, int64) error) {
	b.Helper()
	_, h := onDisk(b, content)
	for name, r := range map[string]io.ReaderAt{"memory": bytes.NewReader(content), "disk": h} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			size := int64(len(content))
			best, least := time.Hour, time.Hour
			rounds := max(1, 1_000_000/len(content))
			for b.Loop() {
				start := time.Now()
				for range rounds {
					if i, err := media.NewFile("file", r, size).Probe(); err != nil || !i.Whole {
						b.Fatal(i, err)
					}
				}
				probed := time.Now()
				for range rounds {
					if err := floor(r, size); err != nil {
						b.Fatal(err)
					}
				}
				best, least = min(best, probed.Sub(start)), min(least, time.Since(probed))
			}
			b.ReportMetric(float64(best)/float64(least), "xfloor")
		})
	}
}

// BenchmarkProbeMP3: at most 2.5× a bare walk of frame heads over the same reads.
func BenchmarkProbeMP3(b *testing.B) {
	against(b, mp3OfFiveMB(), func(r io.ReaderAt, size int64) error {
		_, err := walkMP3(r, size)
		return err
	})
}

// BenchmarkProbeMP4: at most 2× the bare hops.
func BenchmarkProbeMP4(b *testing.B) {
	against(b, mp4OfTwentyMB(), func(r io.ReaderAt, size int64) error {
		_, _, err := hopMP4(r, size)
		return err
	})
}

// TestProbesOfLargeFilesReadAndAllocateLittle: what is allocated does not grow with the file, and of an MP4 only
// heads are read.
func TestProbesOfLargeFilesReadAndAllocateLittle(t *testing.T) {
	small := func(n int) []byte {
		return join(ftyp("isom", "isom"), box("mdat", make([]byte, n)), movie(1000, 60_000))
	}
	for name, pair := range map[string][2][]byte{
		"mp4": {small(1 << 10), mp4OfTwentyMB()},
		"mp3": {mp3OfFiveMB()[:100_000], mp3OfFiveMB()},
		"amr": {amr("#!AMR\n", narrow, 3000), amr("#!AMR\n", narrow, 300_000)},
		"png": {bigPNG(t, 100_000), bigPNG(t, 10<<20)},
	} {
		var spent [2]float64
		for k, content := range pair {
			spent[k] = testing.AllocsPerRun(5, func() { probe(t, content) })
			c := &counter{r: bytes.NewReader(content)}
			if _, err := media.NewFile("file", c, int64(len(content))).Probe(); err != nil {
				t.Fatal(err)
			}
			if name == "mp4" && c.bytes > 4<<10 {
				t.Errorf("%d bytes read of an MP4 of %d", c.bytes, len(content))
			}
			if c.bytes > int64(len(content))*5/4+64<<10 {
				t.Errorf("%s: %d bytes read of %d", name, c.bytes, len(content))
			}
		}
		if spent[1] > spent[0]+1 {
			t.Errorf("%s: %v allocations for a large file, %v for a small one", name, spent[1], spent[0])
		}
	}
}

// bigPNG is a PNG of about n bytes.
func bigPNG(t *testing.T, n int) []byte {
	t.Helper()
	b := seed(t, "pic.png")
	return join(b[:33], pngChunk("prVt", make([]byte, n)), b[33:])
}
