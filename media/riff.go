package media

import (
	"encoding/binary"
	"math"
)

// RIFF files are chunks: four letters, a 32-bit length, content, padded to an even length. RIFX is the same
// in big-endian order; RF64 and BW64 keep lengths of 64 bits in a chunk of their own.

// streamed stands where a length was not known yet when a header was written.
const streamed = math.MaxUint32

// isRIFF knows a RIFF file of a type.
func isRIFF(kind string) func([]byte) bool {
	return func(head []byte) bool {
		for _, id := range []string{"RIFF", "RIFX", "RF64", "BW64"} {
			if under(head, 0, id) && under(head, 8, kind) {
				return true
			}
		}
		return false
	}
}

// chunk is one of them, its body between off and end.
type chunk struct {
	id       string
	size     uint32 // as it stands in the file
	off, end int64
}

// riff reads chunks.
type riff struct {
	s     *source
	i     *finding
	order binary.ByteOrder
	parts int
}

func newRIFF(s *source, i *finding) *riff {
	r := &riff{s: s, i: i, order: binary.LittleEndian}
	if h := s.at(0, 4); string(h) == "RIFX" {
		r.order = binary.BigEndian
	}
	return r
}

// next reads the head of the chunk at off. ok says that there is one; its end may be past the file's, which
// the caller judges.
func (r *riff) next(off, end int64) (c chunk, ok bool) {
	if !fits(off, 8, end) {
		return c, false
	}
	if r.parts++; r.parts > partLimit {
		r.i.fail("more than %d chunks", partLimit)
		return c, false
	}
	h := r.s.at(off, 8)
	if h == nil {
		return c, false
	}
	c.id, c.size, c.off = string(h[:4]), r.order.Uint32(h[4:]), off+8
	c.end = c.off + int64(c.size)
	return c, true
}

// after is where the chunk after c begins.
func (c chunk) after() int64 { return c.end + c.end&1 }

// outer checks the length of the outermost chunk, past which a file may go on but of which nothing may be
// missing. Some writers count its head in: eight bytes too many.
func (r *riff) outer(off int64) (end int64, open bool) {
	h := r.s.at(off+4, 4)
	if h == nil {
		return r.s.size, true
	}
	size := r.order.Uint32(h)
	if size == 0 || size == streamed {
		return r.s.size, true
	}
	end = off + 8 + int64(size)
	if end > r.s.size+8 {
		r.i.fail("it claims %d bytes and has %d: cut off", end, r.s.size)
	}
	return min(end, r.s.size), false
}
