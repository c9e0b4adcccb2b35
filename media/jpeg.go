package media

import (
	"bytes"
	"encoding/binary"
)

// A JPEG (ITU-T T.81) is SOI (FF D8), segments, EOI (FF D9). A segment is FF, a marker, and unless the marker is
// 01 or D0 to D9 a big-endian length of 16 bits that counts itself. Any number of FF may stand before a marker.
// What matters here:
//
//	C0-CF but C4 C8 CC  SOF: precision 8, height 16, width 16
//	DB                  DQT: tables of 1+64 or 1+128 bytes, width and id in the first
//	DA                  SOS: then entropy-coded data, in which FF is followed by 00, D0-D7 or FF; a
//	                    progressive picture has several
//	E1                  APP1: EXIF

// parseJPEG goes through the segments of a JPEG up to the end marker at the top level. A thumbnail inside
// a segment has markers of its own, which is why nothing is searched for. Pixels are not decoded.
func parseJPEG(s *source, i *finding) {
	i.Format = JPEG
	s.wide()
	j := jpegFile{s: s, i: i}
	off := int64(2)
	for range partLimit {
		marker, next := j.marker(off)
		switch {
		case j.far:
			i.note("only its first %d bytes were looked at", int64(walkLimit))
			return
		case next < 0:
			i.fail("it ends before its end marker: cut off")
			return
		case marker == 0xD9:
			j.end(next)
			return
		case marker == 0x01 || marker >= 0xD0 && marker <= 0xD8:
			off = next
			continue
		}
		if off = j.segment(marker, next); off < 0 {
			return
		}
	}
	i.fail("more than %d segments", partLimit)
}

type jpegFile struct {
	s      *source
	i      *finding
	scans  int
	tables float64 // the scale of the luminance table, in per cent
	far    bool    // the walk came to walkLimit
	stray  int64   // bytes between segments
}

// marker gives the next marker from off on, past fill bytes, and where its segment begins; next is -1 at the
// end of the file. Bytes that are no marker are passed over, as every decoder does.
func (j *jpegFile) marker(off int64) (marker byte, next int64) {
	for off < walkLimit {
		w := j.s.from(off, 2)
		if len(w) < 2 {
			return 0, -1
		}
		p := 0
		for p < len(w)-1 {
			switch {
			case w[p] != 0xFF:
				q := bytes.IndexByte(w[p:], 0xFF)
				if q < 0 {
					q = len(w) - p
				}
				p += q
				j.stray += int64(q)
			case w[p+1] == 0xFF:
				p++
			case w[p+1] == 0:
				p += 2
				j.stray += 2
			default:
				return w[p+1], off + int64(p) + 2
			}
		}
		off += int64(p)
	}
	j.far = true
	return 0, -1
}

// segment reads what matters of a segment and gives where the next marker begins, or -1 after a fault.
func (j *jpegFile) segment(marker byte, off int64) int64 {
	b := j.s.at(off, 2)
	if b == nil {
		j.i.fail("it ends inside a segment: cut off")
		return -1
	}
	n := int64(binary.BigEndian.Uint16(b))
	switch {
	case n < 2:
		j.i.fail("byte %d: a segment of %d bytes", off, n)
		return -1
	case !fits(off, n, j.s.size):
		j.i.fail("it ends inside a segment: cut off")
		return -1
	}
	switch {
	case marker == 0xDA:
		if j.i.Width == 0 {
			j.i.fail("no frame header before the picture's data")
			return -1
		}
		j.scans++
		return j.scan(off + n)
	case marker == 0xDB:
		j.table(off+2, n-2)
	case marker == 0xE1 && j.i.Orientation == 0:
		j.i.Orientation = exifOrientation(j.s, off+2, off+n)
	case marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
		if !j.frame(marker, off+2, n-2) {
			return -1
		}
	}
	return off + n
}

// frame reads the frame header: the size of the picture and how it is coded.
func (j *jpegFile) frame(marker byte, off, n int64) bool {
	if n < 6 {
		j.i.fail("a frame header of %d bytes", n)
		return false
	}
	b := j.s.at(off, 6)
	if b == nil {
		return false
	}
	h, w := int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if h == 0 || w == 0 {
		j.i.fail("a picture of %d×%d pixels", w, h)
		return false
	}
	if j.i.Width == 0 {
		j.i.Width, j.i.Height = w, h
		j.i.Codec = "jpeg"
		if marker == 0xC2 {
			j.i.Codec = "jpeg-progressive"
		}
	}
	return true
}

// scan passes over entropy-coded data: in it FF is followed by 00, by a restart marker or by more FF.
// It gives where the marker after it begins.
func (j *jpegFile) scan(off int64) int64 {
	for off < walkLimit {
		w := j.s.from(off, 2)
		if len(w) < 2 {
			return j.s.size
		}
		p := 0
		for p < len(w)-1 {
			if w[p] != 0xFF {
				q := bytes.IndexByte(w[p:], 0xFF)
				if q < 0 {
					p = len(w)
					break
				}
				p += q
				continue
			}
			if m := w[p+1]; m == 0 || m >= 0xD0 && m <= 0xD7 {
				p += 2
			} else if m == 0xFF {
				p++
			} else {
				return off + int64(p)
			}
		}
		off += int64(p)
	}
	return off
}

// end takes note of what follows the end marker.
func (j *jpegFile) end(off int64) {
	switch {
	case j.i.Width == 0:
		j.i.fail("no frame header")
	case j.scans == 0:
		j.i.fail("no picture data")
	}
	if off < j.s.size {
		j.i.note("%d bytes after the picture's end", j.s.size-off)
	}
	if j.stray > 0 {
		j.i.note("%d stray bytes between its segments", j.stray)
	}
	if j.tables > 0 {
		j.i.Quality = jpegQuality(j.tables)
	}
}

// The sum of the luminance table of the JPEG standard (annex K), which libjpeg and its kin scale to get a
// quality, and of its first ten values.
const (
	jpegLuminance     = 3688
	jpegLuminanceHead = 132
)

// table reads the quantisation tables for the one of luminance.
func (j *jpegFile) table(off, n int64) {
	for n >= 65 {
		b := j.s.at(off, 1)
		if b == nil {
			return
		}
		width, id := 1+int64(min(b[0]>>4, 1)), b[0]&15
		length := 1 + 64*width
		if b = j.s.at(off, int(min(length, n))); b == nil || n < length {
			return
		}
		if id == 0 && j.tables == 0 {
			j.tables = jpegTableScale(b[1:], int(width))
		}
		off, n = off+length, n-length
	}
}

// jpegTableScale is by how many per cent a table is that of the standard. In tables of bytes large values are
// cut at 255; then only the first ones tell.
func jpegTableScale(b []byte, width int) float64 {
	sum, head, cut := 0, 0, false
	for k := range 64 {
		v := int(b[k*width])
		if width == 2 {
			v = v<<8 | int(b[k*width+1])
		}
		sum += v
		if k < 10 {
			head += v
		}
		cut = cut || width == 1 && v == 255
	}
	if cut {
		return float64(head) * 100 / jpegLuminanceHead
	}
	return float64(sum) * 100 / jpegLuminance
}

// jpegQuality is the quality whose tables are scaled by so many per cent.
func jpegQuality(scale float64) int {
	q := (200 - scale) / 2
	if scale > 100 {
		q = 5000 / scale
	}
	return max(1, min(100, int(q+0.5)))
}

// jpegScale is the inverse of [jpegQuality].
func jpegScale(quality int) float64 {
	if quality < 50 {
		return 5000 / float64(max(1, quality))
	}
	return max(1, 200-2*float64(quality))
}
