package media

import (
	"encoding/binary"
	"math"
)

// ASF is objects: GUID 16, length 64 that counts both, content. The first is the header, whose 30 bytes of head are
// followed by objects: File Properties (file's length 64 at 40, packets 64 at 56, play time 64 at 64, preroll 64 at
// 80, flags 32 at 88, lengths of packets 32 at 92 and 96) and for each stream Stream Properties (type GUID at 24). Then
// comes the data object: 50 bytes of head, packets.

// The GUIDs of ASF, as they stand in a file.
const (
	asfHeader     = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	asfData       = "\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	asfProperties = "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"
	asfStream     = "\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65"
	asfExtension  = "\xb5\x03\xbf\x5f\x2e\xa9\xcf\x11\x8e\xe3\x00\xc0\x0c\x20\x53\x65"
	asfExtended   = "\xcb\xa5\xe6\x14\x72\xc6\x32\x43\x83\x99\xa9\x69\x52\x06\x5b\x5a"
	asfEncrypted  = "\xfb\xb3\x11\x22\x23\xbd\xd2\x11\xb4\xb7\x00\xa0\xc9\x55\xfc\x6e"
	asfEncrypted2 = "\x14\xe6\x8a\x29\x22\x26\x17\x4c\xb9\x35\xda\xe0\x7e\xe9\x28\x9c"

	asfAudio = "\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
	asfVideo = "\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
)

// asf gathers what the objects of an ASF file say. Each object is a GUID, a 64-bit length that counts its
// own 24 bytes, and content.
type asf struct {
	s            *source
	i            *finding
	parts        int
	audio, video bool
	found        bool // File Properties
	size         uint64
	packets      uint64
	play         uint64 // units of 100 ns, preroll included
	preroll      uint64 // ms
	live         bool   // broadcast: size, packets and play are void
	packet       uint32 // length of a data packet
}

// parseASF reads the headers of WMA and WMV, which are one container: with a video stream it is WMV. Its
// playing time is what the header says less the preroll, unless the packets show that the header lies or
// void it.
func parseASF(s *source, i *finding) {
	a := &asf{s: s, i: i}
	i.Format = asfOther
	head := a.object(0, s.size)
	if head.guid == "" {
		return
	}
	a.objects(head.off+6, head.end, 0)
	switch {
	case a.video:
		i.Format = WMV
	case a.audio:
		i.Format = WMA
	default:
		i.fail("no sound and no video in it")
		return
	}
	switch {
	case i.Fault != "":
		return
	case !a.found:
		i.fail("no file properties")
		return
	case !a.live && a.size > uint64(s.size):
		i.fail("it claims %d bytes and has %d: cut off", a.size, s.size)
	}
	a.duration(a.content(head.end))
}

// asfObject is an object, its content between off and end.
type asfObject struct {
	guid     string
	off, end int64
}

// object reads the head of the object at off, which has to end by end; without a GUID there is none, and
// the fault is recorded.
func (a *asf) object(off, end int64) (o asfObject) {
	if a.parts++; a.parts > partLimit {
		a.i.fail("more than %d objects", partLimit)
		return o
	}
	h := a.s.at(off, 24)
	if h == nil || !fits(off, 24, end) {
		a.i.fail("it ends inside an object: cut off")
		return o
	}
	size := binary.LittleEndian.Uint64(h[16:])
	if size < 24 || size > math.MaxInt64 || !fits(off, int64(size), end) {
		a.i.fail("byte %d: an object that claims %d bytes: cut off", off, size)
		return o
	}
	return asfObject{string(h[:16]), off + 24, off + int64(size)}
}

// asfDepth is how deep objects are followed: header, its extension, stream properties inside those.
const asfDepth = 4

// objects reads the objects between off and end.
func (a *asf) objects(off, end int64, depth int) {
	for end-off >= 24 && a.i.Fault == "" {
		o := a.object(off, end)
		if o.guid == "" {
			return
		}
		switch o.guid {
		case asfProperties:
			a.properties(o)
		case asfStream:
			a.stream(o)
		case asfExtension: // reserved 18 bytes, the length of what follows, objects
			if depth < asfDepth {
				a.objects(o.off+22, o.end, depth+1)
			}
		case asfExtended:
			if depth < asfDepth {
				a.extended(o, depth)
			}
		case asfEncrypted, asfEncrypted2:
			a.i.note("protected by DRM: nobody else can play it")
		}
		off = o.end
	}
}

// properties reads File Properties.
func (a *asf) properties(o asfObject) {
	h := a.s.at(o.off, 80)
	if h == nil || o.end-o.off < 80 {
		a.i.fail("file properties of %d bytes", o.end-o.off)
		return
	}
	a.found = true
	a.size, a.packets = binary.LittleEndian.Uint64(h[16:]), binary.LittleEndian.Uint64(h[32:])
	a.play, a.preroll = binary.LittleEndian.Uint64(h[40:]), binary.LittleEndian.Uint64(h[56:])
	a.live = binary.LittleEndian.Uint32(h[64:])&1 != 0
	if least, most := binary.LittleEndian.Uint32(h[68:]), binary.LittleEndian.Uint32(h[72:]); least == most {
		a.packet = most
	}
}

// stream reads Stream Properties: what sort of stream it is, and of a video the size.
func (a *asf) stream(o asfObject) {
	h := a.s.at(o.off, 16)
	if h == nil || o.end-o.off < 54 {
		return
	}
	switch string(h) {
	case asfAudio:
		a.audio = true
		if h := a.s.at(o.off+54, 2); h != nil && o.end-o.off >= 56 && !a.video {
			a.i.Codec = asfCodec(binary.LittleEndian.Uint16(h))
		}
	case asfVideo:
		if h := a.s.at(o.off+54, 31); h != nil && o.end-o.off >= 85 && !a.video {
			a.i.Width = int(min(binary.LittleEndian.Uint32(h), math.MaxUint16))
			a.i.Height = int(min(binary.LittleEndian.Uint32(h[4:]), math.MaxUint16))
			if code := string(h[27:31]); letters([]byte(code)) {
				a.i.Codec = code
			}
		}
		a.video = true
	}
}

// asfCodec names the family of a coding of sound by its format tag.
func asfCodec(tag uint16) string {
	switch tag {
	case 0x160, 0x161, 0x162, 0x163:
		return "wma"
	case 0x0A:
		return "wma-voice"
	case 0x55:
		return "mp3"
	}
	return ""
}

// extended reads Extended Stream Properties, at the end of which Stream Properties may lie: after 64 bytes
// come names and payload systems, each with its length.
func (a *asf) extended(o asfObject, depth int) {
	h := a.s.at(o.off, 64)
	if h == nil || o.end-o.off < 64 {
		return
	}
	names, systems := binary.LittleEndian.Uint16(h[60:]), binary.LittleEndian.Uint16(h[62:])
	off := o.off + 64
	for range names {
		h := a.s.at(off, 4)
		if h == nil || a.over() {
			return
		}
		off += 4 + int64(binary.LittleEndian.Uint16(h[2:]))
	}
	for range systems {
		h := a.s.at(off, 22)
		if h == nil || a.over() {
			return
		}
		off += 22 + int64(binary.LittleEndian.Uint32(h[18:]))
	}
	if off < o.end {
		a.objects(off, o.end, depth+1)
	}
}

// over counts a step against the bound of parts.
func (a *asf) over() bool {
	a.parts++
	return a.parts > partLimit
}
