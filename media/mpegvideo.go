package media

import (
	"bytes"
	"encoding/binary"
)

// MPEG-1 and MPEG-2 (ISO/IEC 11172, 13818) are start codes 00 00 01 and what follows each: BA a pack, B3 the
// header of a sequence (width 12, height 12, aspect 4, rate 4), 00 a picture, C0 to DF a packet of sound, E0 to
// EF of video, with its length 16 and mostly a presentation time.

// mpegWindow is how much of the beginning and of the end of an MPEG video is looked at.
const mpegWindow = 256 << 10

// mpegClock is the units in a second of a presentation time, which wraps at 33 bits.
const (
	mpegClock = 90_000
	mpegWrap  = 1 << 33
)

// parseMPEG takes a program stream, or a bare stream of MPEG-1 or MPEG-2 video. Neither states its length,
// so that it does not show when one is cut off. The playing time of a program stream is from its first
// presentation time to its last, and one picture; a bare stream has none.
func parseMPEG(s *source, i *finding) {
	i.Format = MPG
	s.wide()
	m := &mpeg{s: s, i: i}
	if h := s.at(3, 1); string(h) == "\xb3" {
		m.bare()
		return
	}
	m.scan(0, min(s.size, mpegWindow))
	if !m.film {
		if m.packets == 0 {
			i.fail("a pack header, and no packets")
		} else {
			i.fail("no video in it")
		}
		return
	}
	if s.size > mpegWindow {
		m.seen = false
		m.scan(max(mpegWindow, s.size-mpegWindow), s.size)
	}
	m.finish()
}

// finish takes the time from the least to the greatest presentation time, and a picture. A single one tells
// nothing.
func (m *mpeg) finish() {
	if !m.seen || m.high == m.low {
		return
	}
	last := m.high
	if last < m.low && m.low-last > mpegWrap/2 {
		last += mpegWrap
	}
	if last >= m.low {
		m.i.Duration = stated(last-m.low+m.picture, mpegClock)
	}
}

type mpeg struct {
	s         *source
	i         *finding
	packets   int
	film      bool
	started   bool   // low is set
	seen      bool   // high is set
	low, high uint64 // the least presentation time of the head, the greatest of the head or the tail
	picture   uint64 // how long one lasts
}

// mpegHead is as much as the head of a packet takes up to its presentation time.
const mpegHead = 32

// scan looks for start codes between off and end.
func (m *mpeg) scan(off, end int64) {
	for off < end {
		w := m.s.from(off, mpegHead)
		if len(w) < 4 {
			return
		}
		w = w[:min(int64(len(w)), end-off+mpegHead)]
		p := 0
		for p+4 <= len(w) {
			q := bytes.Index(w[p:], []byte{0, 0, 1})
			if q < 0 || p+q+4 > len(w) {
				p = len(w) - 3
				break
			}
			p += q
			if p+mpegHead > len(w) && off+int64(len(w)) < m.s.size {
				break // its header is in the next window
			}
			m.code(w[p+3], w[p+4:])
			p += 4
		}
		off += int64(max(p, 1))
	}
}

// code takes what a start code announces.
func (m *mpeg) code(id byte, b []byte) {
	switch {
	case id == 0xBA && len(b) > 0 && m.i.Codec == "":
		m.i.Codec = "mpeg1"
		if b[0]>>6 == 1 {
			m.i.Codec = "mpeg2"
		}
	case id == 0xB3:
		m.sequence(b)
	case id >= 0xC0 && id <= 0xEF:
		m.packets++
		m.film = m.film || id >= 0xE0
		if pts, ok := mpegPTS(b); ok {
			m.time(pts)
		}
	case id == 0xBD:
		m.packets++
	}
}

// time takes a presentation time. Pictures come out of order, so neither the first nor the last need be
// the least or the greatest; one that is far off is of another clock.
func (m *mpeg) time(pts uint64) {
	if !m.started {
		m.low, m.started = pts, true
	}
	if pts < m.low && m.low-pts < 10*mpegClock {
		m.low = pts
	}
	if !m.seen || pts > m.high || m.high-pts > mpegWrap/2 {
		m.high, m.seen = pts, true
	}
}

// mpegPTS reads the presentation time of a packet, after its start code and length. MPEG-2 has flags for
// it, MPEG-1 stuffing and a buffer size before it.
func mpegPTS(b []byte) (pts uint64, ok bool) {
	if len(b) < 10 {
		return 0, false
	}
	b = b[2:]
	if b[0]>>6 == 2 {
		if b[1]&0x80 == 0 {
			return 0, false
		}
		b = b[3:]
	} else {
		for len(b) > 0 && b[0] == 0xFF {
			b = b[1:]
		}
		if len(b) > 2 && b[0]>>6 == 1 {
			b = b[2:]
		}
	}
	if len(b) < 5 || b[0]&0xE1 != 0x21 || b[2]&1 == 0 || b[4]&1 == 0 {
		return 0, false
	}
	return uint64(b[0]>>1&7)<<30 | uint64(binary.BigEndian.Uint16(b[1:])>>1)<<15 | uint64(binary.BigEndian.Uint16(b[3:])>>1), true
}

// mpegPictures is how long a picture lasts by the code of its rate: 24000/1001, 24, 25, 30000/1001, 30, 50,
// 60000/1001, 60 a second.
var mpegPictures = [16]uint64{0, 3754, 3750, 3600, 3003, 3000, 1800, 1502, 1500}

// sequence reads a sequence header: the size of the pictures and their rate.
func (m *mpeg) sequence(b []byte) bool {
	if len(b) < 4 || m.picture != 0 {
		return m.picture != 0
	}
	w, h := int(b[0])<<4|int(b[1]>>4), int(b[1]&15)<<8|int(b[2])
	picture := mpegPictures[b[3]&15]
	if w == 0 || h == 0 || picture == 0 {
		return false
	}
	m.i.Width, m.i.Height, m.picture = w, h, picture
	return true
}

// bare looks for what makes a stream of video: a sequence header with a size and a rate, then a picture.
func (m *mpeg) bare() {
	h := m.s.at(4, 8)
	if h == nil || !m.sequence(h) {
		m.i.fail("a sequence header without size or rate")
		return
	}
	m.i.Codec = "mpeg-video"
	for off := int64(4); off < min(m.s.size, mpegWindow); {
		w := m.s.from(off, 4)
		if bytes.Contains(w, []byte{0, 0, 1, 0}) {
			return
		}
		off += int64(max(1, len(w)-3))
	}
	m.i.fail("a sequence header, and no picture")
}
