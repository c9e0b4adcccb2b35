package media

// The head of a frame of MPEG audio (ISO/IEC 11172-3, 13818-3) has 32 bits, from the top: sync 11, all ones;
// version 2; layer 2; no checksum 1; index of the bit rate 4; of the sample rate 2; padding 1; private 1;
// channels 2, of which 3 is mono; and six more. A frame is samples / 8 · bit rate / sample rate bytes long, and
// one more with padding; in layer I four.

// mpegFrame is the head of a frame of MPEG audio: 32 bits that tell how long the frame is.
type mpegFrame uint32

// The kilobits a second by index; 0 is free format and refused, 15 does not exist.
var (
	mpegRates1 = [3][16]uint16{ // version 1, layers I, II, III
		{0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
		{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
	}
	mpegRates2 = [3][16]uint16{ // versions 2 and 2.5
		{0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
		{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
	}
	// mpegHertz are the samples a second by version bits (2.5, none, 2, 1) and index.
	mpegHertz = [4][4]uint32{{11025, 12000, 8000}, {}, {22050, 24000, 16000}, {44100, 48000, 32000}}
)

// mpegSame are the bits in which all frames of a file agree: sync, version, layer, sample rate.
const mpegSame = 0xFFFE0C00

func (h mpegFrame) version() int { return int(h >> 19 & 3) } // 0: 2.5, 2: 2, 3: 1
func (h mpegFrame) layer() int   { return 4 - int(h>>17&3) } // 1 to 3; 4 is none, and is AAC's
func (h mpegFrame) hertz() int   { return int(h >> 10 & 3) }
func (h mpegFrame) mono() bool   { return h>>6&3 == 3 }

// samples is how many samples the frame has.
func (h mpegFrame) samples() int {
	switch {
	case h.layer() == 1:
		return 384
	case h.layer() == 3 && h.version() != 3:
		return 576
	}
	return 1152
}

// length is how many bytes the frame has, its head among them; 0 where h is no head of a frame.
func (h mpegFrame) length() int {
	layer, hertz := h.layer(), mpegHertz[h.version()][h.hertz()]
	if h>>21 != 0x7FF || layer == 4 || hertz == 0 {
		return 0
	}
	rates := &mpegRates2
	if h.version() == 3 {
		rates = &mpegRates1
	}
	rate := uint32(rates[layer-1][h>>12&15]) * 1000
	if rate == 0 {
		return 0
	}
	padding := int(h >> 9 & 1)
	if layer == 1 {
		return (int(12*rate/hertz) + padding) * 4
	}
	return int(uint32(h.samples()/8)*rate/hertz) + padding
}

// mpegLengths has the length of every frame without padding of a layer, given by its bits, so that a walk over
// a file's frames takes a look-up each.
func mpegLengths(layer uint32) (lengths [256]uint16) {
	for k := range uint32(len(lengths)) {
		h := mpegFrame(0x7FF<<21 | k>>6<<19 | layer<<17 | k>>2&15<<12 | k&3<<10)
		lengths[k] = uint16(h.length())
	}
	return lengths
}

// index is where [mpegLengths] has the frame's length.
func (h mpegFrame) index() int { return int(h>>19&3)<<6 | int(h>>10&63) }
