package media_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
)

type filmCase struct {
	name   string
	file   []byte
	format media.Format
	plays  media.Duration
	fault  string // part of it; "" wants a whole file, or one that is known by name only
}

func checkFilms(t *testing.T, cases []filmCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := probe(t, c.file)
			if i.Format != c.format || i.Duration != c.plays {
				t.Errorf("%s that plays %v, want %s that plays %v (%s)", i.Format, i.Duration, c.format, c.plays, i.Fault)
			}
			if (i.Fault == "") != (c.fault == "") || !strings.Contains(i.Fault, c.fault) {
				t.Errorf("fault %q, want %q", i.Fault, c.fault)
			}
		})
	}
}

func TestMP4IsReadBoxByBox(t *testing.T) {
	head, data := ftyp("isom", "isom", "mp42"), box("mdat", make([]byte, 64))
	moov := movie(1000, 2500)
	plays := lasts(2500 * time.Millisecond)
	long := join(be32(0), []byte("mdat"), make([]byte, 64))
	large := join(be32(1), []byte("mdat"), be64(80), make([]byte, 64))
	version1 := box("moov", box("mvhd", []byte{1, 0, 0, 0}, make([]byte, 16), be32(90_000), be64(1<<33), make([]byte, 80)), track(1, 1000, 0))
	still := track(1, 1000, 2500)
	still = patched(still, find(t, still, "avc1"), []byte("jpeg")...)
	soundTrack := track(2, 1000, 2500)
	soundTrack = patched(soundTrack, find(t, soundTrack, "vide"), []byte("soun")...)
	sound := patched(moov, find(t, moov, "vide"), []byte("soun")...)
	checkFilms(t, []filmCase{
		{"index first", join(head, moov, data), media.MP4, plays, ""},
		{"index last", join(head, data, moov), media.MP4, plays, ""},
		{"data to the end", join(head, moov, long), media.MP4, plays, ""},
		{"64-bit size", join(head, large, moov), media.MP4, plays, ""},
		{"free boxes", join(head, box("free", make([]byte, 9)), box("skip"), moov, data), media.MP4, plays, ""},
		{"64-bit length", join(head, version1, data), media.MP4, unknown, ""}, // 26 hours: nobody's film
		{"scale 0", join(head, movie(0, 2500), data), media.MP4, unknown, ""},
		{"length unknown", join(head, movie(1000, 1<<32-1), data), media.MP4, unknown, ""},
		{"length of the track", join(head, box("moov", mvhd(1000, 0), track(1, 600, 1500)), data), media.MP4, plays, ""},
		{"two indexes", join(head, moov, data, movie(1000, 9999)), media.MP4, plays, ""},
		{"M4V", join(ftyp("M4V ", "M4V "), moov, data), media.MP4, plays, ""},
		{"unknown brand of a kind", join(ftyp("abcd", "iso6"), moov, data), media.MP4, plays, ""},
		{"MOV by brand", join(ftyp("qt  ", "qt  ", "mp42"), moov, data), "mov", plays, ""},
		{"MOV without a brand", join(moov, data), "mov", plays, ""},
		{"3GP", join(ftyp("3gp5", "isom"), moov, data), "3gp", plays, ""},
		{"3GP of Apple's", join(ftyp("3g2a", "isom"), moov, data), "3gp", plays, ""},
		{"M4A", join(ftyp("M4A ", "mp42"), moov, data), "m4a", plays, ""},
		{"sound only", join(head, sound, data), "m4a", plays, ""},
		{"sound with a cover", join(head, box("moov", mvhd(1000, 2500), still, soundTrack), data), "m4a", plays, ""},
		{"ends with zeros", join(head, moov, data, make([]byte, 20)), media.MP4, plays, ""},
		{"ends with noise", join(head, moov, data, bytes.Repeat([]byte{0x91, 3}, 50)), media.MP4, plays, ""},

		{"no index", join(head, data), media.MP4, unknown, "no index"},
		{"no data", join(head, moov), media.MP4, plays, "no data"},
		{"brand only", head, media.MP4, unknown, "no index"},
		{"no tracks", join(head, box("moov", mvhd(1000, 2500)), data), media.MP4, plays, "no tracks"},
		{"video without an entry", join(head, patched(moov, find(t, moov, "stsd")+8, 0, 0, 0, 0), data), media.MP4, plays, "no video track"},
		{"size 3", join(head, be32(3), []byte("moov"), make([]byte, 50)), media.MP4, unknown, "smaller than its own head"},
		{"child of size 0", join(head, box("moov", be32(0), []byte("mvhd"), make([]byte, 50)), data), media.MP4, unknown, "smaller than its own head"},
		{"past the end", join(head, be32(1<<31-1), []byte("moov"), make([]byte, 50)), media.MP4, unknown, "cut off"},
		{"64-bit size of 2⁶⁴−1", join(head, be32(1), []byte("moov"), be64(1<<64-1), make([]byte, 50)), media.MP4, unknown, "impossible size"},
		{"64-bit size of 2⁶³−1", join(head, be32(1), []byte("moov"), be64(1<<63-1), make([]byte, 50)), media.MP4, unknown, "impossible size"},
		{"64-bit size of 8", join(head, be32(1), []byte("free"), be64(8), moov, data), media.MP4, unknown, "impossible size"},
		{"child past its parent", join(head, box("moov", patched(box("trak", make([]byte, 16)), 0, 0, 0, 99)), data), media.MP4, unknown, "larger than the one around it"},
		{"100,000 boxes", join(head, bytes.Repeat(box("free"), 100_000), moov, data), media.MP4, unknown, "more than 10000 boxes"},
	})
	deep := head
	for k := range uint32(20_000) {
		deep = append(append(deep, be32(8*(20_000-k)+uint32(len(data)))...), [2]string{"moov", "trak"}[k%2]...)
	}
	if i := probe(t, join(deep, data)); i.Whole {
		t.Errorf("20,000 boxes in each other are %v", i)
	}
}

// fragment is a moof of one run, and its data.
func fragment(id uint32, flags uint32, count uint32, entries ...[]byte) []byte {
	return join(box("moof", box("traf",
		box("tfhd", be32(0), be32(id)),
		box("trun", be32(flags), be32(count), join(entries...)))), box("mdat", make([]byte, 16)))
}

func TestFragmentsAreAddedUp(t *testing.T) {
	head := ftyp("iso5", "iso5")
	trex := box("trex", be32(0), be32(1), be32(1), be32(40), make([]byte, 8))
	begin := join(head, movie(1000, 0, box("mvex", trex)))
	withMEHD := join(head, movie(1000, 0, box("mvex", box("mehd", be32(0), be32(7000)), trex)))
	each := fragment(1, 0x100, 3, be32(10), be32(20), be32(30))
	byDefault := fragment(1, 0, 25)
	stored := join(head, movie(1000, 500, box("mvex", trex)))
	own := join(box("moof", box("traf", box("tfhd", be32(0x8), be32(1), be32(100)), box("trun", be32(0), be32(5)))), box("mdat"))
	checkFilms(t, []filmCase{
		{"a time for each sample", join(begin, each, each), media.MP4, lasts(120 * time.Millisecond), ""},
		{"the track's default", join(begin, byDefault), media.MP4, lasts(time.Second), ""},
		{"the fragment's default", join(begin, own), media.MP4, lasts(500 * time.Millisecond), ""},
		{"samples in the head as well", join(stored, byDefault, each), media.MP4, lasts(1560 * time.Millisecond), ""},
		{"stated for all", join(withMEHD, each), media.MP4, lasts(7 * time.Second), ""},
		{"of an unknown track", join(begin, fragment(9, 0, 25)), media.MP4, unknown, ""},
		{"2³²−1 samples by default", join(begin, fragment(1, 0, 1<<32-1)), media.MP4, unknown, ""},
		{"2³²−1 samples claimed", join(begin, fragment(1, 0x100, 1<<32-1)), media.MP4, unknown, "a run of 4294967295 samples"},
		{"head only", begin, media.MP4, unknown, "without a fragment"},
		{"cut", join(begin, each, each[:40]), media.MP4, lasts(60 * time.Millisecond), "cut off"},
	})
	// too many to be gone through, and no reason to refuse it
	i := probe(t, join(begin, bytes.Repeat(each, 5000)))
	if !i.Whole || i.Duration.Known() || len(i.Notes) != 1 {
		t.Errorf("5000 fragments are %v, notes %q", i, i.Notes)
	}
}

func TestAVIPlaysAsLongAsItsLongestStream(t *testing.T) {
	avih := chunk("avih", le32(100_000), make([]byte, 12), le32(25), make([]byte, 36))
	strh := func(kind string, scale, rate, n uint32) []byte {
		return chunk("strh", []byte(kind), []byte("XVID"), make([]byte, 12), le32(scale), le32(rate), le32(0), le32(n), make([]byte, 20))
	}
	strf := chunk("strf", le32(40), le32(320), le32(240), le32(0), []byte("XVID"), make([]byte, 20))
	list := func(kind string, chunks ...[]byte) []byte {
		return chunk("LIST", append([][]byte{[]byte(kind)}, chunks...)...)
	}
	movi := list("movi", make([]byte, 64))
	file := func(streams ...[]byte) []byte {
		return riff("AVI ", list("hdrl", append([][]byte{avih}, streams...)...), movi)
	}
	video := list("strl", strh("vids", 1, 10, 25), strf)
	deep := movi
	for range 300 {
		deep = list("strl", deep)
	}
	checkFilms(t, []filmCase{
		{"video", file(video), media.AVI, lasts(2500 * time.Millisecond), ""},
		{"longer sound", file(video, list("strl", strh("auds", 1, 8000, 24_000))), media.AVI, lasts(3 * time.Second), ""},
		{"rate 0", file(list("strl", strh("vids", 1, 0, 25))), media.AVI, lasts(2500 * time.Millisecond), ""},
		{"scale 0", file(list("strl", strh("vids", 0, 0, 25))), media.AVI, lasts(2500 * time.Millisecond), ""},
		{"large file", file(video, list("odml", chunk("dmlh", le32(250)))), media.AVI, lasts(25 * time.Second), ""},
		{"second RIFF", join(file(video), riff("AVIX", movi)), media.AVI, lasts(2500 * time.Millisecond), ""},
		{"junk first", riff("AVI ", chunk("JUNK", make([]byte, 30)), list("hdrl", avih, video), movi), media.AVI, lasts(2500 * time.Millisecond), ""},
		{"size 0", patched(file(video), 4, 0, 0, 0, 0), media.AVI, lasts(2500 * time.Millisecond), ""},
		{"cut", file(video)[:250], media.AVI, unknown, "cut off"},
		{"second RIFF cut", join(file(video), riff("AVIX", movi)[:40]), media.AVI, lasts(2500 * time.Millisecond), "cut off"},
		{"no headers", riff("AVI ", movi), media.AVI, unknown, "no headers"},
		{"no data", riff("AVI ", list("hdrl", avih, video)), media.AVI, lasts(2500 * time.Millisecond), "no data"},
		{"no video", file(list("strl", strh("auds", 1, 8000, 8000))), media.AVI, lasts(time.Second), "no video stream"},
		{"list of 4 GB", patched(file(video), 16, 0xFF, 0xFF, 0xFF, 0xFF), media.AVI, unknown, "cut off"},
		{"300 lists deep", riff("AVI ", list("hdrl", deep)), media.AVI, unknown, "lists more than 8 deep"},
	})
}

// pes is a packet of MPEG video with a presentation time.
func pes(stream byte, pts uint64, body ...byte) []byte {
	stamp := []byte{byte(0x21 | pts>>29&0xE), byte(pts >> 22), byte(pts>>14 | 1), byte(pts >> 7), byte(pts<<1 | 1)}
	return join([]byte{0, 0, 1, stream}, be16(uint16(8+len(body))), []byte{0x80, 0x80, 5}, stamp, body)
}

func TestMPEGPlaysFromItsFirstTimeToItsLast(t *testing.T) {
	pack := join([]byte{0, 0, 1, 0xBA, 0x44}, make([]byte, 9))
	sequence := []byte{0, 0, 1, 0xB3, 0x14, 0x00, 0xF0, 0x13} // 320×240, 25 a second
	const second = 90_000
	frame := 40 * time.Millisecond
	far := bytes.Repeat(join([]byte{0, 0, 1, 0xBE}, be16(2000), bytes.Repeat([]byte{0xFF}, 2000)), 400)
	checkFilms(t, []filmCase{
		{"short", join(pack, pes(0xE0, second, sequence...), pes(0xE0, 3*second)), media.MPG, lasts(2*time.Second + frame), ""},
		{"out of order", join(pack, pes(0xE0, 2*second, sequence...), pes(0xE0, second), pes(0xE0, 4*second), pes(0xE0, 3*second)), media.MPG, lasts(3*time.Second + frame), ""},
		{"long", join(pack, pes(0xE0, second, sequence...), far, pack, pes(0xE0, 61*second)), media.MPG, lasts(time.Minute + frame), ""},
		{"clock wraps", join(pack, pes(0xE0, 1<<33-second, sequence...), far, pes(0xE0, second)), media.MPG, lasts(2*time.Second + frame), ""},
		{"clock begins again", join(pack, pes(0xE0, 900*second, sequence...), far, pes(0xE0, second)), media.MPG, unknown, ""},
		{"one time", join(pack, pes(0xE0, second, sequence...)), media.MPG, unknown, ""},
		{"video without times", join(pack, []byte{0, 0, 1, 0xE0, 0, 3, 0x80, 0, 0}), media.MPG, unknown, ""},
		{"sound only", join(pack, pes(0xC0, second), pes(0xC0, 2*second)), media.MPG, unknown, "no video"},
		{"packs only", bytes.Repeat([]byte{0, 0, 1, 0xBA}, 5000), media.MPG, unknown, "no packets"},
		{"bare video", join(sequence, make([]byte, 4), []byte{0, 0, 1, 0}, make([]byte, 50)), media.MPG, unknown, ""},
		{"bare video without a picture", join(sequence, bytes.Repeat([]byte{9}, 50)), media.MPG, unknown, "no picture"},
		{"bare video without a size", []byte{0, 0, 1, 0xB3, 0, 0, 0, 0x13, 0, 0, 0, 0, 0, 0, 1, 0}, media.MPG, unknown, "without size"},
	})
}

func TestRealMediaIsReadChunkByChunk(t *testing.T) {
	real := seed(t, "clip.rm")
	prop, data := find(t, real, "PROP"), find(t, real, "DATA")
	mdpr := find(t, real, "MDPR")
	sound := join(real[:mdpr], bytes.Replace(real[mdpr:], []byte("VIDO"), []byte("AUDI"), 1))
	second := lasts(time.Second)
	checkFilms(t, []filmCase{
		{"as it is", real, media.RM, second, ""},
		{"named RV40", bytes.Replace(real, []byte("RV20"), []byte("RV40"), 1), media.RM, second, ""},
		{"length unknown", patched(real, prop+30, 0xFF, 0xFF, 0xFF, 0xFF), media.RM, unknown, ""},
		{"length of 49 days", patched(real, prop+30, 0xFF, 0xFF, 0xFF, 0xFE), media.RM, unknown, ""},
		{"chunk of 0 bytes", patched(real, prop+4, 0, 0, 0, 0), media.RM, unknown, "of 0 bytes"},
		{"chunk of 4 GB", patched(real, prop+4, 0xFF, 0xFF, 0xFF, 0xFF), media.RM, unknown, "cut off"},
		{"no properties", patched(real, prop, 'X'), media.RM, unknown, "no properties"},
		{"no data", real[:data], media.RM, second, "no data"},
		{"no video", sound, media.RM, second, "no video stream"},
		{"name past the end", patched(real, mdpr+40, 0xFF), media.RM, second, "no video stream"},
		{"cut", real[:len(real)/2], media.RM, second, "cut off"},
		{"cut by 20 bytes", real[:len(real)-20], media.RM, second, "cut off"},
		{"bytes behind", slices.Concat(real, make([]byte, 5)), media.RM, second, ""},
	})
	if i := probe(t, bytes.Repeat([]byte(".RMF\x00\x00\x00\x0a\x00\x00"), 20_000)); i.Whole {
		t.Errorf("20,000 headers are %v", i)
	}
}
