package media

import (
	"encoding/binary"
	"math/bits"
)

// A fragmented MP4 has its samples in moof boxes along the file. Their playing time is the sum over the
// runs (trun) of each track: a duration for each sample, or one for all in the fragment's head (tfhd), or
// the default of the track (trex).

// inExtends takes the children of mvex: the length of all fragments, and the defaults of each track.
func (m *mp4) inExtends(b box) {
	switch string(b.kind[:]) {
	case "mehd":
		length := uint64(m.word(b, 4))
		if v := m.s.at(b.off, 1); v != nil && v[0] == 1 {
			length = length<<32 | uint64(m.word(b, 8))
		}
		m.whole = mp4Time(length, m.scale)
	case "trex":
		if t := m.byID(m.word(b, 4)); t != nil {
			t.each = m.word(b, 12)
		}
	}
}

// byID finds a track, or nil.
func (m *mp4) byID(id uint32) *mp4Track {
	for k := range m.track[:m.n] {
		if m.track[k].id == id {
			return &m.track[k]
		}
	}
	return nil
}

// inFragment takes the children of moof.
func (m *mp4) inFragment(b box) {
	if string(b.kind[:]) != "traf" {
		return
	}
	var t *mp4Track
	var each uint32
	m.children(b, func(c box) {
		switch string(c.kind[:]) {
		case "tfhd":
			if t = m.byID(m.word(c, 4)); t != nil {
				each = m.fragmentDefault(c, t.each)
			}
		case "trun":
			if t != nil {
				t.parts = plus(t.parts, m.run(c, each))
			}
		}
	})
}

// fragmentDefault is how long a sample of the fragment lasts unless its run says.
func (m *mp4) fragmentDefault(b box, each uint32) uint32 {
	flags, at := m.word(b, 0)&0xFFFFFF, int64(8)
	if flags&0x1 != 0 { // base data offset
		at += 8
	}
	if flags&0x2 != 0 { // sample description
		at += 4
	}
	if flags&0x8 != 0 {
		return m.word(b, at)
	}
	return each
}

// run is how long the samples of a trun last.
func (m *mp4) run(b box, each uint32) uint64 {
	flags, count, at := m.word(b, 0)&0xFFFFFF, uint64(m.word(b, 4)), b.off+8
	if flags&0x1 != 0 { // data offset
		at += 4
	}
	if flags&0x4 != 0 { // flags of the first sample
		at += 4
	}
	if flags&0x100 == 0 {
		return uint64(each) * count
	}
	entry := int64(4 * bits.OnesCount32(flags&0xF00))
	if at > b.end || count > uint64((b.end-at)/entry) {
		m.i.fail("a run of %d samples in a box of %d bytes", count, b.end-b.off)
		return 0
	}
	if entry*int64(count) > hopWindow {
		m.s.wide()
	}
	var sum uint64
	for range count {
		h := m.s.at(at, 4)
		if h == nil {
			return sum
		}
		sum += uint64(binary.BigEndian.Uint32(h))
		at += entry
	}
	return sum
}

// plus adds and stops at the top.
func plus(a, b uint64) uint64 {
	if a+b < a {
		return ^uint64(0)
	}
	return a + b
}
