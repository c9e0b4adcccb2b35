package media

import (
	"encoding/binary"
	"math"
)

// A BMP begins with BM, the file's size 32, 4 bytes, where the pixels begin 32, then a header that begins with its
// own length: 12 (width 16, height 16, planes 16, bits 16) or 40 and more (width 32, height 32, planes 16, bits
// 16, compression 32, …), all little-endian. A negative height means rows from the top. Rows are padded to four
// bytes.

// isBMP looks beyond the two letters, with which text can begin as well.
func isBMP(head []byte) bool {
	if !under(head, 0, "BM") || len(head) < 18 {
		return false
	}
	switch binary.LittleEndian.Uint32(head[14:]) {
	case 12:
		return len(head) < 26 || binary.LittleEndian.Uint16(head[22:]) == 1
	case 40, 52, 56, 64, 108, 124:
		return len(head) < 28 || binary.LittleEndian.Uint16(head[26:]) == 1
	}
	return false
}

// parseBMP reads the header of a bitmap and computes whether the pixels it announces are there. What the
// header says of the file's size is ignored: it is often zero.
func parseBMP(s *source, i *finding) {
	i.Format, i.Codec = BMP, "bmp"
	h := s.at(0, 34)
	if short := s.at(0, 26); h == nil && (short == nil || short[14] != 12) {
		i.fail("it ends inside its header: cut off")
		return
	} else if h == nil {
		h = append(short[:26:26], make([]byte, 8)...)
	}
	offset, header := int64(binary.LittleEndian.Uint32(h[10:])), int64(binary.LittleEndian.Uint32(h[14:]))
	var w, ht int64
	var bits uint16
	var compression uint32
	if header == 12 {
		w, ht = int64(binary.LittleEndian.Uint16(h[18:])), int64(binary.LittleEndian.Uint16(h[20:]))
		bits = binary.LittleEndian.Uint16(h[24:])
	} else {
		w, ht = int64(int32(binary.LittleEndian.Uint32(h[18:]))), int64(int32(binary.LittleEndian.Uint32(h[22:])))
		bits, compression = binary.LittleEndian.Uint16(h[28:]), binary.LittleEndian.Uint32(h[30:])
	}
	if ht < 0 {
		ht = -ht // stored from the top
	}
	switch {
	case w <= 0 || ht == 0 || ht > math.MaxInt32:
		i.fail("a picture of %d×%d pixels", w, ht)
		return
	case offset < 14+header || offset >= s.size:
		i.fail("its pixels begin at byte %d of %d", offset, s.size)
		return
	}
	i.Width, i.Height = int(w), int(ht)
	switch compression {
	case 0, 3, 6:
		switch bits {
		case 1, 2, 4, 8, 16, 24, 32:
		default:
			i.fail("%d bits a pixel", bits)
			return
		}
		stride := (w*int64(bits) + 31) / 32 * 4
		if ht > (s.size-offset)/stride {
			i.fail("it has fewer pixels than its header says: cut off")
		}
	case 1, 2: // run lengths: how many bytes they take only decoding tells
	default:
		i.fail("compression %d, which is not for files", compression)
	}
}
