package media_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// corpusFile is what the manifest of the media corpus says of a file, as far as it is asked for here.
type corpusFile struct {
	File     string                       `json:"file"`
	Bytes    int64                        `json:"bytes"`
	Format   media.Format                 `json:"format"`
	State    string                       `json:"state"`
	Verdicts map[string]map[string]string `json:"verdicts"`
	Reasons  map[string][]string          `json:"reasons"`
	Range    []float64                    `json:"duration_range_ms"`
	Pixels   []int                        `json:"pixels"`
}

// corpusRules are the rules that a verdict of the manifest is about. Its set "current" is a mixture: the
// formats of pictures are those of permanent material (with BMP), all else is temporary material.
func corpusRules(set string) media.Rules {
	switch set {
	case "upload":
		return media.RulesFor(wechat.Documented, media.Upload)
	case "broadcast":
		return media.RulesFor(wechat.Documented, media.Broadcast)
	}
	rules := media.RulesFor(wechat.Current, media.Upload)
	rules.Image = media.RulesFor(wechat.Current, media.Permanent).Image
	return rules
}

// TestCorpus holds every file of a generated corpus against its manifest: set WECHAT_MEDIA_CORPUS to the
// folder that has manifest.json.
func TestCorpus(t *testing.T) {
	folder := os.Getenv("WECHAT_MEDIA_CORPUS")
	if folder == "" {
		t.Skip("WECHAT_MEDIA_CORPUS names no corpus")
	}
	data, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Files []corpusFile }
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Files) == 0 {
		t.Fatal("a manifest without files")
	}
	for _, want := range manifest.Files {
		t.Run(want.File, func(t *testing.T) {
			f, err := media.Open(filepath.Join(folder, want.File))
			if err != nil {
				t.Fatal(err)
			}
			info, err := f.Probe()
			if err != nil {
				t.Fatal(err)
			}
			want.check(t, info)
			if t.Failed() {
				t.Logf("%+v", info)
			}
		})
	}
}

func (want corpusFile) check(t *testing.T, info media.Info) {
	t.Helper()
	if info.Bytes != want.Bytes {
		t.Errorf("bytes = %d, want %d", info.Bytes, want.Bytes)
	}
	if want.State == "ok" && want.Format != "other" && want.Format != "empty" {
		format := want.Format
		if format == "mpeg-es" { // bare MPEG video passes as MPEG
			format = media.MPG
		}
		if string(info.Format) != string(format) {
			t.Errorf("format = %q, want %q", string(info.Format), string(format))
		}
	}
	if want.State == "corrupt" && info.Whole {
		t.Error("taken for whole")
	}
	if want.State == "ok" && !info.Whole && slices.Contains([]media.Format{
		media.JPEG, media.PNG, media.GIF, media.BMP, media.AMR, media.MP3, media.WAV, media.WMA,
		media.MP4, media.WMV, media.AVI, media.MPG, media.RM,
	}, want.Format) {
		t.Error("not taken for whole")
	}
	if len(want.Pixels) == 2 && info.Whole && (info.Width != want.Pixels[0] || info.Height != want.Pixels[1]) {
		t.Errorf("%d×%d, want %v", info.Width, info.Height, want.Pixels)
	}
	for set, kinds := range want.Verdicts {
		rules := corpusRules(set)
		for kind, verdict := range kinds {
			found := rules.Check(media.Kind(kind), info)
			if verdict != "either" && (verdict == "accept") != (len(found) == 0) {
				t.Errorf("%s %s: %v, want %s", set, kind, found, verdict)
			}
			reasons := want.Reasons[set+"."+kind]
			if len(found) > 0 && len(reasons) > 0 && !slices.ContainsFunc(found, func(v media.Violation) bool {
				return slices.Contains(reasons, v.Rule) ||
					v.Rule == media.RuleFormat && slices.Contains(reasons, media.RuleCorrupt) ||
					v.Rule == media.RuleCorrupt && slices.Contains(reasons, media.RuleFormat)
			}) {
				t.Errorf("%s %s: refused for %v, want one of %v", set, kind, found, reasons)
			}
		}
	}
	if len(want.Range) == 2 {
		d, known := info.Duration.Get()
		if ms := float64(d.Nanoseconds()) / 1e6; !known || ms < want.Range[0] || ms > want.Range[1] {
			t.Errorf("plays %v, want %v ms", info.Duration, want.Range)
		}
	}
}
