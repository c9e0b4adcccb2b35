package media

import (
	"encoding/binary"
	"math"
)

// mp4Track is what is known of one track.
type mp4Track struct {
	id     uint32
	scale  uint32 // units in a second
	length uint64 // what mdhd says; all ones where it says nothing
	each   uint32 // trex: how long a sample lasts unless a fragment says otherwise
	parts  uint64 // how long the fragments last together
	kind   fourCC // hdlr
	entry  fourCC // the first sample entry
}

// inMovie takes the children of moov.
func (m *mp4) inMovie(b box) {
	switch string(b.kind[:]) {
	case "mvhd":
		var length uint64
		m.scale, length = m.clock(b)
		m.movie = mp4Time(length, m.scale)
	case "trak":
		if m.n == len(m.track) {
			return
		}
		m.n++
		m.children(b, m.inTrack)
		m.settle(&m.track[m.n-1])
	case "mvex":
		m.mvex = true
		m.children(b, m.inExtends)
	}
}

// settle counts the track just read among film and sound, or forgets it if it is neither.
func (m *mp4) settle(t *mp4Track) {
	switch {
	case string(t.kind[:]) == "vide" && t.entry != fourCC{} && !still(t.entry[:]):
		m.film = true
	case string(t.kind[:]) == "soun":
		m.sound = true
	case t.kind == fourCC{}:
		*t = mp4Track{}
		m.n--
	}
}

// still reports whether a sample entry holds single pictures, as a cover or the chapters of a talking book do.
func still(entry []byte) bool { return string(entry) == "jpeg" || string(entry) == "png " }

// inTrack takes the children of trak, and of the boxes inside it down to the sample entries.
func (m *mp4) inTrack(b box) {
	t := &m.track[m.n-1]
	switch string(b.kind[:]) {
	case "mdia", "minf", "stbl":
		m.children(b, m.inTrack)
	case "tkhd":
		// version, flags, two times of 32 or 64 bits, id
		at := int64(12)
		if v := m.s.at(b.off, 1); v != nil && v[0] == 1 {
			at = 20
		}
		t.id = m.word(b, at)
	case "mdhd":
		t.scale, t.length = m.clock(b)
	case "hdlr":
		// minf may hold another one, of the data handler
		if h := m.s.at(b.off+8, 4); h != nil && b.end-b.off >= 12 && t.kind == (fourCC{}) {
			t.kind = fourCC(h)
		}
	case "stsd":
		m.entries(b, t)
	}
}

// entries reads the first sample entry of stsd: the coding, and the size of a picture.
func (m *mp4) entries(b box, t *mp4Track) {
	if m.word(b, 4) == 0 {
		return
	}
	e, fault := m.next(b.off+8, b.end, false)
	if fault != "" {
		m.broken(fault)
		return
	}
	t.entry = e.kind
	if string(t.kind[:]) != "vide" || still(e.kind[:]) || e.end-e.off < 28 {
		return
	}
	if h := m.s.at(e.off+24, 4); h != nil && m.i.Width == 0 {
		m.i.Width, m.i.Height = int(binary.BigEndian.Uint16(h)), int(binary.BigEndian.Uint16(h[2:]))
		m.i.Codec = mp4Codec(e.kind[:])
	}
}

// mp4Codec names the family of a sample entry of video.
func mp4Codec(entry []byte) string {
	switch string(entry) {
	case "avc1", "avc2", "avc3", "avc4":
		return "h264"
	case "hvc1", "hev1", "dvh1", "dvhe":
		return "hevc"
	case "mp4v":
		return "mpeg4"
	case "av01":
		return "av1"
	case "vp08":
		return "vp8"
	case "vp09":
		return "vp9"
	case "s263", "h263":
		return "h263"
	}
	return ""
}

// clock reads mvhd, mdhd: units in a second, and a length in them; math.MaxUint64 where it is not known.
func (m *mp4) clock(b box) (scale uint32, length uint64) {
	v := m.s.at(b.off, 1)
	if v == nil {
		return 0, 0
	}
	if v[0] == 1 {
		h := m.s.at(b.off+20, 12)
		if h == nil || b.end-b.off < 32 {
			return 0, 0
		}
		return binary.BigEndian.Uint32(h), binary.BigEndian.Uint64(h[4:])
	}
	scale, length = m.word(b, 12), uint64(m.word(b, 16))
	if length == math.MaxUint32 {
		length = math.MaxUint64
	}
	return scale, length
}

// word reads 32 bits of a box; 0 where it does not have them.
func (m *mp4) word(b box, at int64) uint32 {
	if !fits(b.off+at, 4, b.end) {
		return 0
	}
	h := m.s.at(b.off+at, 4)
	if h == nil {
		return 0
	}
	return binary.BigEndian.Uint32(h)
}

// mp4Time is a stated length; 0 and all ones say that it is not known.
func mp4Time(length uint64, scale uint32) Duration {
	if length == 0 || length == math.MaxUint64 {
		return Duration{}
	}
	return stated(length, uint64(scale))
}

// duration takes what the movie says of itself, unless it is a fragmented one, whose head speaks for its
// own samples only, or says nothing: then the longest track is the film's length.
func (m *mp4) duration() Duration {
	switch {
	case m.whole.Known():
		return m.whole
	case m.far:
		return Duration{}
	}
	var longest Duration
	for _, t := range m.track[:m.n] {
		length := t.length
		if length == math.MaxUint64 {
			length = 0
		}
		if sum := length + t.parts; sum >= length {
			longest = longer(longest, mp4Time(sum, t.scale))
		}
	}
	switch {
	case m.mvex && m.moofs > 0:
		return longest
	case m.movie.Known():
		return m.movie
	}
	return longest
}

// stored reports whether moov itself has samples.
func (m *mp4) stored() bool {
	for _, t := range m.track[:m.n] {
		if t.length > 0 && t.length != math.MaxUint64 {
			return true
		}
	}
	return false
}
