package media_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-a9908ced/wechat-go/media"
)

type pictureCase struct {
	name  string
	file  []byte
	w, h  int
	fault string // part of it; "" wants a whole file
}

func checkPictures(t *testing.T, format media.Format, cases []pictureCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := probe(t, c.file)
			if i.Format != format || i.Width != c.w || i.Height != c.h {
				t.Errorf("%s of %d×%d, want %s of %d×%d", i.Format, i.Width, i.Height, format, c.w, c.h)
			}
			if i.Whole != (c.fault == "") || !strings.Contains(i.Fault, c.fault) {
				t.Errorf("whole %t, fault %q, want %q", i.Whole, i.Fault, c.fault)
			}
		})
	}
}

func TestJPEGIsReadUpToItsEndMarker(t *testing.T) {
	real := seed(t, "pic.jpg")
	sof := find(t, real, "\xff\xc0")
	sos := find(t, real, "\xff\xda")
	progressive := patched(real, sof+1, 0xC2)
	thumbnail := join(real[:2], []byte{0xFF, 0xE1}, be16(uint16(len(real)+2)), real, real[2:])
	checkPictures(t, media.JPEG, []pictureCase{
		{"as it is", real, 32, 24, ""},
		{"progressive", progressive, 32, 24, ""},
		{"two scans", join(real[:len(real)-2], real[sos:]), 32, 24, ""},
		{"thumbnail in a segment", thumbnail, 32, 24, ""},
		{"only the thumbnail is whole", thumbnail[:len(thumbnail)-20], 32, 24, "cut off"},
		{"fill bytes", join(real[:2], bytes.Repeat([]byte{0xFF}, 70_000), real[2:]), 32, 24, ""},
		{"stray bytes", join(real[:sof], []byte("stray\xff\x00"), real[sof:]), 32, 24, ""},
		{"restart markers and stuffing", join(real[:len(real)-2], bytes.Repeat([]byte{0xFF, 0, 0xFF, 0xD0}, 40_000), []byte{0xFF, 0xD9}), 32, 24, ""},
		{"zip behind", join(real, []byte("PK\x03\x04")), 32, 24, ""},
		{"height 0", patched(real, sof+5, 0, 0), 0, 0, "32×0 pixels"},
		{"no frame header", join(real[:sof], []byte{0xFF, 0xD9}), 0, 0, "no frame header"},
		{"no scan", join(real[:sos], []byte{0xFF, 0xD9}), 32, 24, "no picture data"},
		{"scan first", join(real[:2], real[sos:]), 0, 0, "before the picture's data"},
		{"segment of 1 byte", join(real[:2], []byte{0xFF, 0xE0, 0, 1}, real[2:]), 0, 0, "a segment of 1 bytes"},
		{"three bytes", real[:3], 0, 0, "cut off"},
		{"20,000 segments", join(real[:2], bytes.Repeat([]byte{0xFF, 0xFE, 0, 2}, 20_000), real[2:]), 0, 0, "more than 10000 segments"},
	})
	if i := probe(t, join(real, []byte("PK\x03\x04"))); len(i.Notes) != 1 || i.Notes[0] != "4 bytes after the picture's end" {
		t.Errorf("notes = %q", i.Notes)
	}
}

func TestPNGIsReadChunkByChunk(t *testing.T) {
	real := seed(t, "pic.png")
	body, end := real[33:], pngChunk("IEND", nil)
	head := func(w, h uint32) []byte { return join(real[:8], pngHeader(w, h)) }
	checkPictures(t, media.PNG, []pictureCase{
		{"as it is", real, 32, 24, ""},
		{"60,000 squared", join(head(60000, 60000), body), 60000, 60000, ""},
		{"2³¹−1", join(head(1<<31-1, 1<<31-1), body), 1<<31 - 1, 1<<31 - 1, ""},
		{"2³¹", join(head(1<<31, 1), body), 0, 0, "2147483648×1 pixels"},
		{"width 0", join(head(0, 24), body), 0, 0, "0×24 pixels"},
		{"wrong sum", patched(real, 29, 0, 0, 0, 0), 0, 0, "wrong check sum"},
		{"wrong sum in the data", patched(real, 60, 0), 32, 24, "wrong check sum"},
		{"no header", join(real[:8], body), 0, 0, "not where it belongs"},
		{"two headers", join(real[:33], real[8:]), 32, 24, "not where it belongs"},
		{"no data", join(real[:33], end), 32, 24, "no picture data"},
		{"no end", real[:len(real)-12], 32, 24, "cut off"},
		{"depth 3", join(real[:8], pngChunk("IHDR", join(be32(1), be32(1), []byte{3, 0, 0, 0, 0})), body), 0, 0, "no decoder reads"},
		{"signature only", real[:8], 0, 0, "cut off"},
		{"length 2³¹", join(real[:33], be32(1<<31), []byte("IDAT"), body), 32, 24, "impossible length"},
		{"20,000 chunks", join(real[:33], bytes.Repeat(pngChunk("teXt", nil), 20_000), body), 32, 24, "more than 10000 chunks"},
		{"bytes behind", append(real, 1, 2, 3), 32, 24, ""},
	})
}

func TestGIFIsReadBlockByBlock(t *testing.T) {
	real := seed(t, "pic.gif")
	head := []byte("GIF89a\x10\x00\x08\x00\x00\x00\x00")
	frame := []byte("\x2c\x00\x00\x00\x00\x10\x00\x08\x00\x00\x02\x02\x44\x01\x00")
	checkPictures(t, media.GIF, []pictureCase{
		{"as it is", real, 32, 24, ""},
		{"87a", join([]byte("GIF87a"), real[6:]), 32, 24, ""},
		{"small", join(head, frame, []byte{0x3B}), 16, 8, ""},
		{"bomb of 34 bytes", join(patched(head, 6, 0xFF, 0xFF, 0xFF, 0xFF), patched(frame, 5, 0xFF, 0xFF, 0xFF, 0xFF), []byte{0x3B}), 65535, 65535, ""},
		{"two frames and a comment", join(head, frame, []byte("\x21\xfe\x03abc\x00"), frame, []byte{0x3B}), 16, 8, ""},
		{"stray zeros", join(head, frame, make([]byte, 70_000), []byte{0x3B}), 16, 8, ""},
		{"screen of 0×8", join(patched(head, 6, 0), frame, []byte{0x3B}), 0, 8, "0×8 pixels"},
		{"no frame", append(head, 0x3B), 16, 8, "no picture"},
		{"no trailer", join(head, frame), 16, 8, "cut off"},
		{"unknown block", join(head, frame, []byte{0x77, 0x3B}), 16, 8, "begins no block"},
		{"code of 12 bits", join(head, patched(frame, 10, 12), []byte{0x3B}), 16, 8, "no decoder reads"},
		{"head only", head[:12], 0, 0, "cut off"},
	})
}

func TestBMPHasThePixelsItAnnounces(t *testing.T) {
	real := seed(t, "pic.bmp") // 24 bits
	old := join([]byte("BM"), le32(0), le32(0), le32(26), le32(12), le16(9), le16(5), le16(1), le16(1), make([]byte, 20))
	checkPictures(t, media.BMP, []pictureCase{
		{"as it is", real, 32, 24, ""},
		{"file size 0", patched(real, 2, 0, 0, 0, 0), 32, 24, ""},
		{"from the top", patched(real, 22, le32(^uint32(23))...), 32, 24, ""},
		{"a byte less", real[:len(real)-1], 32, 24, "fewer pixels"},
		{"OS/2", old, 9, 5, ""},
		{"OS/2, a byte less", old[:45], 9, 5, "fewer pixels"},
		{"height −2³¹", patched(real, 22, 0, 0, 0, 0x80), 0, 0, "pixels"},
		{"width −64", patched(real, 18, le32(^uint32(63))...), 0, 0, "-64×24 pixels"},
		{"2³¹−1 squared", patched(real, 18, join(le32(1<<31-1), le32(1<<31-1))...), 1<<31 - 1, 1<<31 - 1, "fewer pixels"},
		{"pixels past the end", patched(real, 10, le32(1<<31-1)...), 0, 0, "begin at byte"},
		{"pixels in the header", patched(real, 10, le32(20)...), 0, 0, "begin at byte"},
		{"run lengths", patched(real, 30, 1), 32, 24, ""},
		{"JPEG inside", patched(real, 30, 4), 32, 24, "compression 4"},
		{"5 bits", patched(real, 28, 5), 32, 24, "5 bits a pixel"},
		{"header cut", real[:30], 0, 0, "cut off"},
	})
}

func TestJPEGQualityIsReadFromItsTables(t *testing.T) {
	for _, quality := range []int{5, 25, 50, 62, 75, 90, 95, 100} {
		t.Run(fmt.Sprint(quality), func(t *testing.T) {
			if got := probe(t, encodeJPEG(t, gradient(64, 48), quality)).Quality; got < quality-1 || got > quality+1 {
				t.Errorf("quality = %d, want %d", got, quality)
			}
		})
	}
}
