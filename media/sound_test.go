package media_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
)

// soundCase is a file that is built byte by byte, and what it is.
type soundCase struct {
	name   string
	file   []byte
	format media.Format
	plays  media.Duration
	fault  string // part of it; "" wants a whole file
}

func checkSounds(t *testing.T, cases []soundCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			i := probe(t, c.file)
			if i.Format != c.format || i.Duration != c.plays {
				t.Errorf("%s that plays %v, want %s that plays %v", i.Format, i.Duration, c.format, c.plays)
			}
			if i.Whole != (c.fault == "") || !strings.Contains(i.Fault, c.fault) {
				t.Errorf("whole %t, fault %q, want %q", i.Whole, i.Fault, c.fault)
			}
		})
	}
}

func lasts(d time.Duration) media.Duration { return media.Lasting(d) }

var unknown media.Duration

func TestAMRIsCountedByFrames(t *testing.T) {
	const nb, wb = "#!AMR\n", "#!AMR-WB\n"
	every := []byte(nb) // each type once: 160 ms, comfort noise and silence 40 ms
	for ft, n := range []int{12, 13, 15, 17, 19, 20, 26, 31, 5} {
		every = append(every, make([]byte, n+1)...)
		every[len(every)-n-1] = byte(ft<<3 | 4)
	}
	every = append(every, 15<<3)
	everyWide := []byte(wb)
	for ft, n := range []int{17, 23, 32, 36, 40, 46, 50, 58, 60, 5} {
		everyWide = append(everyWide, make([]byte, n+1)...)
		everyWide[len(everyWide)-n-1] = byte(ft << 3)
	}
	everyWide = append(everyWide, 14<<3, 15<<3)
	checkSounds(t, []soundCase{
		{"3000 frames", amr(nb, narrow, 3000), media.AMR, lasts(time.Minute), ""},
		{"3001 frames", amr(nb, narrow, 3001), media.AMR, lasts(60020 * time.Millisecond), ""},
		{"3001 frames of wide band", amr(wb, wide, 3001), media.AMR, lasts(60020 * time.Millisecond), ""},
		{"every type", every, media.AMR, lasts(200 * time.Millisecond), ""},
		{"every wide type", everyWide, media.AMR, lasts(240 * time.Millisecond), ""},
		{"silence", amr(nb, []byte{15 << 3}, 200_000), media.AMR, lasts(4000 * time.Second), ""},
		{"header only", []byte(nb), media.AMR, lasts(0), "without a single frame"},
		{"cut in the last frame", amr(nb, narrow, 101)[:6+100*32+9], media.AMR, lasts(2 * time.Second), "23 bytes missing"},
		{"reserved type", amr(nb, []byte{12 << 3}, 5), media.AMR, lasts(0), "begins no AMR frame"},
		{"reserved wide type", append(amr(wb, wide, 50), 13<<3), media.AMR, lasts(time.Second), "begins no AMR frame"},
		{"spare bits", amr(nb, []byte{15<<3 | 0x80}, 5), media.AMR, lasts(0), "begins no AMR frame"},
	})
	for _, c := range []struct {
		file   []byte
		format media.Format
	}{{[]byte("#!AM"), "text"}, {[]byte("#!AMR-XY\n"), media.Unknown}, {amr("#!AMR_MC1.0\n\x00\x00\x00\x02", narrow, 100), "amr-multichannel"}} {
		if i := probe(t, c.file); i.Format != c.format || i.Whole {
			t.Errorf("%.12q is %q, whole %t, want %q", c.file, i.Format, i.Whole, c.format)
		}
	}
}

// xing is an MP3 frame without sound: a header that states frames and what LAME added at both ends.
func xing(word string, frames uint32, delay, padding int) []byte {
	f := mp3Frame()
	f[2] = 0x94 // 128 kbit/s: 384 bytes, as the header does not fit 96
	f = append(f, make([]byte, 384-96)...)
	copy(f[21:], join([]byte(word), be32(15), be32(frames), be32(0), make([]byte, 104), []byte("LAME3.100"), make([]byte, 12),
		[]byte{byte(delay >> 4), byte(delay<<4 | padding>>8), byte(padding)}))
	return f
}

func TestMP3IsWalkedFrameByFrame(t *testing.T) {
	const frame = 24 * time.Millisecond
	vbri := mp3Frame()
	copy(vbri[36:], "VBRI")
	tail := append([]byte("TAG"), make([]byte, 125)...)
	ape := join([]byte("APETAGEX"), le32(2000), le32(64), le32(1), le32(0), make([]byte, 8))
	lyrics := []byte("LYRICSBEGIN" + strings.Repeat("x", 20) + "000031LYRICS200")
	slow := append([]byte{0xFF, 0xF3, 0x84, 0xC0}, make([]byte, 188)...) // MPEG-2, 64 kbit/s, 24 kHz: 192 bytes, 24 ms
	ok := mp3Frames(200)
	checkSounds(t, []soundCase{
		{"2500 frames", mp3Frames(2500), media.MP3, lasts(time.Minute), ""},
		{"2501 frames", mp3Frames(2501), media.MP3, lasts(time.Minute + frame), ""},
		{"one frame", mp3Frame(), media.MP3, lasts(frame), ""},
		{"tag", join(id3(0, 100, make([]byte, 100)), ok), media.MP3, lasts(200 * frame), ""},
		{"tag with footer", join(id3(0x10, 100, make([]byte, 100)), make([]byte, 10), ok), media.MP3, lasts(200 * frame), ""},
		{"2000 empty tags", join(bytes.Repeat(id3(0, 0, nil), 2000), ok), media.MP3, lasts(200 * frame), ""},
		{"tags at the end", join(ok, lyrics, ape[:0], tail), media.MP3, lasts(200 * frame), ""},
		{"APE tag", join(ok, make([]byte, 32), ape), media.MP3, lasts(200 * frame), ""},
		{"tag past the end", join(id3(0, 0x0fffffff, nil), ok), media.MP3, unknown, "more bytes than the file has"},
		{"only a tag", id3(0, 400, make([]byte, 400)), media.MP3, unknown, "no sound after it"},
		{"a tag and noise", join(id3(0, 0, nil), bytes.Repeat([]byte{0x13, 0x37}, 999)), media.MP3, unknown, "no frames after it"},
		{"Xing frame", join(xing("Xing", 200, 0, 0), ok), media.MP3, lasts(200 * frame), ""},
		{"Info frame with padding", join(xing("Info", 200, 576, 576), ok), media.MP3, lasts(199 * frame), ""},
		{"padding of a header that lies", join(xing("Xing", 77, 576, 576), ok), media.MP3, lasts(200 * frame), ""},
		{"VBRI frame", join(vbri, ok), media.MP3, lasts(200 * frame), ""},
		{"joined files", join(xing("Info", 200, 576, 576), ok, id3(0, 10, make([]byte, 10)), xing("Info", 200, 0, 0), ok), media.MP3, lasts(399 * frame), ""},
		{"another rate midway", join(ok, bytes.Repeat(slow, 100)), media.MP3, lasts(300 * frame), ""},
		{"junk before", join(bytes.Repeat([]byte{0x13, 0x37}, 700), ok), media.MP3, lasts(200 * frame), ""},
		{"junk between", join(ok, make([]byte, 4000), ok), media.MP3, lasts(400 * frame), ""},
		{"junk after", join(ok, make([]byte, 4000)), media.MP3, lasts(200 * frame), ""},
		{"cut in the last frame", ok[:len(ok)-40], media.MP3, lasts(199 * frame), ""},
		{"only a header frame", join(xing("Info", 0, 0, 0)), media.MP3, lasts(0), "not one frame of sound"},
	})
	for name, file := range map[string][]byte{
		"one frame, then noise": join(mp3Frame(), bytes.Repeat([]byte{0x13, 0x37}, 3000)),
		"two frames":            join(mp3Frames(2), bytes.Repeat([]byte{0x13, 0x37}, 3000)),
		"free format":           bytes.Repeat(join([]byte{0xFF, 0xFB, 0x04, 0xC0}, make([]byte, 92)), 50),
	} {
		if i := probe(t, file); i.Format == media.MP3 {
			t.Errorf("%s is taken for MP3: %v", name, i)
		}
	}
}

// TestMP3PaddingIsExact: 60 s of sound at 44.1 kHz take 2298 frames of 1152 samples, of which LAME says that
// 576 in front and 720 behind are its own.
func TestMP3PaddingIsExact(t *testing.T) {
	frame := append([]byte{0xFF, 0xFB, 0x10, 0xC0}, make([]byte, 100)...) // 32 kbit/s, 44.1 kHz: 104 bytes
	head := xing("Info", 2298, 576, 720)
	head[2] = 0x90 // 44.1 kHz as well, where 128 kbit/s take 417 bytes
	head = append(head, make([]byte, 417-384)...)
	i := probe(t, join(head, bytes.Repeat(frame, 2298)))
	if want := lasts(time.Minute); i.Duration != want {
		t.Errorf("plays %v, want %v", i.Duration, want)
	}
}

func TestWAVPlaysAsLongAsItsData(t *testing.T) {
	format, second := wavFormat(1, 1, 8000, 8), make([]byte, 8000)
	data := chunk("data", second, second)
	lying := slices.Clone(format)
	copy(lying[16:], le32(80_000)) // byte rate
	block0, block9, rate0 := slices.Clone(format), slices.Clone(format), slices.Clone(format)
	copy(block0[20:], le16(0))
	copy(block9[20:], le16(9))
	copy(rate0[12:], le32(0))
	stream := riff("WAVE", format, []byte("data"), le32(0xFFFFFFFF), second)
	copy(stream[4:], le32(0xFFFFFFFF))
	zero := riff("WAVE", format, []byte("data"), le32(0), second)
	copy(zero[4:], le32(0))
	rf64 := riff("WAVE", chunk("ds64", le64(0), le64(8000), le64(0), le32(0)), format, []byte("data"), le32(0xFFFFFFFF), second, chunk("junk", second))
	copy(rf64, "RF64")
	rifx := []byte("RIFX\x00\x00\x1f\x64WAVEfmt \x00\x00\x00\x10\x00\x01\x00\x01\x00\x00\x1f\x40\x00\x00\x1f\x40\x00\x01\x00\x08data\x00\x00\x1f\x40")
	extensible := chunk("fmt ", le16(0xFFFE), le16(2), le32(48000), le32(0), le16(8), le16(32), le16(22), le16(24), le32(3), le16(3), make([]byte, 14))
	one := time.Second / 8000
	checkSounds(t, []soundCase{
		{"60 s", riff("WAVE", format, chunk("data", make([]byte, 480_000))), media.WAV, lasts(time.Minute), ""},
		{"a sample more", riff("WAVE", format, chunk("data", make([]byte, 480_001))), media.WAV, lasts(time.Minute + one), ""},
		{"byte rate that lies", riff("WAVE", lying, data), media.WAV, lasts(2 * time.Second), ""},
		{"block size 0", riff("WAVE", block0, data), media.WAV, lasts(2 * time.Second), ""},
		{"block size that lies", riff("WAVE", block9, data), media.WAV, lasts(2 * time.Second), ""},
		{"chunks around", riff("WAVE", chunk("junk", make([]byte, 333)), format, data, chunk("LIST", make([]byte, 8))), media.WAV, lasts(2 * time.Second), ""},
		{"streamed", stream, media.WAV, lasts(time.Second), ""},
		{"streamed with zeros", zero, media.WAV, lasts(time.Second), ""},
		{"RF64", rf64, media.WAV, lasts(time.Second), ""},
		{"RIFX", append(rifx, second...), media.WAV, lasts(time.Second), ""},
		{"extensible", riff("WAVE", extensible, chunk("data", make([]byte, 48000*8))), media.WAV, lasts(time.Second), ""},
		{"no format", riff("WAVE", data), media.WAV, unknown, "no format chunk"},
		{"no data", riff("WAVE", format), media.WAV, unknown, "no data chunk"},
		{"empty data", riff("WAVE", format, chunk("data")), media.WAV, unknown, "no sound in it"},
		{"rate 0", riff("WAVE", rate0, data), media.WAV, unknown, "0 samples a second"},
		{"format of 4 GB", riff("WAVE", patched(format, 4, 0xF0, 0xFF, 0xFF, 0xFF), data), media.WAV, unknown, "cut off"},
		{"format after data", riff("WAVE", data, format), media.WAV, lasts(2 * time.Second), ""},
		{"20,000 empty chunks", riff("WAVE", bytes.Repeat(chunk("junk"), 20_000), format, data), media.WAV, unknown, "more than 10000 chunks"},
	})
	if i := probe(t, riff("WAVE", format, data)[:16000]); i.Whole || !i.Duration.Known() {
		t.Errorf("a WAV without its last samples is %v", i)
	}
}

func TestWMAPlaysItsTimeLessPreroll(t *testing.T) {
	real := seed(t, "tone.wma")
	at := find(t, real, "\xa1\xdc\xab\x8c\x47\xa9\xcf\x11") // File Properties
	with := func(play, preroll uint64, flags uint32) []byte {
		b := patched(real, at+64, le64(play)...)
		b = patched(b, at+80, le64(preroll)...)
		return patched(b, at+88, le32(flags)...)
	}
	checkSounds(t, []soundCase{
		{"as it is", real, media.WMA, lasts(1024 * time.Millisecond), ""},
		{"60 s", with(63_100*10_000, 3100, 2), media.WMA, lasts(time.Minute), ""},
		{"100 ns more", with(63_100*10_000+1, 3100, 2), media.WMA, lasts(time.Minute + 100), ""},
		{"broadcast", with(0, 3100, 1), media.WMA, lasts(992 * time.Millisecond), ""},
		{"play time unknown", with(1<<64-1, 3100, 2), media.WMA, lasts(992 * time.Millisecond), ""},
		{"preroll over play time", with(10_000, 1<<40, 2), media.WMA, lasts(992 * time.Millisecond), ""},
		{"less than its packets are sent over", with(1_000_000, 50, 2), media.WMA, lasts(992 * time.Millisecond), ""},
		{"object of 0 bytes", patched(real, at+16, le64(0)...), "asf", unknown, "claims 0 bytes"},
		{"object of 2⁶³ bytes", patched(real, at+16, le64(1<<63+5)...), "asf", unknown, "claims"},
		{"no properties", patched(real, at, 0x99, 0x99), media.WMA, unknown, "no file properties"},
		{"header only", real[:16], "asf", unknown, "cut off"},
		{"cut", real[:len(real)/2], media.WMA, lasts(1024 * time.Millisecond), "cut off"},
	})
	extension := join([]byte("\xb5\x03\xbf\x5f\x2e\xa9\xcf\x11\x8e\xe3\x00\xc0\x0c\x20\x53\x65"), le64(24+22), make([]byte, 22))
	nested := join(real[:30], bytes.Repeat(extension, 3000))
	if i := probe(t, patched(nested, 16, le64(uint64(len(nested)))...)); i.Whole {
		t.Errorf("3000 header extensions are %v", i)
	}
}
