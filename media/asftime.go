package media

import (
	"encoding/binary"
	"math"
	"time"
)

// content finds the data object among those after the header and gives where its packets lie.
func (a *asf) content(off int64) (first, end int64) {
	for a.s.size-off >= 24 && a.i.Fault == "" {
		if h := a.s.at(off, 24); h != nil && string(h[:16]) == asfData {
			size := binary.LittleEndian.Uint64(h[16:])
			switch {
			case a.live, size < 50:
				return off + 50, a.s.size
			case size > math.MaxInt64 || !fits(off, int64(size), a.s.size):
				a.i.fail("its data claims %d bytes, %d are there: cut off", size, a.s.size-off)
				return off + 50, a.s.size
			}
			return off + 50, off + int64(size)
		}
		o := a.object(off, a.s.size)
		if o.guid == "" {
			break
		}
		off = o.end
	}
	a.i.fail("no data")
	return 0, 0
}

// duration settles the playing time. The last packet tells when it is sent: a header that claims less than
// that, with all its preroll taken off, is not believed.
func (a *asf) duration(first, end int64) {
	sent := a.sent(first, end)
	if a.live || a.play == math.MaxUint64 {
		a.i.Duration = sent
		return
	}
	const perMS = 10_000
	said := Duration{}
	if ms := a.play / perMS; ms >= a.preroll && a.preroll <= math.MaxUint64/perMS {
		said = stated(a.play-a.preroll*perMS, 10_000_000)
	}
	a.i.Duration = said
	least := sent.d - time.Duration(min(a.preroll, uint64(believable/time.Millisecond)))*time.Millisecond
	switch {
	case !said.Known():
		a.i.Duration = sent
	case sent.Known() && least > said.d:
		a.i.note("its header says %s, its packets are sent over %s", said, sent)
		a.i.Duration = sent
	}
}

// sent is when the last of the packets between first and end is sent and how long it lasts.
func (a *asf) sent(first, end int64) Duration {
	n := int64(a.packet)
	if n < 12 || end-first < n {
		return Duration{}
	}
	h := a.s.at(first+((end-first)/n-1)*n, int(min(n, 64)))
	if h == nil {
		return Duration{}
	}
	p := 0
	if h[0]&0x80 != 0 { // error correction, its length in the low bits
		p = 1 + int(h[0]&15)
	}
	if p+2 > len(h) {
		return Duration{}
	}
	// length flags, property flags, then three fields whose widths the first of them tell
	flags := h[p]
	p += 2 + asfWidth(flags>>5) + asfWidth(flags>>1) + asfWidth(flags>>3)
	if p+6 > len(h) {
		return Duration{}
	}
	ms := uint64(binary.LittleEndian.Uint32(h[p:])) + uint64(binary.LittleEndian.Uint16(h[p+4:]))
	return stated(ms, 1000)
}

// asfWidth is how many bytes a field has, by its two bits.
func asfWidth(bits byte) int { return [4]int{0, 1, 2, 4}[bits&3] }
