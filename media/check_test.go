package media_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// rulesBroken are the rules that a file breaks, in order.
func rulesBroken(found []media.Violation) string {
	var words []string
	for _, v := range found {
		words = append(words, v.Rule)
	}
	return strings.Join(words, " ")
}

// TestLimitsIncludeTheLastByte.
func TestLimitsIncludeTheLastByte(t *testing.T) {
	upload, broadcast := media.RulesFor(wechat.Documented, media.Upload), media.RulesFor(wechat.Documented, media.Broadcast)
	film := join(ftyp("isom", "isom"), movie(1000, 2500))
	mp4 := func(n int) []byte { return join(film, box("mdat", make([]byte, n-len(film)-8))) }
	for _, c := range []struct {
		name  string
		rules media.Rules
		kind  media.Kind
		file  []byte
		want  string
	}{
		{"image of 131,072", upload, media.Image, padJPEG(t, 131072), ""},
		{"image of 131,073", upload, media.Image, padJPEG(t, 131073), "size"},
		{"thumb of 65,536", upload, media.Thumb, padJPEG(t, 65536), ""},
		{"thumb of 65,537", upload, media.Thumb, padJPEG(t, 65537), "size"},
		{"video of 1 MiB", upload, media.Video, mp4(1 << 20), ""},
		{"video of 1 MiB and a byte", upload, media.Video, mp4(1<<20 + 1), "size"},
		{"voice of 60 s", upload, media.Voice, amr("#!AMR\n", narrow, 3000), ""},
		{"voice of 60.02 s", upload, media.Voice, amr("#!AMR\n", narrow, 3001), "duration"},
		{"voice of 256 KiB", upload, media.Voice, amr("#!AMR\n", []byte{0x7c}, 262144-6), "duration"},
		{"voice of 256 KiB and a byte", upload, media.Voice, amr("#!AMR\n", []byte{0x7c}, 262144-5), "size duration"},
		{"voice without a frame", upload, media.Voice, []byte("#!AMR\n"), "corrupt"},
		{"audio of 60 s", broadcast, media.Audio, mp3Frames(2500), ""},
		{"audio of 60.024 s", broadcast, media.Audio, mp3Frames(2501), "duration"},
		{"audio of 60.001 s", broadcast, media.Audio, riff("WAVE", wavFormat(1, 1, 1000, 8), chunk("data", make([]byte, 60_001))), "duration"},
		{"audio of 5 MiB", broadcast, media.Audio, riff("WAVE", wavFormat(1, 2, 44100, 16), chunk("data", make([]byte, 5<<20-44))), ""},
		{"audio of 5 MiB and a byte", broadcast, media.Audio, join(riff("WAVE", wavFormat(1, 2, 44100, 16), chunk("data", make([]byte, 5<<20-44))), []byte{0}), "size"},
		{"video of 20 MiB", broadcast, media.Video, mp4(20 << 20), ""},
		{"video of 20 MiB and a byte", broadcast, media.Video, mp4(20<<20 + 1), "size"},
		{"empty", upload, media.Image, nil, "empty"},
		{"PNG as image", upload, media.Image, seed(t, "pic.png"), "format"},
		{"MOV as video", upload, media.Video, seed(t, "clip.mov"), "format"},
		{"3GP as video", broadcast, media.Video, seed(t, "clip.3gp"), "format"},
		{"sound only as video", upload, media.Video, seed(t, "tone.m4a"), "format"},
		{"layer II as audio", broadcast, media.Audio, seed(t, "tone.mp2"), "format"},
		{"bare MPEG video", broadcast, media.Video, seed(t, "clip.m1v"), ""},
		{"transport stream", broadcast, media.Video, seed(t, "clip.ts"), "format"},
		{"RealMedia", broadcast, media.Video, seed(t, "clip.rm"), ""},
		{"wide-band AMR", upload, media.Voice, seed(t, "tone.awb"), ""},
		{"all at once", upload, media.Voice, join(mp3Frames(2501), make([]byte, 262144)), "format size duration"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := c.rules.Check(c.kind, probe(t, c.file))
			if got := rulesBroken(found); got != c.want {
				t.Errorf("breaks %q, want %q: %v", got, c.want, found)
			}
		})
	}
}

// TestBroadcastImageHasNoInventedLimit: R-81.
func TestBroadcastImageHasNoInventedLimit(t *testing.T) {
	rules := media.RulesFor(wechat.Documented, media.Broadcast)
	for format, want := range map[media.Format]string{media.PNG: "", media.JPEG: "", media.MP4: "format", "pdf": "format"} {
		if got := rulesBroken(rules.Check(media.Image, media.Info{Format: format, Bytes: 50 << 20, Whole: true})); got != want {
			t.Errorf("a %s of 50 MB breaks %q, want %q", format, got, want)
		}
	}
	if got := rulesBroken(rules.Check(media.Image, media.Info{Format: media.PNG, Bytes: 9, Fault: "cut off"})); got != "corrupt" {
		t.Errorf("a broken picture breaks %q", got)
	}
}

func TestViolationsSayHowToMendThem(t *testing.T) {
	upload, broadcast := media.RulesFor(wechat.Documented, media.Upload), media.RulesFor(wechat.Documented, media.Broadcast)
	const today = "today's platform takes it: wechat.WithRules(wechat.Current)"
	for _, c := range []struct {
		rules        media.Rules
		kind         media.Kind
		info         media.Info
		message, fix string
	}{
		{
			upload, media.Image,
			media.Info{Format: media.JPEG, Bytes: 412 << 10, Width: 1000, Height: 800, Quality: 90, Whole: true},
			"JPEG is 412 KB: 128 KB allowed", "quality about 30 would fit (an estimate); media.FitJPEG finds it; " + today,
		},
		{
			upload, media.Thumb,
			media.Info{Format: media.JPEG, Bytes: 2 << 20, Width: 1000, Height: 800, Quality: 90, Whole: true},
			"JPEG is 2 MB: 64 KB allowed", "about 239×191 pixels at quality 70 would fit (an estimate); media.FitJPEG does it",
		},
		{
			upload, media.Image,
			media.Info{Format: media.JPEG, Bytes: 131073, Whole: true},
			"JPEG is 131073 bytes: 131072 bytes (128 KB) allowed", "scale it down or save it as JPEG; media.FitJPEG does it; " + today,
		},
		{
			upload, media.Image,
			media.Info{Format: media.PNG, Bytes: 9, Whole: true},
			"content is PNG: JPEG allowed", "save it as JPEG; media.FitJPEG does it for PNG and GIF; " + today,
		},
		{
			upload, media.Image,
			media.Info{Format: "error", Bytes: 9},
			"content is an error answer of the platform (JSON with errcode): JPEG allowed", "the download failed and its answer was saved as the file",
		},
		{
			upload, media.Voice,
			media.Info{Format: media.AMR, Bytes: 9, Duration: media.Lasting(60800 * time.Millisecond), Whole: true},
			"it plays 60.8 s: 60 s allowed", "cut 0.8 s",
		},
		{
			upload, media.Voice,
			media.Info{Format: media.AMR, Bytes: 9, Duration: media.Lasting(time.Minute + 1), Whole: true},
			"it plays 60.001 s: 60 s allowed", "cut 0.001 s",
		},
		{
			upload, media.Voice,
			media.Info{Format: media.WAV, Bytes: 9, Duration: media.Lasting(time.Second), Whole: true},
			"content is WAV: AMR allowed", "ffmpeg -i FILE -ar 8000 -ac 1 out.amr",
		},
		{
			upload, media.Voice,
			media.Info{Format: media.JPEG, Bytes: 9, Whole: true},
			"content is JPEG: AMR allowed", "it is a picture: use another kind",
		},
		{
			upload, media.Video,
			media.Info{Format: "mov", Bytes: 9},
			"content is QuickTime (MOV): MP4 allowed", "ffmpeg -i FILE -c copy out.mp4 changes the container alone",
		},
		{
			broadcast, media.Video,
			media.Info{Format: media.MP4, Bytes: 40 << 20, Duration: media.Lasting(100 * time.Second), Whole: true},
			"MP4 is 40 MB: 20 MB allowed", "about 1677 kbit/s over its 100 s would fit (an estimate)",
		},
		{
			broadcast, media.Audio,
			media.Info{Format: media.MP3, Bytes: 6 << 20, Duration: media.Lasting(40 * time.Second), Whole: true},
			"MP3 is 6 MB: 5 MB allowed", "about 1048 kbit/s over its 40 s would fit (an estimate)",
		},
		{
			broadcast, media.Video,
			media.Info{Format: media.AVI, Bytes: 9, Fault: "it ends early"},
			"AVI is not whole: it ends early", "export or download it again",
		},
	} {
		found := c.rules.Check(c.kind, c.info)
		if len(found) != 1 || found[0].Message != c.message || found[0].Fix != c.fix {
			t.Errorf("%v\n got %+v\nwant %q (%q)", c.info, found, c.message, c.fix)
			continue
		}
		if found[0].CurrentPasses != strings.Contains(c.fix, today) {
			t.Errorf("%v: CurrentPasses = %t", c.info, found[0].CurrentPasses)
		}
		if found[0].Source == "" || found[0].Limit == "" || found[0].Actual == "" {
			t.Errorf("%v: says too little: %+v", c.info, found[0])
		}
	}
}

// TestCurrentIsNamedPerFinding: what Current would not report either way is not promised.
func TestCurrentIsNamedPerFinding(t *testing.T) {
	long := media.Info{Format: media.MP3, Bytes: 1 << 20, Duration: media.Lasting(70 * time.Second), Whole: true}
	for _, v := range media.RulesFor(wechat.Documented, media.Upload).Check(media.Voice, long) {
		if want := v.Rule != media.RuleDuration; v.CurrentPasses != want {
			t.Errorf("%s: CurrentPasses = %t, want %t", v.Rule, v.CurrentPasses, want)
		}
	}
	for _, v := range media.RulesFor(wechat.Current, media.Upload).Check(media.Voice, long) {
		if v.CurrentPasses {
			t.Errorf("a finding of Current names Current: %v", v)
		}
	}
}

// TestUnknownDurationWarns: for wide-band AMR.
func TestUnknownDurationWarns(t *testing.T) {
	rules := media.RulesFor(wechat.Documented, media.Broadcast)
	streamed := media.Info{Format: media.WMA, Bytes: 9, Whole: true}
	if got := rules.Check(media.Audio, streamed); got != nil {
		t.Errorf("an unknown playing time is refused: %v", got)
	}
	if got := rules.Warn(media.Audio, streamed); rulesBroken(got) != "duration" || got[0].Actual != "unknown" {
		t.Errorf("Warn = %+v", got)
	}
	if got := rules.Warn(media.Video, media.Info{Format: media.MP4, Bytes: 9, Whole: true}); got != nil {
		t.Errorf("the playing time of a video is asked for: %v", got)
	}
	rules.Strict = true
	if got := rules.Check(media.Audio, streamed); rulesBroken(got) != "duration" {
		t.Errorf("Strict takes an unknown playing time: %v", got)
	}
	upload := media.RulesFor(wechat.Documented, media.Upload)
	wideBand := probe(t, seed(t, "tone.awb"))
	if got := upload.Warn(media.Voice, wideBand); rulesBroken(got) != "format" || got[0].Actual != "AMR-WB" {
		t.Errorf("Warn of wide-band AMR = %+v", got)
	}
	noted := probe(t, join(seed(t, "pic.jpg"), []byte("PK\x03\x04")))
	if got := upload.Warn(media.Image, noted); len(got) != 1 || got[0].Message != "4 bytes after the picture's end" {
		t.Errorf("Warn of bytes behind = %+v", got)
	}
}

func TestPixelsAreLimitedWhereAUserSaysSo(t *testing.T) {
	rules := media.RulesFor(wechat.Current, media.Upload)
	bomb := media.Info{Format: media.PNG, Bytes: 9, Width: 60000, Height: 60000, Whole: true}
	if got := rules.Check(media.Image, bomb); got != nil {
		t.Errorf("an invented limit: %v", got)
	}
	rules.Image.MaxPixels = 3_600_000_000
	if got := rules.Check(media.Image, bomb); got != nil {
		t.Errorf("the limit itself is refused: %v", got)
	}
	rules.Image.MaxPixels--
	if got := rules.Check(media.Image, bomb); rulesBroken(got) != "pixels" {
		t.Errorf("breaks %q, want pixels", rulesBroken(got))
	}
}

func TestViolationsBecomeProblems(t *testing.T) {
	v := media.Violation{Rule: "size", Limit: "1 bytes", Actual: "2 bytes", Message: "too large", Fix: "cut", Source: "page"}
	want := wechat.Problem{Field: "image", Rule: "size", Message: "too large", Fix: "cut", Source: "page"}
	if diff := cmp.Diff(want, v.Problem("image")); diff != "" {
		t.Errorf("Problem (-want +got):\n%s", diff)
	}
}
