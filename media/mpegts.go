package media

// parseTS names a transport stream, which no rule takes, and says how long it plays, as its refusal may
// want to: from the first presentation time in its head to the last in its tail.
func parseTS(s *source, i *finding) {
	i.Format = mpegTS
	s.wide()
	m := &mpeg{s: s, i: i}
	packet, first := int64(188), int64(0)
	if h := s.at(0, 1); string(h) != "G" { // four bytes of time before each packet
		packet, first = 192, 4
	}
	m.packetsOf(first, min(s.size, mpegWindow), packet)
	if s.size > 2*mpegWindow {
		m.seen = false
		tail := (s.size - mpegWindow - first) / packet
		m.packetsOf(first+tail*packet, s.size, packet)
	}
	m.finish()
}

// packetsOf reads the presentation times of the packets between off and end.
func (m *mpeg) packetsOf(off, end, packet int64) {
	for ; off+188 <= end; off += packet {
		h := m.s.at(off, 188)
		if h == nil || h[0] != 'G' {
			return
		}
		p := 4
		if h[3]&0x20 != 0 { // adaptation field
			p += 1 + int(h[4])
		}
		// a packet in which a PES packet begins: start code, stream, length, header
		if h[1]&0x40 != 0 && h[3]&0x10 != 0 && p+18 <= len(h) && string(h[p:p+3]) == "\x00\x00\x01" {
			m.code(h[p+3], h[p+4:])
		}
	}
}
