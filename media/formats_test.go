package media_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a9908ced/wechat-go/media"
)

var byContent = cmpopts.IgnoreFields(media.Info{}, "Name", "Bytes", "Quality")

func compareDurations(a, b media.Duration) bool { return a == b }

// TestRealFilesAreKnown: files of FFmpeg's, with what ffprobe says of them.
func TestRealFilesAreKnown(t *testing.T) {
	const ms = time.Millisecond
	for name, want := range map[string]media.Info{
		"pic.jpg":   {Format: media.JPEG, Codec: "jpeg", Width: 32, Height: 24, Whole: true},
		"pic.png":   {Format: media.PNG, Codec: "png", Width: 32, Height: 24, Whole: true},
		"pic.gif":   {Format: media.GIF, Codec: "gif", Width: 32, Height: 24, Whole: true},
		"anim.gif":  {Format: media.GIF, Codec: "gif", Width: 16, Height: 12, Whole: true},
		"pic.bmp":   {Format: media.BMP, Codec: "bmp", Width: 32, Height: 24, Whole: true},
		"tone.amr":  {Format: media.AMR, Codec: "amr-nb", Duration: media.Lasting(1020 * ms), Whole: true},
		"tone.awb":  {Format: media.AMR, Codec: "amr-wb", Duration: media.Lasting(1000 * ms), Whole: true},
		"tone.mp3":  {Format: media.MP3, Codec: "mp3", Duration: media.Lasting(1000 * ms), Whole: true},
		"bare.mp3":  {Format: media.MP3, Codec: "mp3", Duration: media.Lasting(1080 * ms), Whole: true},
		"tone.wav":  {Format: media.WAV, Codec: "pcm", Duration: media.Lasting(500 * ms), Whole: true},
		"adpcm.wav": {Format: media.WAV, Codec: "adpcm", Duration: media.Lasting(510250 * time.Microsecond), Whole: true},
		"mp3in.wav": {Format: media.WAV, Codec: "mp3", Duration: media.Lasting(1080 * ms), Whole: true},
		"tone.wma":  {Format: media.WMA, Codec: "wma", Duration: media.Lasting(1024 * ms), Whole: true},
		"clip.mp4":  {Format: media.MP4, Codec: "h264", Width: 64, Height: 48, Duration: media.Lasting(1000 * ms), Whole: true},
		"last.mp4":  {Format: media.MP4, Codec: "h264", Width: 64, Height: 48, Duration: media.Lasting(1000 * ms), Whole: true},
		"frag.mp4":  {Format: media.MP4, Codec: "h264", Width: 64, Height: 48, Duration: media.Lasting(2000 * ms), Whole: true},
		// the head of this one speaks for its first fragment only
		"fragkey.mp4": {Format: media.MP4, Codec: "h264", Width: 64, Height: 48, Duration: media.Lasting(2000 * ms), Whole: true},
		"clip.avi":    {Format: media.AVI, Codec: "mpeg4", Width: 64, Height: 48, Duration: media.Lasting(1000 * ms), Whole: true},
		"clip.wmv":    {Format: media.WMV, Codec: "WMV2", Width: 64, Height: 48, Duration: media.Lasting(1000 * ms), Whole: true},
		"clip.mpg":    {Format: media.MPG, Codec: "mpeg1", Width: 64, Height: 48, Whole: true},
		"clip.vob":    {Format: media.MPG, Codec: "mpeg2", Width: 64, Height: 48, Duration: media.Lasting(880 * ms), Whole: true},
		"clip.m1v":    {Format: media.MPG, Codec: "mpeg-video", Width: 64, Height: 48, Whole: true},
		"clip.rm":     {Format: media.RM, Codec: "RV20", Width: 176, Height: 144, Duration: media.Lasting(1000 * ms), Whole: true},
		// known by name only
		"clip.mov": {Format: "mov", Codec: "h264", Width: 64, Height: 48, Duration: media.Lasting(1000 * ms)},
		"clip.3gp": {Format: "3gp", Codec: "h264", Width: 64, Height: 48, Duration: media.Lasting(1000 * ms)},
		"tone.m4a": {Format: "m4a", Duration: media.Lasting(1000 * ms)},
		"tone.mp2": {Format: "mp2", Duration: media.Lasting(1008 * ms)},
		"clip.ts":  {Format: "mpeg-ts", Duration: media.Lasting(960 * ms)},
		"pic.webp": {Format: "webp"},
	} {
		t.Run(name, func(t *testing.T) {
			got := probe(t, seed(t, name))
			if diff := cmp.Diff(want, got, byContent, cmp.Comparer(compareDurations)); diff != "" {
				t.Errorf("Probe (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCutFilesAreNotWhole cuts each real file that states where it ends at every length, or at a hundred of
// them: no part of it may be taken for whole. MPEG and RealMedia without their index, MP3 and AMR at a
// frame's end and a fragmented MP4 between fragments state nothing that is missing then.
func TestCutFilesAreNotWhole(t *testing.T) {
	for name, least := range map[string]int{
		"pic.jpg": 0, "pic.png": 0, "pic.gif": 0, "pic.bmp": 0, "clip.mp4": 0, "last.mp4": 0,
		"tone.wma": 0, "clip.wmv": 0, "tone.wav": 0, "clip.avi": 8,
	} {
		t.Run(name, func(t *testing.T) {
			whole := seed(t, name)
			step := max(1, len(whole)/500)
			for n := 0; n < len(whole)-least; n += step {
				if i := probe(t, whole[:n]); i.Whole {
					t.Fatalf("the first %d of %d bytes are taken for whole: %v", n, len(whole), i)
				}
			}
		})
	}
}

func TestOtherContentIsNamed(t *testing.T) {
	pad := strings.Repeat("x", 600)
	for content, want := range map[string]string{
		"%PDF-1.4" + pad:     "PDF",
		"PK\x03\x04" + pad:   "ZIP",
		"OggS\x00\x02" + pad: "Ogg",
		"fLaC\x00" + pad:     "FLAC",
		"ID3\x04\x00\x00\x00\x00\x00\x04abcdfLaC" + pad: "FLAC",
		"RIFF\x00\x01\x00\x00WEBPVP8 " + pad:            "WebP",
		"\x1a\x45\xdf\xa3\x42\x82\x84webm" + pad:        "WebM",
		"\x1a\x45\xdf\xa3\x42\x82\x88matroska":          "Matroska",
		"#!SILK_V3" + pad:                               "SILK",
		"\x02#!SILK_V3" + pad:                           "SILK",
		"<!DOCTYPE html><p>" + pad:                      "HTML",
		"\xef\xbb\xbf  <HTML>":                          "HTML",
		`<?xml version="1.0"?><svg/>`:                   "SVG",
		`<?xml version="1.0"?><x/>`:                     "XML",
		`{"errcode":40001,"errmsg":"x"}`:                "an error answer of the platform (JSON with errcode)",
		`{"a":1}`:                                       "JSON",
		"<?php echo 1;":                                 "a PHP script",
		"just words":                                    "text",
		"BMW makes cars, and this is a text":            "text",
		"这是文字" + pad:                                    "text",
		strings.Repeat("字", 200):                        "text", // the window cuts a rune in two
		".ra\xfd" + pad:                                 "RealAudio",
		"\xff\xf1\x50\x80\x00" + pad:                    "AAC",
		"#!AMR_MC1.0\n" + pad:                           "multichannel AMR",
		"\x00\x00\x00\x00" + strings.Repeat("\x00", 9):  "nothing but zero bytes",
		"\x00\x00\x00\x01\x67\x42":                      "raw H.264",
		"\x13\x37\x13\x37":                              "an unknown format",
		"\xff":                                          "an unknown format",
		strings.Repeat("\xff", 20000):                   "an unknown format",
		string(ftyp("heic", "mif1", "heic")):            "HEIC",
		string(ftyp("avif", "mif1")):                    "AVIF",
		string(ftyp("crx ", "crx ")):                    "ISO media of an unknown brand",
	} {
		i := probe(t, []byte(content))
		if i.Format.String() != want || i.Whole {
			t.Errorf("%.30q: %s, whole %t, want %s", content, i.Format, i.Whole, want)
		}
	}
}

func TestEmptyFileHasNoFormat(t *testing.T) {
	i := probe(t, nil)
	if i.Format != media.Unknown || i.Whole || i.Fault == "" {
		t.Errorf("an empty file is %+v", i)
	}
}
