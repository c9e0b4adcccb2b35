package media

import "bytes"

// An AMR file (RFC 4867, section 5) is a line that names it, then frames: a byte F|FT4|Q|00, whose four bits FT tell
// how many bytes follow.

// The bytes of an AMR frame, its head among them, by frame type; 0 marks the reserved types. Type 8 in
// narrow band and 9 in wide band is comfort noise, 15 is silence, 14 in wide band a lost frame. RFC 4867, section 5.
var (
	amrNarrow = [16]uint8{13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1}
	amrWide   = [16]uint8{18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1}
)

// amrFramesPerSecond: every frame lasts 20 ms, whatever its type and length.
const amrFramesPerSecond = 50

// parseAMR counts frames: only they tell how long an AMR file plays, as silence takes one byte a frame.
// A reserved type, a head with spare bits set and a last frame that is cut are faults.
func parseAMR(s *source, i *finding) {
	head := s.from(0, 16)
	var frame *[16]uint8
	var magic int
	switch {
	case bytes.HasPrefix(head, []byte("#!AMR\n")):
		i.Format, i.Codec, frame, magic = AMR, "amr-nb", &amrNarrow, 6
	case bytes.HasPrefix(head, []byte("#!AMR-WB\n")):
		i.Format, i.Codec, frame, magic = AMR, "amr-wb", &amrWide, 9
	case bytes.HasPrefix(head, []byte("#!AMR_MC1.0\n")), bytes.HasPrefix(head, []byte("#!AMR-WB_MC1.0\n")):
		i.Format = amrMulti
		return
	default:
		i.fail("it begins like AMR, but its first line is none that AMR has")
		return
	}
	s.wide()
	lengths := amrLengths(frame)
	off, frames := int64(magic), uint64(0)
	end := min(s.size, walkLimit)
	for off < end {
		w := s.from(off, 1)
		if w == nil {
			return
		}
		n, count, reserved := amrWalk(w, lengths)
		off, frames = off+int64(n), frames+count
		if reserved {
			i.fail("byte %d begins no AMR frame", off)
			break
		}
	}
	if end == s.size {
		i.Duration = counted(frames, amrFramesPerSecond)
	} else {
		i.note("only its first %d bytes were looked at", end)
	}
	switch {
	case off > s.size:
		i.fail("the last frame is cut off: %d bytes missing", off-s.size)
		i.Duration = counted(frames-1, amrFramesPerSecond)
	case frames == 0:
		i.fail("a header without a single frame")
	}
}

// amrLengths has the length of a frame by its first byte; 0 where that begins none.
func amrLengths(frame *[16]uint8) *[256]uint8 {
	var lengths [256]uint8
	for b := range lengths {
		if b&0x83 == 0 { // spare bits
			lengths[b] = frame[b>>3&15]
		}
	}
	return &lengths
}

// amrWalk goes over the frames that begin in w. It gives where the next one begins, which may be past w,
// how many there were, and whether it stopped at something that is no frame.
func amrWalk(w []byte, lengths *[256]uint8) (next int, frames uint64, stop bool) {
	for next < len(w) {
		for next < len(w) && lengths[w[next]] == 1 { // silence, of which there can be much
			next++
			frames++
		}
		if next == len(w) {
			break
		}
		n := lengths[w[next]]
		if n == 0 {
			return next, frames, true
		}
		next += int(n)
		frames++
	}
	return next, frames, false
}
