package media

import (
	"bytes"
	"fmt"
	"io"
)

// parser knows one sort of file by its first bytes and looks through the rest.
type parser struct {
	match func(head []byte) bool
	parse func(*source, *finding)
}

// parsers are tried in order; the first whose magic is there decides. All but the last need a magic that
// nothing else begins with.
var parsers = []parser{
	{prefix("\xff\xd8\xff"), parseJPEG},
	{prefix("#!AMR"), parseAMR},
	{prefix("\x89PNG\r\n\x1a\n"), parsePNG},
	{prefix("GIF87a"), parseGIF},
	{prefix("GIF89a"), parseGIF},
	{isBMP, parseBMP},
	{isISOMedia, parseMP4},
	{isRIFF("WAVE"), parseWAV},
	{isRIFF("AVI "), parseAVI},
	{prefix(asfHeader), parseASF},
	{prefix(".RMF"), parseRM},
	{prefix("\x00\x00\x01\xba"), parseMPEG},
	{prefix("\x00\x00\x01\xb3"), parseMPEG},
	{isTransportStream, parseTS},
	{isMP3, parseMP3},
}

// probe looks at a file of the given size and says what it is. Its error is r's, or that r is shorter
// than size; whatever the content is, there is no other.
func probe(r io.ReaderAt, size int64) (Info, error) {
	s := newSource(r, size)
	i := s.probe()
	if s.err != nil {
		return Info{}, fmt.Errorf("media: read: %w", s.err)
	}
	return i, nil
}

func (s *source) probe() Info {
	i := finding{Info{Format: Unknown, Bytes: s.size}}
	if s.size == 0 {
		i.fail("no bytes at all")
		return i.Info
	}
	head := s.from(0, hopWindow)
	for _, p := range parsers {
		if p.match(head) {
			p.parse(s, &i)
			break
		}
	}
	if i.Format == Unknown && i.Fault == "" {
		i.Format = sniff(s.from(0, hopWindow), s.size)
	}
	if i.Format == Unknown && i.Fault == "" {
		parseMP3(s, &i) // which may have something in front
	}
	i.Whole = i.Format.judged() && i.Fault == "" && s.err == nil
	return i.Info
}

func prefix(magic string) func([]byte) bool {
	return func(head []byte) bool { return bytes.HasPrefix(head, []byte(magic)) }
}

// under reports whether head has the word at an offset.
func under(head []byte, off int, word string) bool {
	return len(head) >= off+len(word) && string(head[off:off+len(word)]) == word
}
