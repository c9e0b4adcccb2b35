package media_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
)

func TestCodecFamiliesAreNamed(t *testing.T) {
	mp4 := join(ftyp("isom", "isom"), movie(1000, 2500), box("mdat", make([]byte, 8)))
	avi := seed(t, "clip.avi")
	wma, wmv := seed(t, "tone.wma"), seed(t, "clip.wmv")
	wav := func(tag uint16) []byte {
		return riff("WAVE", wavFormat(tag, 1, 8000, 8), chunk("data", make([]byte, 800)))
	}
	entry := find(t, mp4, "avc1")
	fourcc := bytes.LastIndex(avi, []byte("FMP4"))
	tag := find(t, wma, "\x40\x9e\x69\xf8\x4d\x5b\xcf\x11") + 54
	for _, c := range []struct {
		file []byte
		want string
	}{
		{patched(mp4, entry, []byte("avc3")...), "h264"},
		{patched(mp4, entry, []byte("hvc1")...), "hevc"},
		{patched(mp4, entry, []byte("mp4v")...), "mpeg4"},
		{patched(mp4, entry, []byte("av01")...), "av1"},
		{patched(mp4, entry, []byte("vp08")...), "vp8"},
		{patched(mp4, entry, []byte("vp09")...), "vp9"},
		{patched(mp4, entry, []byte("s263")...), "h263"},
		{patched(mp4, entry, []byte("zzzz")...), ""},
		{patched(avi, fourcc, []byte("h264")...), "h264"},
		{patched(avi, fourcc, []byte("DIV3")...), "msmpeg4"},
		{patched(avi, fourcc, []byte("MJPG")...), "mjpeg"},
		{patched(avi, fourcc, []byte("ZZZZ")...), ""},
		{wav(1), "pcm"},
		{wav(3), "pcm"},
		{wav(6), "g711"},
		{wav(7), "g711"},
		{wav(2), "adpcm"},
		{wav(0x31), "gsm"},
		{wav(0x161), ""},
		{patched(wma, tag, le16(0x161)...), "wma"},
		{patched(wma, tag, le16(0x0A)...), "wma-voice"},
		{patched(wma, tag, le16(0x55)...), "mp3"},
		{patched(wma, tag, le16(0x99)...), ""},
		{wmv, "WMV2"},
	} {
		if i := probe(t, c.file); i.Codec != c.want || !i.Whole {
			t.Errorf("codec %q, want %q: %v", i.Codec, c.want, i)
		}
	}
}

// guid is one by its first eight bytes, object an ASF object.
func object(guid string, body ...[]byte) []byte {
	b := join(body...)
	return join([]byte(guid), le64(uint64(24+len(b))), b)
}

const (
	asfHeader     = "\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	asfData       = "\x36\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c"
	asfProperties = "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\x00\xc0\x0c\x20\x53\x65"
	asfStream     = "\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\x00\xc0\x0c\x20\x53\x65"
	asfExtension  = "\xb5\x03\xbf\x5f\x2e\xa9\xcf\x11\x8e\xe3\x00\xc0\x0c\x20\x53\x65"
	asfExtended   = "\xcb\xa5\xe6\x14\x72\xc6\x32\x43\x83\x99\xa9\x69\x52\x06\x5b\x5a"
	asfEncrypted  = "\xfb\xb3\x11\x22\x23\xbd\xd2\x11\xb4\xb7\x00\xa0\xc9\x55\xfc\x6e"
	asfAudio      = "\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
	asfVideo      = "\xc0\xef\x19\xbc\x4d\x5b\xcf\x11\xa8\xfd\x00\x80\x5f\x5c\x44\x2b"
)

// asfFile is an ASF file of one packet: a play time and a preroll in ms, objects of the header.
func asfFile(play, preroll uint64, packet []byte, objects ...[]byte) []byte {
	properties := object(asfProperties, make([]byte, 16), le64(0), le64(0), le64(1), le64(play*10_000), le64(0), le64(preroll),
		le32(2), le32(uint32(len(packet))), le32(uint32(len(packet))), le32(0))
	all := join(append([][]byte{properties}, objects...)...)
	return join(object(asfHeader, le32(uint32(1+len(objects))), []byte{1, 2}, all), object(asfData, make([]byte, 26), packet))
}

func asfStreamOf(kind string) []byte {
	return object(asfStream, []byte(kind), make([]byte, 38), le32(320), le32(240), make([]byte, 19), []byte("WMV3"), make([]byte, 20))
}

func TestASFStreamsAreFoundWhereverTheyAre(t *testing.T) {
	sound, video := asfStreamOf(asfAudio), asfStreamOf(asfVideo)
	// names and payload systems stand before the stream properties
	extended := object(asfExtended, make([]byte, 60), le16(1), le16(1), le16(0), le16(4), []byte("name"), make([]byte, 18), le32(3), []byte("abc"), video)
	extension := object(asfExtension, make([]byte, 18), le32(uint32(len(extended))), extended)
	packet := join([]byte{0x82, 0, 0, 0x08, 0x5D, 0x00}, le32(900), le16(100), make([]byte, 88)) // padding length of one byte
	for name, c := range map[string]struct {
		file  []byte
		want  media.Format
		plays media.Duration
	}{
		"sound":                   {asfFile(5000, 1000, packet, sound), media.WMA, lasts(4 * time.Second)},
		"video":                   {asfFile(5000, 1000, packet, video), media.WMV, lasts(4 * time.Second)},
		"video before sound":      {asfFile(5000, 1000, packet, video, sound), media.WMV, lasts(4 * time.Second)},
		"video in the extension":  {asfFile(5000, 1000, packet, sound, extension), media.WMV, lasts(4 * time.Second)},
		"neither":                 {asfFile(5000, 1000, packet), "asf", unknown},
		"no preroll":              {asfFile(5000, 0, packet, sound), media.WMA, lasts(5 * time.Second)},
		"packet outlasts header":  {asfFile(500, 100, packet, sound), media.WMA, lasts(time.Second)},
		"packet without its time": {asfFile(0, 100, make([]byte, 12), sound), media.WMA, lasts(0)},
		"error correction of 15 bytes": {
			asfFile(0, 100, join([]byte{0x8F}, make([]byte, 15), []byte{0, 0x5D}, le32(900), le16(100), make([]byte, 9)), sound), media.WMA, lasts(time.Second),
		},
	} {
		i := probe(t, c.file)
		if i.Format != c.want || i.Duration != c.plays {
			t.Errorf("%s: %v that plays %v, want %q that plays %v", name, i, i.Duration, string(c.want), c.plays)
		}
		if c.want == media.WMV && (i.Width != 320 || i.Height != 240 || i.Codec != "WMV3") {
			t.Errorf("%s: %v", name, i)
		}
	}
	good := asfFile(5000, 1000, packet, sound)
	locked := probe(t, asfFile(5000, 1000, packet, sound, object(asfEncrypted, make([]byte, 16))))
	if len(locked.Notes) != 1 || !strings.Contains(locked.Notes[0], "DRM") {
		t.Errorf("a protected file is not noted: %q", locked.Notes)
	}
	for name, file := range map[string][]byte{
		"no data":           good[:find(t, good, asfData)],
		"data of 2⁶³ bytes": patched(good, find(t, good, asfData)+16, le64(1<<63)...),
		"short properties":  join(object(asfHeader, le32(2), []byte{1, 2}, object(asfProperties, make([]byte, 50)), sound), object(asfData, make([]byte, 26))),
		"65,535 names":      asfFile(5000, 1000, packet, object(asfExtended, make([]byte, 60), le16(65535), le16(65535))),
	} {
		if i := probe(t, file); i.Whole {
			t.Errorf("%s: %v", name, i)
		}
	}
}

func TestMP3TagsAtTheEndHoldNoSound(t *testing.T) {
	ok, want := mp3Frames(100), lasts(2400*time.Millisecond)
	apeHead := join([]byte("APETAGEX"), le32(2000), le32(40), le32(1), le32(1<<31), make([]byte, 8))
	foot := append([]byte("3DI\x04\x00\x10"), 0, 0, 0, 8)
	layer1 := append([]byte{0xFF, 0xFF, 0x14, 0xC0}, make([]byte, 28)...) // 32 kbit/s at 48 kHz: 32 bytes, 8 ms
	for name, file := range map[string][]byte{
		"APE with a head":   join(ok, make([]byte, 40), apeHead),
		"ID3 with a foot":   join(ok, id3(0x10, 8, make([]byte, 8)), foot),
		"tag inside":        join(ok[:50*96], []byte("ID3\x04\x00\x00\x7f\x7f\x7f\x7f"), mp3Frames(0)),
		"all of them":       join(ok, id3(0x10, 8, make([]byte, 8)), foot, make([]byte, 40), apeHead, []byte("LYRICSBEGIN000011LYRICS200"), []byte("TAG"), make([]byte, 125)),
		"APE that is a lie": join(ok, patched(apeHead, 12, 0xFF, 0xFF, 0xFF, 0xFF)),
	} {
		i := probe(t, file)
		plays := want
		if name == "tag inside" {
			plays = lasts(1200 * time.Millisecond)
		}
		if i.Format != media.MP3 || !i.Whole || i.Duration != plays {
			t.Errorf("%s: %v, notes %q", name, i, i.Notes)
		}
	}
	if i := probe(t, bytes.Repeat(layer1, 10)); i.Format != "mp2" || i.Duration != lasts(80*time.Millisecond) {
		t.Errorf("layer I: %q that plays %v", string(i.Format), i.Duration)
	}
}

func TestWAVOfOtherCodings(t *testing.T) {
	adpcm := chunk("fmt ", le16(0x11), le16(1), le32(8000), le32(4055), le16(256), le16(4), le16(2), le16(505))
	words := chunk("fmt ", le16(1), le16(2), le32(8000), le32(64_000), le16(8), le16(24))
	none := chunk("fmt ", le16(7), le16(1), le32(8000), le32(8000), le16(1), le16(0))
	checkSounds(t, []soundCase{
		{"ADPCM by blocks", riff("WAVE", adpcm, chunk("data", make([]byte, 2560))), media.WAV, lasts(631250 * time.Microsecond), ""},
		{"ADPCM, last block not full", riff("WAVE", adpcm, chunk("fact", le32(5000)), chunk("data", make([]byte, 2560))), media.WAV, lasts(625 * time.Millisecond), ""},
		{"ADPCM, fact that lies", riff("WAVE", adpcm, chunk("fact", le32(50)), chunk("data", make([]byte, 2560))), media.WAV, lasts(631250 * time.Microsecond), ""},
		{"24 bits in words of 32", riff("WAVE", words, chunk("data", make([]byte, 64_000))), media.WAV, lasts(time.Second), ""},
		{"µ-law without bits", riff("WAVE", none, chunk("data", make([]byte, 8000))), media.WAV, lasts(time.Second), ""},
		{"other, by its fact", riff("WAVE", wavFormat(0x161, 1, 8000, 8), chunk("fact", le32(16_000)), chunk("data", make([]byte, 800))), media.WAV, lasts(2 * time.Second), ""},
		{"other, by its byte rate", riff("WAVE", wavFormat(0x161, 1, 8000, 8), chunk("data", make([]byte, 800))), media.WAV, lasts(100 * time.Millisecond), ""},
		{"other, unknown", riff("WAVE", patched(wavFormat(0x161, 1, 8000, 8), 16, 0, 0, 0, 0), chunk("data", make([]byte, 800))), media.WAV, unknown, ""},
		{"MP3 without frames", riff("WAVE", wavFormat(0x55, 1, 8000, 8), chunk("data", make([]byte, 800))), media.WAV, lasts(100 * time.Millisecond), ""},
		{"format of 13 bytes", riff("WAVE", chunk("fmt ", make([]byte, 13)), chunk("data", make([]byte, 8))), media.WAV, unknown, "no format chunk"},
	})
	cut := riff("WAVE", wavFormat(1, 1, 8000, 8), chunk("data", make([]byte, 80)), chunk("LIST", make([]byte, 5)))
	copy(cut[4:], le32(uint32(len(cut)-8-4)))
	if i := probe(t, cut[:len(cut)-4]); !i.Whole || len(i.Notes) != 1 {
		t.Errorf("a WAV that is cut behind its sound: %v, notes %q", i, i.Notes)
	}
}

func TestMPEGOfBothVersions(t *testing.T) {
	pack := []byte("\x00\x00\x01\xba\x21\x00\x01\x00\x01\x80\x00\x01")
	stamp := func(pts uint64) []byte {
		return []byte{byte(0x21 | pts>>29&0xE), byte(pts >> 22), byte(pts>>14 | 1), byte(pts >> 7), byte(pts<<1 | 1)}
	}
	old := func(pts uint64) []byte { // stuffing, a size of buffer, a time
		return join([]byte("\x00\x00\x01\xe0\x00\x0a\xff\xff\xff\x60\x2e"), stamp(pts))
	}
	if i := probe(t, join(pack, old(9000), old(99_000), make([]byte, 40))); i.Codec != "mpeg1" || i.Duration != lasts(time.Second) {
		t.Errorf("MPEG-1: %v", i)
	}
	untimed := []byte("\x00\x00\x01\xe0\x00\x07\x80\x00\x05\x21\x00\x01\x00\x01") // its flags say that no time follows
	if i := probe(t, join(pack, untimed, untimed, make([]byte, 40))); i.Duration.Known() || !i.Whole {
		t.Errorf("MPEG-2 without times: %v", i)
	}
	if i := probe(t, join(pack, []byte("\x00\x00\x01\xbd\x00\x04abcd"), make([]byte, 40))); i.Whole || !strings.Contains(i.Fault, "no video") {
		t.Errorf("private data only: %v", i)
	}
	// packets of 192 bytes, each after four bytes of time
	packet := func(pts uint64) []byte {
		p := join(make([]byte, 4), []byte{'G', 0x41, 0, 0x30, 1, 0}, pes(0xE0, pts))
		return append(p, make([]byte, 192-len(p))...)
	}
	if i := probe(t, join(packet(90_000), packet(180_000), packet(270_000), packet(360_000))); i.Format != "mpeg-ts" || i.Duration != lasts(3*time.Second) {
		t.Errorf("packets of 192 bytes: %q that plays %v", string(i.Format), i.Duration)
	}
	long := bytes.Repeat(packet(90_000), 3000)
	copy(long[len(long)-192:], packet(90_000*61))
	if i := probe(t, long); i.Duration != lasts(time.Minute) {
		t.Errorf("a long stream plays %v", i.Duration)
	}
}

func TestRealMediaWithSoundOnlyIsRealAudio(t *testing.T) {
	film := seed(t, "clip.rm")
	sound := patched(film, find(t, film, "VIDO")-4, []byte(".ra\xfd\x00\x04")...)
	if i := probe(t, sound); i.Format != "ra" || i.Whole {
		t.Errorf("%v", i)
	}
	if i := probe(t, slices.Concat(film, make([]byte, 10), []byte("\x01\x02\x03\x04noise"))); !i.Whole || len(i.Notes) != 1 {
		t.Errorf("noise behind: %v, notes %q", i, i.Notes)
	}
	if i := probe(t, film[:find(t, film, "MDPR")+5]); i.Whole {
		t.Errorf("cut in the head of a chunk: %v", i)
	}
}

// pattern is a file of any length: a head, then a unit over and over.
type pattern struct {
	head []byte
	unit string
	read int64
}

func (p *pattern) ReadAt(b []byte, off int64) (int, error) {
	p.read += int64(len(b))
	k := 0
	if off < int64(len(p.head)) {
		k = copy(b, p.head[off:])
	}
	for k < len(b) {
		k += copy(b[k:], p.unit[(off+int64(k-len(p.head)))%int64(len(p.unit)):])
	}
	return len(b), nil
}

// TestNothingIsGoneThroughForEver: of a file of 10 GB at most 64 MiB are walked over; its playing time is then
// unknown, and that is said.
func TestNothingIsGoneThroughForEver(t *testing.T) {
	if raceEnabled {
		t.Skip("takes long with the race detector, and has no goroutines")
	}
	pic := seed(t, "pic.jpg")
	const size = 10 << 30
	for name, p := range map[string]*pattern{
		"amr":        {head: []byte("#!AMR\n"), unit: string(narrow)},
		"mp3":        {unit: string(mp3Frame())},
		"jpeg":       {head: pic[:len(pic)-2], unit: "\x11\x22"},
		"jpeg stray": {head: pic[:find(t, pic, "\xff\xda")], unit: "\x11\x22"},
		"gif":        {head: []byte("GIF89a\x10\x00\x08\x00\x00\x00\x00\x21\xfe"), unit: "\xff" + strings.Repeat("x", 255)},
		"png":        {head: join(seed(t, "pic.png")[:33], be32(1<<30), []byte("IDAT")), unit: "x"},
		"wav":        {head: []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x55\x00\x01\x00\x80\xbb\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00data\xff\xff\xff\xff"), unit: string(mp3Frame())},
	} {
		i, err := media.NewFile("x", p, size).Probe()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if p.read > 66<<20 {
			t.Errorf("%s: %d bytes read", name, p.read)
		}
		if i.Duration.Known() || len(i.Notes)+len(i.Fault) == 0 {
			t.Errorf("%s: plays %v, and nothing is said: %+v", name, i.Duration, i)
		}
	}
}

// short gives less than it was asked for, and no error.
type short struct{}

func (short) ReadAt([]byte, int64) (int, error) { return 0, nil }

func TestReadersThatBreakTheirContractDoNoHarm(t *testing.T) {
	f := media.NewFile("x", short{}, 10)
	if _, err := f.Probe(); err == nil {
		t.Error("a reader that gives nothing is probed")
	}
	r, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 4)); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("Read = %v", err)
	}
	if n, err := r.Read(nil); n != 0 || err != nil {
		t.Errorf("Read of nothing = %d, %v", n, err)
	}
	r, err = media.NewFile("x", failing{io.ErrClosedPipe}, 10).Open()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(make([]byte, 4)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Read = %v", err)
	}
	if got := media.NewFile("x", short{}, -5).Size(); got != 0 {
		t.Errorf("a size of -5 is %d", got)
	}
}
