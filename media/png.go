package media

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// A PNG (ISO/IEC 15948) is a signature of eight bytes, then chunks: a big-endian length of 32 bits, four letters,
// content, CRC-32 of letters and content. IHDR comes first (width 32, height 32, depth, colour type,
// compression, filter, interlace), IDAT holds the picture, IEND is last.

// parsePNG goes through the chunks of a PNG and checks the sum of each. Nothing is inflated, so the size
// that the header claims costs nothing.
func parsePNG(s *source, i *finding) {
	i.Format, i.Codec = PNG, "png"
	s.wide()
	data := false
	off := int64(8)
	for n := range partLimit {
		h := s.at(off, 8)
		if h == nil {
			i.fail("it ends before its end chunk: cut off")
			return
		}
		length, kind := binary.BigEndian.Uint32(h), string(h[4:])
		body := int64(length)
		switch {
		case length > math.MaxInt32:
			i.fail("byte %d: a chunk with an impossible length", off)
			return
		case !fits(off+8, body+4, s.size):
			i.fail("it ends inside a chunk: cut off")
			return
		case (n == 0) != (kind == "IHDR"):
			i.fail("its header chunk is not where it belongs")
			return
		case off+12+body > walkLimit:
			i.note("only its first %d bytes were looked at", off)
			return
		case !pngSum(s, off+4, body+4):
			i.fail("a chunk %s with a wrong check sum", quoted([]byte(kind)))
			return
		}
		switch kind {
		case "IHDR":
			if !pngHeader(s, i, off+8, body) {
				return
			}
		case "IDAT":
			data = true
		case "acTL":
			i.Codec = "apng"
		case "IEND":
			if !data {
				i.fail("no picture data")
			}
			if end := off + 12 + body; end < s.size {
				i.note("%d bytes after the picture's end", s.size-end)
			}
			return
		}
		off += 12 + body
	}
	i.fail("more than %d chunks", partLimit)
}

// pngSum checks the CRC-32 that follows n bytes.
func pngSum(s *source, off, n int64) bool {
	var sum uint32
	for end := off + n; off < end; {
		w := s.from(off, 1)
		if w == nil {
			return false
		}
		w = w[:min(int64(len(w)), end-off)]
		sum = crc32.Update(sum, crc32.IEEETable, w)
		off += int64(len(w))
	}
	h := s.at(off, 4)
	return h != nil && binary.BigEndian.Uint32(h) == sum
}

// pngHeader reads IHDR.
func pngHeader(s *source, i *finding, off, n int64) bool {
	h := s.at(off, 13)
	if n != 13 || h == nil {
		i.fail("a header of %d bytes", n)
		return false
	}
	w, ht := binary.BigEndian.Uint32(h), binary.BigEndian.Uint32(h[4:])
	depth, colour := h[8], h[9]
	if w == 0 || ht == 0 || w > math.MaxInt32 || ht > math.MaxInt32 {
		i.fail("a picture of %d×%d pixels", w, ht)
		return false
	}
	// the depths that each colour type has, as bits
	depths := [7]uint32{0: 1<<1 | 1<<2 | 1<<4 | 1<<8 | 1<<16, 2: 1<<8 | 1<<16, 3: 1<<1 | 1<<2 | 1<<4 | 1<<8, 4: 1<<8 | 1<<16, 6: 1<<8 | 1<<16}
	if colour > 6 || depth > 16 || depths[colour]&(1<<depth) == 0 || h[10] != 0 || h[11] != 0 || h[12] > 1 {
		i.fail("a header that no decoder reads")
		return false
	}
	i.Width, i.Height = int(w), int(ht)
	return true
}
