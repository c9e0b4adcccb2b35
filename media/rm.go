package media

import (
	"encoding/binary"
	"math"
)

// RealMedia is chunks, big-endian: four letters, length 32 that counts its ten bytes of head, version 16. PROP has the
// length in ms 32 at 30; MDPR describes a stream; DATA holds the packets, INDX an index.

// parseRM reads the chunks of a RealMedia file: four letters, a 32-bit length that counts its head, a version
// of 16 bits. RM and RMVB are one format; whether the bit rate varies, no field says for certain.
func parseRM(s *source, i *finding) {
	i.Format = RM
	r := &realMedia{s: s, i: i}
	r.chunks()
	switch {
	case i.Fault != "":
	case !r.properties:
		i.fail("no properties")
	case !r.data:
		i.fail("no data")
	case r.sound && !r.film:
		i.Format = realAud
	case !r.film:
		i.fail("no video stream")
	}
	i.Duration = r.length
}

// rmSlack is how much more than there is a last chunk of data may claim: FFmpeg counts ten bytes twice.
const rmSlack = 18

type realMedia struct {
	s                *source
	i                *finding
	properties, data bool
	sound, film      bool
	length           Duration
	parts            int
}

func (r *realMedia) chunks() {
	for off := int64(0); off < r.s.size; {
		h := r.s.at(off, 10)
		if h == nil {
			if r.data && r.s.size-off < 10 {
				r.i.note("%d bytes after the last chunk", r.s.size-off)
				return
			}
			r.i.fail("it ends inside a chunk: cut off")
			return
		}
		if r.parts++; r.parts > partLimit {
			r.i.fail("more than %d chunks", partLimit)
			return
		}
		id, size := string(h[:4]), int64(binary.BigEndian.Uint32(h[4:]))
		switch {
		case r.data && !letters([]byte(id)):
			r.i.note("%d bytes after the last chunk", r.s.size-off)
			return
		case size < 10:
			r.i.fail("chunk %s of %d bytes", quoted([]byte(id)), size)
			return
		case id == "DATA" && off+size > r.s.size && off+size <= r.s.size+rmSlack:
			size = r.s.size - off
		case !fits(off, size, r.s.size):
			r.i.fail("chunk %s claims %d bytes, %d are there: cut off", quoted([]byte(id)), size, r.s.size-off)
			return
		}
		switch id {
		case "PROP":
			if h := r.s.at(off+30, 4); h != nil && size >= 50 {
				r.properties = true
				r.time(binary.BigEndian.Uint32(h))
			}
		case "MDPR":
			r.stream(off, off+size)
		case "DATA":
			r.data = true
		}
		off += size
	}
}

// time takes a length in milliseconds; 0 and all ones say that it is not known.
func (r *realMedia) time(ms uint32) {
	if ms != 0 && ms != math.MaxUint32 {
		r.length = longer(r.length, stated(uint64(ms), 1000))
	}
}

// stream reads the properties of a stream: 40 bytes, then a name and a media type, each after its length,
// then what the coding has to say.
func (r *realMedia) stream(off, end int64) {
	at := off + 40
	for range 2 {
		h := r.s.at(at, 1)
		if h == nil || at >= end {
			return
		}
		at += 1 + int64(h[0])
	}
	// a length, and for video: a length, VIDO, the coding, width, height
	h := r.s.at(at+4, 16)
	switch {
	case h == nil || at+20 > end:
	case string(h[4:8]) == "VIDO":
		if !r.film {
			r.i.Width, r.i.Height = int(binary.BigEndian.Uint16(h[12:])), int(binary.BigEndian.Uint16(h[14:]))
			if code := string(h[8:12]); letters([]byte(code)) {
				r.i.Codec = code
			}
		}
		r.film = true
	case string(h[:4]) == ".ra\xfd":
		r.sound = true
	}
}
