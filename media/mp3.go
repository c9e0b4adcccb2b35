package media

import (
	"bytes"
	"encoding/binary"
	"time"
)

// mp3Gap is how far the next frame is looked for where one does not follow on the last: before the first
// frame, and between the parts of joined files.
const mp3Gap = 64 << 10

// isMP3 knows an MP3 by its tag or by a frame's sync. The parser makes sure.
func isMP3(head []byte) bool {
	return under(head, 0, "ID3") || len(head) >= 2 && head[0] == 0xFF && head[1]&0xE0 == 0xE0
}

// parseMP3 walks all frames, since what a header says of their number is often wrong. Tags at both ends are
// passed over; the frame that holds a Xing, Info or VBRI header holds no sound and does not count, and what
// the encoder says it added to both ends of the sound is taken off.
func parseMP3(s *source, i *finding) {
	off, fault := skipID3(s, 0)
	if fault {
		i.Format = MP3
		i.fail("its tag claims more bytes than the file has: cut off")
		return
	}
	tagged := off > 0
	m := &mp3{s: s, i: i, end: endOfSound(s, off)}
	if off >= m.end && tagged {
		i.Format = MP3
		i.fail("a tag, and no sound after it")
		return
	}
	if tagged {
		if f := sniff(s.from(off, hopWindow), s.size-off); f != Unknown && f != "zeros" && f != "text" {
			i.Format = f
			return
		}
	}
	s.wide()
	start := m.find(off, 3)
	switch {
	case start < 0:
		i.Format = m.other(off)
		if tagged && i.Format == Unknown {
			i.Format = MP3
			i.fail("a tag, and no frames after it")
		}
		return
	case start > off:
		i.note("%d bytes before the first frame", start-off)
	}
	m.first = m.head(start)
	m.lengths = mpegLengths(uint32(m.first >> 17 & 3))
	i.Format = layer2
	if m.first.layer() == 3 {
		i.Format, i.Codec = MP3, "mp3"
	}
	m.walk(start)
	i.Duration = m.duration()
}

type mp3 struct {
	s       *source
	i       *finding
	end     int64 // of the sound: the tags at the end are past it
	first   mpegFrame
	lengths [256]uint16
	frames  [16]uint64 // by version and sample rate
	xing    mp3Header
	padding uint64 // samples that encoders added
	far     bool   // the walk came to walkLimit
}

// head gives the four bytes at off as a frame's head; 0 where there are none.
func (m *mp3) head(off int64) mpegFrame {
	b := m.s.at(off, 4)
	if b == nil || off+4 > m.end {
		return 0
	}
	return mpegFrame(binary.BigEndian.Uint32(b))
}

// find gives the first place from off on, and not far from it, where need frames of one sort follow each
// other, or two and then the end; at off itself one and then the end will do. It gives -1 where there is none.
func (m *mp3) find(off int64, need int) int64 {
	const ahead = 8 << 10 // more than three frames
	least := 1
	for limit := min(m.end, off+mp3Gap); off < limit; least = 2 {
		w := m.s.from(off, ahead)
		if w == nil {
			break
		}
		w = w[:min(int64(len(w)), m.end-off)]
		last := off+int64(len(w)) == m.end
		stop := len(w)
		if !last {
			stop -= ahead - 1
		}
		p := 0
		for p < stop {
			q := bytes.IndexByte(w[p:stop], 0xFF)
			if q < 0 {
				p = stop
				break
			}
			if p += q; p > 0 {
				least = 2
			}
			if n, end := confirm(w[p:], need); n == need || end && last && n >= least {
				return off + int64(p)
			}
			p++
		}
		off += int64(p)
	}
	return -1
}

// confirm counts the frames of one sort that w begins with, up to need. end says that w ends after them, or
// within one more of them.
func confirm(w []byte, need int) (n int, end bool) {
	var first mpegFrame
	for n < need {
		if len(w) < 4 {
			return n, len(w) == 0
		}
		h := mpegFrame(binary.BigEndian.Uint32(w))
		if n == 0 {
			first = h
		}
		length := h.length()
		if length == 0 || (h^first)&mpegSame != 0 {
			return n, false
		}
		if length > len(w) {
			return n, n > 1
		}
		w = w[length:]
		n++
	}
	return n, false
}

// other names what has a sync in front and is no MP3.
func (m *mp3) other(off int64) Format {
	if h := m.head(off); h>>20 == 0xFFF && h.layer() == 4 && h>>10&15 < 13 {
		return adts
	}
	return Unknown
}

// walk counts frames from start to the end of the sound. Other bytes among them are noted, and passed over
// if frames go on soon.
func (m *mp3) walk(start int64) {
	off, stray := m.silent(start), int64(0)
	defer m.believe()
	for off < m.end {
		if off >= walkLimit {
			m.far = true
			m.i.note("only its first %d bytes were looked at", int64(walkLimit))
			return
		}
		next, lost := m.run(off)
		if !lost {
			off = next
			continue
		}
		if off = m.joined(next); off < 0 {
			m.i.note("%d bytes after the last frame", m.end-next)
			break
		}
		stray += off - next
		m.believe()
		off = m.silent(off)
	}
	if stray > 0 {
		m.i.note("%d bytes between frames", stray)
	}
}

// run counts the frames that follow each other from off on within one window. It gives where the next one
// begins, and whether there is none.
func (m *mp3) run(off int64) (next int64, lost bool) {
	w := m.s.from(off, 4)
	left := m.end - off
	w = w[:min(int64(len(w)), left)]
	if len(w) < 4 {
		return off, true
	}
	p, first := 0, m.first
	for p+4 <= len(w) {
		h := mpegFrame(binary.BigEndian.Uint32(w[p:]))
		n := int(m.lengths[h.index()])
		if (h^first)&0xFFE60000 != 0 || n == 0 { // sync and layer
			return off + int64(p), true
		}
		n += int(h >> 9 & 1)
		if int64(p+n) > left {
			m.i.note("its last frame is cut off")
			return m.end, false
		}
		p += n
		m.frames[h>>17&0xC|h>>10&3]++
	}
	return off + int64(p), false
}

// joined gives where frames go on after off, where none begins; -1 if they do not. Files that were put
// together have tags in the middle.
func (m *mp3) joined(off int64) int64 {
	next, fault := skipID3(m.s, off)
	if fault {
		return -1
	}
	if next = m.find(next, 3); next < 0 || m.head(next).layer() != m.first.layer() {
		return -1
	}
	return next
}

// duration is what the frames last, less what the encoder added.
func (m *mp3) duration() Duration {
	if m.far {
		return Duration{}
	}
	var sum time.Duration
	for k, n := range m.frames {
		if n == 0 {
			continue
		}
		h := mpegFrame(k>>2<<19|k&3<<10) | m.first&(3<<17)
		samples := n * uint64(h.samples())
		off := min(m.padding, samples-1)
		m.padding -= off
		d, _ := counted(samples-off, uint64(mpegHertz[h.version()][h.hertz()])).Get()
		sum += d
	}
	if sum == 0 {
		m.i.fail("not one frame of sound")
	}
	return Lasting(sum)
}
