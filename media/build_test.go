package media_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed-a9908ced/wechat-go/media"
)

// seed reads a file of testdata.
func seed(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// probe looks at bytes under a name that says nothing.
func probe(tb testing.TB, b []byte) media.Info {
	tb.Helper()
	i, err := media.Bytes("file", b).Probe()
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

func be16(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
func be32(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
func le16(n uint16) []byte { return binary.LittleEndian.AppendUint16(nil, n) }
func le32(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
func le64(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

// patched is b with other bytes at an offset.
func patched(b []byte, off int, with ...byte) []byte {
	b = slices.Clone(b)
	copy(b[off:], with)
	return b
}

// find is the offset of a word that has to be there.
func find(tb testing.TB, b []byte, word string) int {
	tb.Helper()
	k := bytes.Index(b, []byte(word))
	if k < 0 {
		tb.Fatalf("no %q", word)
	}
	return k
}

// padJPEG makes a JPEG of n bytes by comments after its start.
func padJPEG(tb testing.TB, n int) []byte {
	tb.Helper()
	b := seed(tb, "pic.jpg")
	for len(b) < n {
		k := min(n-len(b), 65537)
		if left := n - len(b) - k; left > 0 && left < 4 {
			k -= 4
		}
		b = join(b[:2], []byte{0xFF, 0xFE}, be16(uint16(k-2)), bytes.Repeat([]byte{' '}, k-4), b[2:])
	}
	return b
}

// amr is an AMR file of n frames, each with the given bytes.
func amr(magic string, frame []byte, n int) []byte {
	return append([]byte(magic), bytes.Repeat(frame, n)...)
}

// narrow is a frame of narrow-band AMR at 12.2 kbit/s, wide one of wide-band AMR at 23.85.
var (
	narrow = append([]byte{7 << 3}, make([]byte, 31)...)
	wide   = append([]byte{8 << 3}, make([]byte, 60)...)
)

// box is an MP4 box.
func box(kind string, body ...[]byte) []byte {
	b := join(body...)
	return join(be32(uint32(8+len(b))), []byte(kind), b)
}

// ftyp is the first box of a plain MP4.
func ftyp(major string, compatible ...string) []byte {
	return box("ftyp", []byte(major), be32(512), []byte(strings.Join(compatible, "")))
}

// movie is a moov box: a movie header, one video track.
func movie(scale, length uint32, extra ...[]byte) []byte {
	return box("moov", append([][]byte{mvhd(scale, length), track(1, scale, length)}, extra...)...)
}

func mvhd(scale, length uint32) []byte {
	return box("mvhd", make([]byte, 12), be32(scale), be32(length), make([]byte, 80))
}

func track(id, scale, length uint32) []byte {
	entry := box("avc1", make([]byte, 24), be16(320), be16(240), make([]byte, 50))
	return box("trak",
		box("tkhd", make([]byte, 12), be32(id), make([]byte, 68)),
		box("mdia",
			box("mdhd", make([]byte, 12), be32(scale), be32(length), be32(0)),
			box("hdlr", make([]byte, 8), []byte("vide"), make([]byte, 13)),
			box("minf", box("stbl", box("stsd", be32(0), be32(1), entry)))))
}

// chunk is a RIFF chunk, padded; riff is a file of them.
func chunk(id string, body ...[]byte) []byte {
	b := join(body...)
	c := join([]byte(id), le32(uint32(len(b))), b)
	if len(b)%2 == 1 {
		c = append(c, 0)
	}
	return c
}

func riff(kind string, chunks ...[]byte) []byte {
	return chunk("RIFF", append([][]byte{[]byte(kind)}, chunks...)...)
}

// wavFormat is the fmt chunk of PCM.
func wavFormat(tag, channels uint16, rate uint32, bits uint16) []byte {
	block := channels * bits / 8
	return chunk("fmt ", le16(tag), le16(channels), le32(rate), le32(rate*uint32(block)), le16(block), le16(bits))
}

// pngChunk is a chunk of a PNG.
func pngChunk(kind string, body []byte) []byte {
	return join(be32(uint32(len(body))), []byte(kind), body, be32(crc32.ChecksumIEEE(append([]byte(kind), body...))))
}

func pngHeader(w, h uint32) []byte {
	return pngChunk("IHDR", join(be32(w), be32(h), []byte{8, 2, 0, 0, 0}))
}

// mp3Frame is a frame of MPEG-1 Layer III, mono, 48 kHz, 32 kbit/s: 96 bytes, 24 ms.
func mp3Frame() []byte { return append([]byte{0xFF, 0xFB, 0x14, 0xC0}, make([]byte, 92)...) }

func mp3Frames(n int) []byte { return bytes.Repeat(mp3Frame(), n) }

// id3 is an ID3v2.4 tag that says it has size bytes.
func id3(flags byte, size int, body []byte) []byte {
	return join([]byte{'I', 'D', '3', 4, 0, flags, byte(size >> 21 & 127), byte(size >> 14 & 127), byte(size >> 7 & 127), byte(size & 127)}, body)
}
