package media_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// everyRules are all the sets there are.
func everyRules() []media.Rules {
	var all []media.Rules
	for _, set := range []wechat.RuleSet{wechat.Documented, wechat.Current} {
		for _, use := range []media.Use{media.Upload, media.Permanent, media.Broadcast, media.InArticle, "no use"} {
			all = append(all, media.RulesFor(set, use))
		}
	}
	return all
}

// TestRulesAreThoseOfTheSources, and the pages of today.
func TestRulesAreThoseOfTheSources(t *testing.T) {
	f := func(formats ...media.Format) []media.Format { return formats }
	audio := f(media.MP3, media.WMA, media.WAV, media.AMR)
	films := f(media.RM, media.WMV, media.AVI, media.MPG, media.MP4)
	jpeg, mp4 := f(media.JPEG), f(media.MP4)
	documented := map[media.Kind]media.Rule{
		media.Image: {Formats: jpeg, MaxBytes: 131072},
		media.Voice: {Formats: f(media.AMR), MaxBytes: 262144, MaxDuration: time.Minute},
		media.Audio: {Formats: f(media.AMR), MaxBytes: 262144, MaxDuration: time.Minute},
		media.Video: {Formats: mp4, MaxBytes: 1048576},
		media.Thumb: {Formats: jpeg, MaxBytes: 65536},
	}
	for _, c := range []struct {
		set  wechat.RuleSet
		use  media.Use
		want map[media.Kind]media.Rule
	}{
		{wechat.Documented, media.Upload, documented},
		{wechat.Documented, media.Permanent, documented},
		{wechat.Documented, media.Broadcast, map[media.Kind]media.Rule{
			media.Audio: {Formats: audio, MaxBytes: 5242880, MaxDuration: time.Minute},
			media.Voice: {Formats: audio, MaxBytes: 5242880, MaxDuration: time.Minute},
			media.Video: {Formats: films, MaxBytes: 20971520},
		}},
		{wechat.Current, media.Upload, map[media.Kind]media.Rule{
			media.Image: {Formats: f(media.PNG, media.JPEG, media.GIF), MaxBytes: 10485760},
			media.Voice: {Formats: f(media.AMR, media.MP3), MaxBytes: 2097152, MaxDuration: time.Minute},
			media.Audio: {Formats: f(media.AMR, media.MP3), MaxBytes: 2097152, MaxDuration: time.Minute},
			media.Video: {Formats: mp4, MaxBytes: 10485760},
			media.Thumb: {Formats: jpeg, MaxBytes: 65536},
		}},
		{wechat.Current, media.Permanent, map[media.Kind]media.Rule{
			media.Image: {Formats: f(media.BMP, media.PNG, media.JPEG, media.GIF), MaxBytes: 10485760},
			media.Voice: {Formats: audio, MaxBytes: 2097152, MaxDuration: time.Minute},
			media.Audio: {Formats: audio, MaxBytes: 2097152, MaxDuration: time.Minute},
			media.Video: {Formats: mp4, MaxBytes: 10485760},
			media.Thumb: {Formats: jpeg, MaxBytes: 65536},
		}},
		{wechat.Current, media.Broadcast, map[media.Kind]media.Rule{
			media.Image: {Formats: f(media.BMP, media.PNG, media.JPEG, media.GIF), MaxBytes: 10485760},
			media.Audio: {Formats: audio, MaxBytes: 5242880, MaxDuration: time.Hour},
			media.Voice: {Formats: audio, MaxBytes: 5242880, MaxDuration: time.Hour},
			media.Video: {Formats: films, MaxBytes: 20971520},
		}},
		{wechat.Documented, media.InArticle, map[media.Kind]media.Rule{media.Image: {Formats: f(media.JPEG, media.PNG), MaxBytes: 1048575}}},
		{wechat.Current, "no use", nil},
	} {
		t.Run(fmt.Sprintf("%s %s", c.set, c.use), func(t *testing.T) {
			rules := media.RulesFor(c.set, c.use)
			for _, k := range []media.Kind{media.Image, media.Voice, media.Video, media.Thumb, media.Audio, "no kind"} {
				got := rules.For(k)
				if diff := cmp.Diff(c.want[k], got, cmpopts.IgnoreFields(media.Rule{}, "Unit", "Source", "AsOf")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", k, diff)
				}
				if !got.IsZero() && (got.Source == "" || got.AsOf == "" || got.Unit == "") {
					t.Errorf("%s: a rule from nowhere: %+v", k, got)
				}
			}
		})
	}
}

func TestRulesCanBeChangedFieldByField(t *testing.T) {
	rules := media.RulesFor(wechat.Documented, media.Upload)
	rules.Image.MaxBytes = 512 * media.KB
	rules.Image.Formats = append(rules.Image.Formats, media.PNG)
	rules.Voice = media.Rule{}
	copied := rules.Clone()
	copied.Image.Formats[0] = media.GIF
	if got := media.RulesFor(wechat.Documented, media.Upload); got.Image.MaxBytes != 128*media.KB || len(got.Image.Formats) != 1 {
		t.Errorf("a change of a copy reaches the original: %+v", got.Image)
	}
	if rules.Image.Formats[0] != media.JPEG {
		t.Error("Clone shares the formats")
	}
	if got := rules.Check(media.Image, media.Info{Format: media.PNG, Bytes: 512 * 1024, Whole: true}); got != nil {
		t.Errorf("the user's own rule is not kept: %v", got)
	}
	// without a rule anything passes that is sound and whole
	if got := rules.Check(media.Voice, media.Info{Format: media.WAV, Bytes: 99 << 20, Duration: media.Lasting(time.Hour), Whole: true}); got != nil {
		t.Errorf("a rule that there is not: %v", got)
	}
	if got := rules.Kinds(); cmp.Diff([]media.Kind{media.Image, media.Video, media.Thumb}, got) != "" {
		t.Errorf("Kinds() = %v", got)
	}
}

// TestStrictFindsWhatWarnFinds, and never less than Check does otherwise.
func TestStrictFindsWhatWarnFinds(t *testing.T) {
	for _, name := range seeds(t) {
		i := probe(t, seed(t, name))
		for _, r := range everyRules() {
			for _, k := range []media.Kind{media.Image, media.Voice, media.Video, media.Thumb, media.Audio} {
				strict := r
				strict.Strict = true
				if got, want := len(strict.Check(k, i)), len(r.Check(k, i))+len(r.Warn(k, i)); got != want {
					t.Errorf("%s as %s for %s: strict finds %d, want %d", name, k, r.Use, got, want)
				}
			}
		}
		verdicts(t, i, everyRules())
	}
}

func TestUnknownKindNamesThoseThereAre(t *testing.T) {
	for word, want := range map[string]string{
		"picture": "image voice video thumb",
		"":        "image voice video thumb",
		"Image":   "in lower case: image",
	} {
		_, err := media.ParseKind(word)
		if !errors.Is(err, wechat.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseKind(%q) = %v, want %q in it", word, err, want)
		}
	}
	for _, word := range []string{"image", "voice", "video", "thumb", "audio"} {
		if k, err := media.ParseKind(word); err != nil || string(k) != word {
			t.Errorf("ParseKind(%q) = %q, %v", word, k, err)
		}
	}
	found := media.RulesFor(wechat.Documented, media.Upload).Check("picture", media.Info{Format: media.JPEG, Bytes: 1, Whole: true})
	if len(found) != 1 || found[0].Rule != media.RuleKind || found[0].Limit != "image voice video thumb" {
		t.Errorf("Check of no kind = %+v", found)
	}
}
