package media_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/seed-a9908ced/wechat-go/media"
)

// seeds are the names of the real files in testdata.
func seeds(tb testing.TB) []string {
	tb.Helper()
	entries, err := os.ReadDir("testdata")
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !e.IsDir() && filepath.Ext(e.Name()) != ".sh" {
			names = append(names, e.Name())
		}
	}
	return names
}

// fuzz begins from real files and from others, and asserts of every input what [bounded] does, that looking
// twice gives the same, and that a verdict comes out under every rule.
func fuzz(f *testing.F, files []string, more ...[]byte) {
	f.Helper()
	for _, name := range files {
		f.Add(seed(f, name))
	}
	for _, b := range more {
		f.Add(b)
	}
	rules := everyRules()
	f.Fuzz(func(t *testing.T, b []byte) {
		i := bounded(t, b)
		if again := bounded(t, b); !reflect.DeepEqual(i, again) {
			t.Errorf("looking again gives something else: %+v, then %+v", i, again)
		}
		verdicts(t, i, rules)
	})
}

func FuzzImageHeader(f *testing.F) {
	fuzz(f, []string{"pic.jpg", "pic.png", "pic.gif", "anim.gif", "pic.bmp", "pic.webp"},
		[]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00\x3b"),
		[]byte("GIF89a/*\xff\xff\x00\x00\x00*/=1;alert(1)"),
		join([]byte("\x89PNG\r\n\x1a\n"), pngHeader(1<<31-1, 1<<31-1), pngChunk("IDAT", nil), pngChunk("IEND", nil)),
		[]byte("\xff\xd8\xff\xd9"), []byte("BM and text"))
}

func FuzzAMR(f *testing.F) {
	fuzz(f, []string{"tone.amr", "tone.awb"}, []byte("#!AMR\n"), amr("#!AMR\n", []byte{0x7c}, 9), amr("#!AMR-WB\n", []byte{13 << 3}, 3),
		[]byte("#!AMR_MC1.0\n\x00\x00\x00\x02"))
}

func FuzzMP3(f *testing.F) {
	fuzz(f, []string{"tone.mp3", "bare.mp3", "tone.mp2"}, mp3Frames(3), join(xing("Xing", 1<<32-1, 4095, 4095), mp3Frames(2)),
		join(mp3Frames(3), []byte("junk"), mp3Frames(3)), id3(0x10, 1<<27, nil), []byte("\x13\x37\xff\xfb\x14\xc0"))
}

func FuzzWAV(f *testing.F) {
	fuzz(f, []string{"tone.wav", "adpcm.wav", "mp3in.wav"}, riff("WAVE", wavFormat(1, 1, 1, 8), chunk("data", make([]byte, 9))),
		[]byte("RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff"), []byte("RF64\xff\xff\xff\xffWAVEds64\x1c\x00\x00\x00"))
}

func FuzzASF(f *testing.F) { fuzz(f, []string{"tone.wma", "clip.wmv"}, seed(f, "tone.wma")[:16]) }

func FuzzMP4(f *testing.F) {
	head, data := ftyp("isom", "isom"), box("mdat", make([]byte, 8))
	large := func(n uint64) []byte { return join(head, be32(1), []byte("moov"), be64(n), movie(1, 1)) }
	fuzz(f, []string{"clip.mp4", "last.mp4", "frag.mp4", "fragkey.mp4", "clip.mov", "clip.3gp", "tone.m4a"},
		join(head, movie(1000, 2500), data), join(head, data, movie(1000, 2500)), large(0), large(1<<63), large(1<<64-8),
		join(head, be32(0), []byte("moov"), movie(1, 1)), join(head, be32(7), []byte("moov")),
		join(head, movie(1000, 0, box("mvex", box("trex", be32(0), be32(1), be32(1), be32(40)))), fragment(1, 0xF01, 3, make([]byte, 52))))
}

func FuzzAVI(f *testing.F) {
	fuzz(f, []string{"clip.avi"}, riff("AVI "), join(riff("AVI "), riff("AVIX")))
}

func FuzzMPEG(f *testing.F) {
	fuzz(f, []string{"clip.mpg", "clip.vob", "clip.m1v", "clip.ts"}, join([]byte("\x00\x00\x01\xba\x44"), pes(0xE0, 1<<33-1), pes(0xE0, 1)))
}

func FuzzRealMedia(f *testing.F) {
	fuzz(f, []string{"clip.rm"}, []byte(".RMF\x00\x00\x00\x0a\x00\x00"))
}

// FuzzProbe begins from one file of each format, for what one parser leaves to another.
func FuzzProbe(f *testing.F) {
	fuzz(f, seeds(f), []byte("<!doctype html>"), []byte(`{"errcode":1}`), []byte("\x1a\x45\xdf\xa3"), []byte("%PDF"))
}

// verdicts judges a file by sets of rules and asserts that what they say holds together.
func verdicts(tb testing.TB, i media.Info, rules []media.Rules) {
	tb.Helper()
	for _, r := range rules {
		for _, k := range []media.Kind{media.Image, media.Voice, media.Video, media.Thumb, "no kind"} {
			found := r.Check(k, i)
			if len(found) == 0 && !i.Whole {
				tb.Errorf("%s %s takes a file that is not whole: %v", r.Use, k, i)
			}
			for _, v := range found {
				if v.Rule == "" || v.Message == "" || v.Limit == "" {
					tb.Errorf("%s %s: a violation that says nothing: %+v", r.Use, k, v)
				}
			}
		}
	}
}
