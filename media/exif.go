package media

import "encoding/binary"

// exifOrientation reads how a JPEG wants to be turned, 2 to 8, from the EXIF segment between off and end; 0 if
// it is as it should be, or says nothing. It reads the first directory and nothing else.
func exifOrientation(s *source, off, end int64) int {
	const tiff = 6 // after "Exif" and two zeros
	h := s.at(off, tiff+8)
	if h == nil || end-off < tiff+8 || string(h[:tiff]) != "Exif\x00\x00" {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(h[tiff:tiff+2]) == "MM" {
		order = binary.BigEndian
	}
	at := off + tiff + int64(order.Uint32(h[tiff+4:]))
	h = s.at(at, 2)
	if h == nil || !fits(at, 2, end) {
		return 0
	}
	n := order.Uint16(h)
	for at += 2; n > 0 && fits(at, 12, end); at += 12 {
		if h = s.at(at, 12); h == nil {
			return 0
		}
		if order.Uint16(h) == 0x0112 {
			if o := order.Uint16(h[8:]); o >= 2 && o <= 8 {
				return int(o)
			}
			return 0
		}
		n--
	}
	return 0
}
