package media

import (
	"encoding/binary"
	"strconv"
)

// Tags lie before and after the frames of an MP3, and between them where files were joined:
//
//	ID3v2    "ID3", version 2, flags 1, length 4×7 bits; a footer of ten bytes if flag 10 is set
//	ID3v1    128 bytes from "TAG", at the end
//	APE      a head or foot of 32 bytes from "APETAGEX", its length at 12
//	Lyrics3  "LYRICSBEGIN" …, six digits of length, "LYRICS200"

// skipID3 passes over the ID3v2 tags at off, of which there can be several. fault says that one of them
// ends past the file.
func skipID3(s *source, off int64) (next int64, fault bool) {
	for range partLimit {
		h := s.at(off, 10)
		if h == nil || string(h[:3]) != "ID3" || h[3] == 0xFF || h[4] == 0xFF || (h[6]|h[7]|h[8]|h[9])&0x80 != 0 {
			return off, false
		}
		n := 10 + int64(h[6])<<21 + int64(h[7])<<14 + int64(h[8])<<7 + int64(h[9])
		if h[5]&0x10 != 0 {
			n += 10 // a footer
		}
		if !fits(off, n, s.size) {
			return off, true
		}
		off += n
	}
	return off, false
}

// endOfSound gives where the tags at a file's end begin: ID3v1, APE, Lyrics3, ID3v2 with a footer.
func endOfSound(s *source, start int64) int64 {
	end := s.size
	for range 8 {
		n := tagBefore(s, end)
		if n <= 0 || end-n < start {
			break
		}
		end -= n
	}
	return end
}

// tagBefore gives the length of the tag that ends at end; 0 where there is none.
func tagBefore(s *source, end int64) int64 {
	if h := s.at(end-128, 3); string(h) == "TAG" {
		return 128
	}
	if h := s.at(end-32, 24); h != nil && string(h[:8]) == "APETAGEX" {
		n := int64(binary.LittleEndian.Uint32(h[12:]))
		if binary.LittleEndian.Uint32(h[20:])&(1<<31) != 0 {
			n += 32 // a header, which the length leaves out
		}
		return n
	}
	if h := s.at(end-15, 15); h != nil && string(h[6:]) == "LYRICS200" {
		if n, err := strconv.ParseUint(string(h[:6]), 10, 32); err == nil {
			return int64(n) + 15
		}
	}
	if h := s.at(end-10, 10); h != nil && string(h[:3]) == "3DI" && (h[6]|h[7]|h[8]|h[9])&0x80 == 0 {
		return 20 + int64(h[6])<<21 + int64(h[7])<<14 + int64(h[8])<<7 + int64(h[9])
	}
	return 0
}

// mp3Header is what a frame without sound says of the frames after it.
type mp3Header struct {
	frames  uint64
	padding uint64 // samples that the encoder added at both ends
	before  uint64 // frames counted before it
}

// believe takes what the header before the last frames says of padding, if it tells the truth about their
// number: a header that lies, or one whose sound was cut, is not believed.
func (m *mp3) believe() {
	n, x := m.count()-m.xing.before, m.xing
	if x.frames > 0 && max(n, x.frames)-min(n, x.frames) <= 1 {
		m.padding += x.padding
	}
	m.xing = mp3Header{}
}

// count is how many frames were walked over.
func (m *mp3) count() (n uint64) {
	for _, k := range m.frames {
		n += k
	}
	return n
}

// silent passes over the frame at off if it is one that only holds a header: Xing or Info, with the tag of
// LAME behind it, or VBRI. Its samples are no sound. What the LAME tag says of padding is kept.
// The header is believed later.
func (m *mp3) silent(off int64) int64 {
	h := m.head(off)
	at := 36
	switch {
	case h.version() == 3 && h.mono(), h.version() != 3 && !h.mono():
		at = 21
	case h.version() != 3:
		at = 13
	}
	next := off + int64(h.length())
	if b := m.s.at(off+36, 4); string(b) == "VBRI" {
		return next
	}
	b := m.s.at(off+int64(at), 8)
	if b == nil || string(b[:4]) != "Xing" && string(b[:4]) != "Info" {
		return off
	}
	// after the flags come the fields that they announce, then the encoder's name and, 21 bytes on, two
	// counts of 12 bits
	lame := off + int64(at) + 8
	if f := m.s.at(lame, 4); b[7]&1 != 0 && f != nil {
		m.xing = mp3Header{frames: uint64(binary.BigEndian.Uint32(f)), before: m.count()}
	}
	for bit, size := range []int64{4, 4, 100, 4} {
		if b[7]>>bit&1 != 0 {
			lame += size
		}
	}
	if b = m.s.at(lame, 24); b != nil && lame+24 <= next && (string(b[:4]) == "LAME" || string(b[:3]) == "Lav") {
		m.xing.padding = uint64(b[21])<<4 + uint64(b[22])>>4 + uint64(b[22]&15)<<8 + uint64(b[23])
	}
	return next
}
