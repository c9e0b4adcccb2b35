package media

import "encoding/binary"

// A GIF is a head of 13 bytes (signature, width 16, height 16, flags, background, aspect) and a table of colours if
// the flags say so, then blocks: 21 and a label for an extension, 2C for a frame (place, size, flags, colours, width
// of the code), both followed by sub-blocks of a length and so many bytes up to an empty one; 3B ends it.

// parseGIF goes over the blocks of a GIF up to its trailer. Frames are not decoded: a GIF of 34 bytes can
// claim one of 65535×65535 pixels.
func parseGIF(s *source, i *finding) {
	i.Format, i.Codec = GIF, "gif"
	s.wide()
	h := s.at(0, 13)
	if h == nil {
		i.fail("it ends inside its header: cut off")
		return
	}
	i.Width, i.Height = int(binary.LittleEndian.Uint16(h[6:])), int(binary.LittleEndian.Uint16(h[8:]))
	if i.Width == 0 || i.Height == 0 {
		i.fail("a picture of %d×%d pixels", i.Width, i.Height)
		return
	}
	off, frames := 13+colours(h[10]), 0
	for off < walkLimit {
		b := s.at(off, 1)
		if b == nil {
			i.fail("it ends before its trailer: cut off")
			return
		}
		switch b[0] {
		case 0x00: // some writers leave a terminator too many
			for _, c := range s.from(off, 1) {
				if c != 0 {
					break
				}
				off++
			}
		case 0x21: // extension: a label, then blocks
			off = gifBlocks(s, off+2)
		case 0x2C: // a frame: where it lies, colours, the width of the code, then blocks
			h := s.at(off, 10)
			if h == nil {
				i.fail("it ends inside a frame: cut off")
				return
			}
			at := off + 10 + colours(h[9])
			if code := s.at(at, 1); code != nil && (code[0] < 1 || code[0] > 11) {
				i.fail("byte %d: a frame that no decoder reads", at)
				return
			}
			off = gifBlocks(s, at+1)
			frames++
		case 0x3B:
			if frames == 0 {
				i.fail("no picture in it")
			}
			if off++; off < s.size {
				i.note("%d bytes after the picture's end", s.size-off)
			}
			return
		default:
			i.fail("byte %d begins no block", off)
			return
		}
	}
	i.note("only its first %d bytes were looked at", int64(walkLimit))
}

// colours is how long the colour table is that a flag byte announces.
func colours(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// gifBlocks passes over blocks of up to 255 bytes, each after its length, up to the empty one, and gives
// where that ends.
func gifBlocks(s *source, off int64) int64 {
	for off < walkLimit {
		w := s.from(off, 1)
		if w == nil {
			return s.size
		}
		p := 0
		for p < len(w) {
			n := int(w[p])
			p += 1 + n
			if n == 0 {
				return off + int64(p)
			}
		}
		off += int64(p)
	}
	return off
}
