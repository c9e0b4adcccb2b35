package media

import "math"

// The fmt chunk of a WAV: format tag 16, channels 16, samples a second 32, bytes a second 32, bytes a block 16, bits
// a sample 16, and in longer ones the length of what follows 16, samples a block or true bits 16, speakers 32, a
// GUID whose first 16 bits are the true format tag where the first is FFFE.

// The format tags of WAV that a playing time can be computed for; others go by their byte rate.
const (
	wavPCM        = 0x0001
	wavADPCM      = 0x0002
	wavFloat      = 0x0003
	wavALaw       = 0x0006
	wavMuLaw      = 0x0007
	wavIMA        = 0x0011
	wavGSM        = 0x0031
	wavMP3        = 0x0055
	wavExtensible = 0xFFFE
)

// wav is what the fmt chunk says.
type wav struct {
	*riff
	tag, channels, block, bits, perBlock uint16
	rate, byteRate                       uint32
	found                                bool
	fact                                 uint32 // samples, as the fact chunk says
	long                                 uint64 // length of the data, as ds64 says
	open                                 bool   // lengths were not known when the header was written
}

// parseWAV reads the chunks of a WAV. Its playing time is that of its data: the byte rate in the header,
// which players ignore, counts only for codings that say nothing else.
func parseWAV(s *source, i *finding) {
	i.Format = WAV
	w := &wav{riff: newRIFF(s, i)}
	_, w.open = w.outer(0)
	var data chunk
	for off := int64(12); i.Fault == "" || data.id == ""; {
		c, ok := w.next(off, s.size)
		if !ok {
			break
		}
		if c.id == "data" {
			w.data(&c)
			if data.id == "" {
				data = c
			}
		}
		switch {
		case c.end <= s.size:
		case data.id != "" && c.id != "data":
			i.note("what follows the sound is cut off")
		default:
			i.fail("chunk %s claims %d bytes, %d are there: cut off", quoted([]byte(c.id)), c.end-c.off, s.size-c.off)
		}
		if c.end > s.size {
			break
		}
		w.chunk(c)
		off = c.after()
	}
	switch {
	case !w.found:
		i.fail("no format chunk")
	case data.id == "":
		i.fail("no data chunk")
	case w.rate == 0 || w.channels == 0:
		i.fail("a sound of %d channels and %d samples a second", w.channels, w.rate)
	case data.end == data.off:
		i.fail("no sound in it")
	default:
		i.Codec = w.codec()
		i.Duration = w.duration(data.off, min(data.end, s.size))
	}
}

// data settles the length of the data chunk where the head does not have it.
func (w *wav) data(c *chunk) {
	switch {
	case c.size == streamed && w.long > 0 && w.long < math.MaxInt64-uint64(c.off):
		c.end = c.off + int64(w.long)
	case c.size == streamed, c.size == 0 && w.open:
		c.end = w.s.size
		w.i.note("its length was not known when it was written: the data counts")
	}
}

// chunk reads the chunks that say something about the sound.
func (w *wav) chunk(c chunk) {
	switch c.id {
	case "ds64":
		if h := w.s.at(c.off+8, 8); h != nil && c.end-c.off >= 16 {
			w.long = w.order.Uint64(h)
		}
	case "fact":
		if h := w.s.at(c.off, 4); h != nil && c.end-c.off >= 4 {
			w.fact = w.order.Uint32(h)
		}
	case "fmt ":
		n := int(min(c.end-c.off, 40))
		h := w.s.at(c.off, n)
		if n < 14 || h == nil || w.found {
			return
		}
		w.found = true
		w.tag, w.channels = w.order.Uint16(h), w.order.Uint16(h[2:])
		w.rate, w.byteRate, w.block = w.order.Uint32(h[4:]), w.order.Uint32(h[8:]), w.order.Uint16(h[12:])
		if n >= 16 {
			w.bits = w.order.Uint16(h[14:])
		}
		if n >= 20 {
			w.perBlock = w.order.Uint16(h[18:])
		}
		if w.tag == wavExtensible && n >= 26 {
			w.tag = w.order.Uint16(h[24:])
		}
	}
}

func (w *wav) codec() string {
	switch w.tag {
	case wavPCM, wavFloat:
		return "pcm"
	case wavALaw, wavMuLaw:
		return "g711"
	case wavADPCM, wavIMA:
		return "adpcm"
	case wavGSM:
		return "gsm"
	case wavMP3:
		return "mp3"
	}
	return ""
}

// duration is how long the data between off and end plays.
func (w *wav) duration(off, end int64) Duration {
	n := uint64(end - off)
	switch w.tag {
	case wavPCM, wavFloat, wavALaw, wavMuLaw:
		return counted(n/w.frame(), uint64(w.rate))
	case wavADPCM, wavIMA, wavGSM:
		if w.block > 0 && w.perBlock > 0 {
			blocks := (n + uint64(w.block) - 1) / uint64(w.block)
			samples := blocks * uint64(w.perBlock)
			if fact := uint64(w.fact); fact > samples-uint64(w.perBlock) && fact < samples {
				samples = fact // the last block is not full
			}
			return counted(samples, uint64(w.rate))
		}
	case wavMP3:
		if d := mp3Inside(w.s, off, end); d.Known() {
			return d
		}
	}
	if w.fact > 0 {
		return stated(uint64(w.fact), uint64(w.rate))
	}
	return counted(n, uint64(w.byteRate))
}

// frame is the bytes of one sample of all channels. The block size in the header counts only if it can be
// true, since a larger one makes the sound seem shorter.
func (w *wav) frame() uint64 {
	width := (uint64(w.bits) + 7) / 8
	if width == 0 {
		width = 1
	}
	block, least := uint64(w.block), uint64(w.channels)*width
	if width == 3 && block == 4*uint64(w.channels) { // 24 bits in words of 32
		return block
	}
	if block != least {
		w.i.note("its block size of %d bytes is not that of its samples, %d", block, least)
	}
	return least
}

// mp3Inside walks the frames of MP3 that lie between off and end.
func mp3Inside(s *source, off, end int64) Duration {
	s.wide()
	m := &mp3{s: s, i: new(finding), end: end, lengths: mpegLengths(1)}
	start := m.find(off, 3)
	if start < 0 {
		return Duration{}
	}
	if m.first = m.head(start); m.first.layer() != 3 {
		return Duration{}
	}
	m.walk(start)
	return m.duration()
}
