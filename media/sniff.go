package media

import (
	"bytes"
	"unicode/utf8"
)

// otherFormats are what else people try to upload. They are known by name only.
var otherFormats = map[Format]facts{
	"webp":  {name: "WebP", family: picture},
	"tiff":  {name: "TIFF", family: picture},
	"ico":   {name: "an icon (ICO)", family: picture},
	"psd":   {name: "Photoshop", family: picture},
	"svg":   {name: "SVG", family: picture},
	"jxl":   {name: "JPEG XL", family: picture},
	"ogg":   {name: "Ogg", family: sound},
	"flac":  {name: "FLAC", family: sound},
	"silk":  {name: "SILK", family: sound},
	"aiff":  {name: "AIFF", family: sound},
	"midi":  {name: "MIDI", family: sound},
	"ape":   {name: "Monkey's Audio", family: sound},
	"au":    {name: "AU", family: sound},
	"caf":   {name: "CAF", family: sound},
	"ac3":   {name: "AC-3", family: sound},
	"flv":   {name: "Flash video", family: film},
	"swf":   {name: "Flash", family: film},
	"h264":  {name: "raw H.264", family: film},
	"vcd":   {name: "a Video CD file (RIFF CDXA)", family: film},
	"mms":   {name: "an MMS stream", family: film},
	"pdf":   {name: "PDF"},
	"zip":   {name: "ZIP"},
	"gzip":  {name: "gzip"},
	"rar":   {name: "RAR"},
	"7z":    {name: "7-Zip"},
	"exe":   {name: "a Windows program"},
	"elf":   {name: "a program (ELF)"},
	"html":  {name: "HTML"},
	"xml":   {name: "XML"},
	"json":  {name: "JSON"},
	"error": {name: "an error answer of the platform (JSON with errcode)"},
	"php":   {name: "a PHP script"},
	"text":  {name: "text"},
	"zeros": {name: "nothing but zero bytes"},
	"doc":   {name: "a Microsoft Office file"},
}

// magics name formats by what stands at an offset. The first that fits wins.
var magics = []struct {
	off    int
	word   string
	format Format
}{
	{0, "%PDF", "pdf"},
	{0, "PK\x03\x04", "zip"},
	{0, "PK\x05\x06", "zip"},
	{0, "\x1f\x8b", "gzip"},
	{0, "Rar!", "rar"},
	{0, "7z\xbc\xaf\x27\x1c", "7z"},
	{0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "doc"},
	{0, "\x7fELF", "elf"},
	{0, "II*\x00", "tiff"},
	{0, "MM\x00*", "tiff"},
	{0, "8BPS", "psd"},
	{0, "\x00\x00\x01\x00", "ico"},
	{0, "\xff\x0a", "jxl"},
	{0, "\x00\x00\x00\x0cJXL ", "jxl"},
	{8, "WEBP", webp},
	{0, "OggS", "ogg"},
	{0, "fLaC", "flac"},
	{0, "#!SILK", "silk"},
	{1, "#!SILK", "silk"},
	{0, "FORM", "aiff"},
	{0, "MThd", "midi"},
	{0, "MAC ", "ape"},
	{0, ".snd", "au"},
	{0, "caff", "caf"},
	{0, "\x0b\x77", "ac3"},
	{0, ".ra\xfd", realAud},
	{0, "FLV\x01", "flv"},
	{0, "FWS", "swf"},
	{0, "CWS", "swf"},
	{0, "ZWS", "swf"},
	{0, "$H", "mms"},
	{8, "CDXA", "vcd"},
	{0, "\x00\x00\x00\x01\x67", "h264"},
	{0, "\x00\x00\x01\x67", "h264"},
	{0, "MZ", "exe"},
}

// sniff names what no parser took, by the first bytes alone.
func sniff(head []byte, size int64) Format {
	if bytes.HasPrefix(head, []byte("\x1a\x45\xdf\xa3")) {
		if bytes.Contains(head, []byte("webm")) {
			return webm
		}
		return mkv
	}
	for _, m := range magics {
		if under(head, m.off, m.word) {
			return m.format
		}
	}
	if len(bytes.Trim(head, "\x00")) == 0 {
		return "zeros"
	}
	return sniffText(head, size)
}

// isTransportStream looks for the sync byte of three packets of 188 bytes in a row, or of 192 (Blu-ray).
func isTransportStream(head []byte) bool {
	packets := func(first, length int) bool {
		for off := first; off < first+2*length+1; off += length {
			if !under(head, off, "G") {
				return false
			}
		}
		return true
	}
	return packets(0, 188) || packets(4, 192)
}

// sniffText tells the sorts of text apart that end up under a picture's name.
func sniffText(head []byte, size int64) Format {
	if int64(len(head)) < size { // the window may have cut a rune in two
		for n := 0; n < utf8.UTFMax && len(head) > 0 && !utf8.Valid(head); n++ {
			head = head[:len(head)-1]
		}
	}
	if !utf8.Valid(head) || bytes.ContainsFunc(head, isControl) {
		return Unknown
	}
	text := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))))
	starts := func(words ...string) bool {
		for _, w := range words {
			if bytes.HasPrefix(text, []byte(w)) {
				return true
			}
		}
		return false
	}
	switch {
	case starts("<?php"):
		return "php"
	case starts("<!doctype html", "<html", "<head", "<body", "<script"):
		return "html"
	case starts("<svg"), starts("<?xml", "<!doctype svg") && bytes.Contains(text, []byte("<svg")):
		return "svg"
	case starts("<?xml"):
		return "xml"
	case starts("{", "["):
		if bytes.Contains(text, []byte(`"errcode"`)) {
			return "error"
		}
		return "json"
	}
	return "text"
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' && r != '\f' || r == 0x7f
}
