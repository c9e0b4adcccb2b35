package media

import (
	"strings"
	"time"
)

// An AVI is RIFF: a list hdrl with avih (µs a frame 32 … frames 32 at 16) and for each stream a list strl with strh
// (type, handler, … scale 32 at 20, rate 32 at 24, length 32 at 32) and strf; then a list movi with the data and
// mostly an index. OpenDML adds odml/dmlh (frames of all) and further RIFF chunks of type AVIX.

// parseAVI reads the headers of an AVI. Its playing time is that of its longest stream: frames or samples
// over their rate. An AVI of more than 1 GB has more than one RIFF chunk, and states the frames of all.
func parseAVI(s *source, i *finding) {
	i.Format = AVI
	a := &avi{riff: newRIFF(s, i)}
	end, open := a.outer(0)
	a.lists(12, end, 0)
	for off := end + end&1; !open && fits(off, 12, s.size) && i.Fault == ""; {
		h := s.at(off, 12)
		if h == nil || string(h[:4]) != "RIFF" || string(h[8:]) != "AVIX" {
			i.note("%d bytes after the end", s.size-off)
			break
		}
		if a.parts++; a.parts > partLimit {
			break
		}
		end, open = a.outer(off)
		off = end + end&1
	}
	switch {
	case !a.header:
		i.fail("no headers")
	case !a.movi:
		i.fail("no data (movi)")
	case !a.film:
		i.fail("no video stream")
	}
	a.times()
}

type avi struct {
	*riff
	header, movi, film bool
	frames             uint32 // of all RIFF chunks, as dmlh says
	perFrame           uint32 // microseconds, as avih says
	stated             uint32 // frames, as avih says
	stream             struct {
		kind, handler  string
		scale, rate, n uint32
	}
	video, longest Duration
}

// aviDepth is how deep lists are followed; real files have three.
const aviDepth = 8

// lists reads chunks between off and end, and those inside the lists that say something.
func (a *avi) lists(off, end int64, depth int) {
	for a.i.Fault == "" {
		c, ok := a.next(off, end)
		if !ok {
			return
		}
		if c.end > end {
			a.i.fail("chunk %s claims more bytes than there are: cut off", quoted([]byte(c.id)))
			return
		}
		if c.id == "LIST" {
			a.list(c, depth)
		} else {
			a.chunk(c)
		}
		off = c.after()
	}
}

func (a *avi) list(c chunk, depth int) {
	h := a.s.at(c.off, 4)
	if h == nil || c.end-c.off < 4 {
		return
	}
	switch kind := string(h); kind {
	case "movi":
		a.movi = true
	case "hdrl", "strl", "odml":
		a.header = a.header || kind == "hdrl"
		if depth == aviDepth {
			a.i.fail("lists more than %d deep", aviDepth)
			return
		}
		a.lists(c.off+4, c.end, depth+1)
	}
}

// chunk reads the headers: of the file, of a stream, of a picture, of a large file.
func (a *avi) chunk(c chunk) {
	n := c.end - c.off
	switch c.id {
	case "avih":
		if h := a.s.at(c.off, 20); h != nil && n >= 20 {
			a.perFrame, a.stated = a.order.Uint32(h), a.order.Uint32(h[16:])
		}
	case "strh":
		if h := a.s.at(c.off, 36); h != nil && n >= 36 {
			a.stream.kind, a.stream.handler = string(h[:4]), string(h[4:8])
			a.stream.scale, a.stream.rate, a.stream.n = a.order.Uint32(h[20:]), a.order.Uint32(h[24:]), a.order.Uint32(h[32:])
			a.count()
		}
	case "strf":
		if h := a.s.at(c.off, 20); h != nil && n >= 20 && a.stream.kind == "vids" && a.i.Width == 0 {
			w, ht := int64(int32(a.order.Uint32(h[4:]))), int64(int32(a.order.Uint32(h[8:])))
			a.i.Width, a.i.Height = int(max(w, 0)), int(max(ht, -ht))
			a.i.Codec = aviCodec(string(h[16:20]))
		}
	case "dmlh":
		if h := a.s.at(c.off, 4); h != nil && n >= 4 {
			a.frames = a.order.Uint32(h)
		}
	}
}

// count takes the playing time of the stream just read.
func (a *avi) count() {
	d := Duration{}
	if a.stream.n > 0 && a.stream.scale > 0 {
		d = stated(uint64(a.stream.n)*uint64(a.stream.scale), uint64(a.stream.rate))
	}
	a.longest = longer(a.longest, d)
	if a.stream.kind == "vids" && !a.film {
		a.film, a.video = true, d
	}
}

// times settles the playing time.
func (a *avi) times() {
	d := a.longest
	if video, known := a.video.Get(); known && a.frames > a.stated && a.stated > 0 {
		// the stream's own count covers the first RIFF chunk only
		d = longer(d, stated(scaled(uint64(a.frames), uint64(video), uint64(a.stated)), uint64(time.Second)))
	}
	if !d.Known() && a.stated > 0 && a.perFrame > 0 {
		d = stated(uint64(a.stated)*uint64(a.perFrame), 1e6)
	}
	a.i.Duration = d
}

// aviCodec names the family of a coding by its four letters.
func aviCodec(fourcc string) string {
	switch strings.ToUpper(fourcc) {
	case "H264", "X264", "AVC1", "DAVC":
		return "h264"
	case "XVID", "DIVX", "DX50", "FMP4", "MP4V":
		return "mpeg4"
	case "MP42", "MP43", "DIV3", "DIV4", "MPG4":
		return "msmpeg4"
	case "MJPG":
		return "mjpeg"
	}
	return ""
}
