package media

import (
	"encoding/binary"
	"strconv"
	"strings"
)

// MP4 and its relatives (ISO/IEC 14496-12) are nested boxes: a 32-bit size that counts its own eight bytes,
// four letters, content. Size 1 means that 64 bits follow, size 0 that the box runs to the file's end.
// Only heads and the few boxes that say something are read: some 500 bytes of a film of 20 MB.

// fourCC are the four letters of a box, a brand or a coding.
type fourCC [4]byte

// box is one of them, its body between off and end.
type box struct {
	kind     fourCC
	off, end int64
}

// mp4 gathers what the boxes say.
type mp4 struct {
	s     *source
	i     *finding
	parts int    // boxes seen
	major fourCC // zero where there is no ftyp
	brand bool   // a brand of plain MP4 is in the list
	moov  bool
	mdat  bool
	scale uint32   // mvhd: units in a second
	movie Duration // mvhd: the length
	whole Duration // mvex/mehd: all of a fragmented film
	mvex  bool
	moofs int
	far   bool // stopped at partLimit among fragments
	film  bool // a video track with a sample entry
	sound bool
	track [8]mp4Track
	n     int // tracks in use
}

// isISOMedia knows an MP4 by its first box; what has no ftyp is QuickTime's.
func isISOMedia(head []byte) bool {
	for _, kind := range []string{"ftyp", "moov", "mdat", "wide", "free", "skip", "pnot"} {
		if under(head, 4, kind) {
			return true
		}
	}
	return false
}

func parseMP4(s *source, i *finding) {
	m := &mp4{s: s, i: i}
	m.file()
	i.Format = m.format()
	i.Duration = m.duration()
	if i.Format != MP4 {
		i.Fault = ""
		return
	}
	switch {
	case !m.moov:
		i.fail("no index (moov): cut off, or never finished")
	case m.n == 0:
		i.fail("no tracks")
	case !m.film:
		i.fail("no video track")
	case m.mvex && m.moofs == 0 && !m.stored():
		i.fail("the head of a fragmented film without a fragment")
	case !m.mdat:
		i.fail("an index, and no data (mdat): cut off")
	}
}

// file goes over the boxes of the top level.
func (m *mp4) file() {
	size := m.s.size
	for off := int64(0); off < size && m.i.Fault == "" && !m.far; {
		if size-off < 8 {
			m.i.note("%d bytes after the last box", size-off)
			return
		}
		b, fault := m.next(off, size, true)
		switch {
		case fault != "" && m.moov && !letters(b.kind[:]):
			m.i.note("%d bytes after the last box", size-off)
			return
		case fault != "":
			m.broken(fault)
			return
		}
		switch string(b.kind[:]) {
		case "ftyp":
			if off == 0 {
				m.brands(b)
			}
		case "moov":
			if !m.moov {
				m.moov = true
				m.children(b, m.inMovie)
			}
		case "mdat":
			m.mdat = true
		case "moof":
			m.moofs++
			m.children(b, m.inFragment)
		}
		off = b.end
	}
}

// next reads the head of the box at off, which has to end by end. The fault says what is wrong with it.
func (m *mp4) next(off, end int64, top bool) (b box, fault string) {
	if m.parts++; m.parts > partLimit {
		m.far = m.moofs > 0
		return b, "more than " + strconv.Itoa(partLimit) + " boxes"
	}
	h := m.s.at(off, 8)
	if h == nil {
		return b, "it ends inside the head of a box: cut off"
	}
	size, body := int64(binary.BigEndian.Uint32(h)), off+8
	b.kind = fourCC(h[4:8])
	switch {
	case size == 0 && top:
		size = end - off
	case size == 1:
		if h = m.s.at(off+8, 8); h == nil {
			return b, "it ends inside the head of a box: cut off"
		}
		large := binary.BigEndian.Uint64(h)
		if large < 16 || large > 1<<62 {
			return b, "a box " + quoted(b.kind[:]) + " with an impossible size"
		}
		size, body = int64(large), off+16
	case size < 8:
		return b, "a box " + quoted(b.kind[:]) + " smaller than its own head"
	}
	if !fits(off, size, end) {
		if top {
			return b, "box " + quoted(b.kind[:]) + " claims more bytes than the file has: cut off"
		}
		return b, "box " + quoted(b.kind[:]) + " is larger than the one around it"
	}
	b.off, b.end = body, off+size
	return b, ""
}

// broken records a fault; but a film of very many fragments is only too long to be gone through.
func (m *mp4) broken(fault string) {
	if m.far {
		m.i.note("%s: its playing time was not counted", fault)
		return
	}
	m.i.fail("%s", fault)
}

// children calls f for each box inside b. A fault ends it.
func (m *mp4) children(b box, f func(box)) {
	for off := b.off; b.end-off >= 8 && m.i.Fault == "" && !m.far; {
		c, fault := m.next(off, b.end, false)
		if fault != "" {
			m.broken(fault)
			return
		}
		f(c)
		off = c.end
	}
}

// brands reads ftyp: what the file says it is, and what it says it is compatible with.
func (m *mp4) brands(b box) {
	if h := m.s.at(b.off, 4); h != nil && b.end-b.off >= 4 {
		m.major = fourCC(h)
		m.brand = plainBrand(m.major[:])
	}
	for off := b.off + 8; b.end-off >= 4 && off < b.off+256; off += 4 {
		if h := m.s.at(off, 4); h != nil {
			m.brand = m.brand || plainBrand(h)
		}
	}
}

// plainBrand reports whether a brand is one of MP4 itself.
func plainBrand(b []byte) bool {
	switch string(b) {
	case "mp41", "mp42", "isom", "avc1", "dash", "MSNV", "F4V ", "f4v ", "M4V ", "M4VH", "M4VP", "mp71", "msdh", "msix", "cmfc":
		return true
	}
	return string(b[:3]) == "iso" && b[3] >= '2' && b[3] <= '9'
}

// format names the relative that the file is, by its brand and by whether there is a video track.
func (m *mp4) format() Format {
	named := m.major != fourCC{}
	switch brand := string(m.major[:]); {
	case !named && m.moov, brand == "qt  ":
		return mov
	case !named:
		return Unknown
	case brand[:2] == "3g":
		return threeGP
	case brand[:3] == "M4A", brand[:3] == "M4B", brand[:3] == "M4P":
		return m4a
	case brand == "heic", brand == "heix", brand == "mif1", brand == "msf1", brand == "hevc":
		return heic
	case brand == "avif", brand == "avis":
		return avif
	case !m.brand:
		return isoOther
	case m.sound && !m.film && m.i.Fault == "":
		return m4a
	}
	return MP4
}

// letters reports whether four bytes are what a box, chunk or coding is named with.
func letters(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return false
		}
	}
	return len(b) > 0
}

// quoted makes four bytes of a file fit to be printed.
func quoted(b []byte) string {
	if letters(b) {
		return "'" + strings.ToValidUTF8(string(b), "?") + "'"
	}
	return "without a name"
}
