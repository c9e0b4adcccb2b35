package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// do runs the program.
func do(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestWithoutAFileItChecksItsOwn(t *testing.T) {
	status, out, errs := do(t)
	if status != 0 || errs != "" {
		t.Errorf("status %d, %s", status, errs)
	}
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.Contains(out, e.Name()+": ") {
			t.Errorf("nothing about %s:\n%s", e.Name(), out)
		}
	}
	for _, want := range []string{"content is PNG: JPEG allowed", "ok\n", "refused"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestExitStatus(t *testing.T) {
	text := filepath.Join(t.TempDir(), "a.jpg")
	empty := filepath.Join(t.TempDir(), "empty.jpg")
	for name, content := range map[string]string{text: "hello", empty: ""} {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const jpg, png, amr, mp3 = "testdata/picture.jpg", "testdata/picture.png", "testdata/greeting.amr", "testdata/jingle.mp3"
	for _, c := range []struct {
		want int
		args []string
	}{
		{0, []string{jpg}},
		{0, []string{"-rules", "documented", "-use", "upload", "-kind", "image", jpg}},
		{0, []string{"-rules=current", "--kind=image", png}},
		{0, []string{"-use", "broadcast", "-kind", "audio", mp3}},
		{0, []string{"-use", "broadcast", "-kind", "voice", mp3}},
		{0, []string{"-h"}},
		{1, []string{"-rules", "documented", "-kind", "image", png}},
		{1, []string{"-kind", "image", amr}},
		{1, []string{jpg, text}},
		{1, []string{text, jpg}},
		{1, []string{empty}},
		{2, []string{"-rules", "tomorrow", jpg}},
		{2, []string{"-use", "permanent", jpg}},
		{2, []string{"-kind", "picture", jpg}},
		{2, []string{"-verbose"}},
		{2, []string{"-rules"}},
		{2, []string{"-rules", "documented", "-use", "broadcast", "-kind", "thumb", jpg}},
		{2, []string{"testdata/missing.jpg", text}},
		{2, []string{"testdata"}},
	} {
		status, out, errs := do(t, c.args...)
		if status != c.want {
			t.Errorf("%q: status %d, want %d\n%s%s", c.args, status, c.want, out, errs)
		}
		if (errs != "") != (status == 2 || c.args[0] == "-h") {
			t.Errorf("%q: standard error has %q", c.args, errs)
		}
	}
}

func TestJSONHasOneObjectALineWithTheAgreedNames(t *testing.T) {
	status, out, errs := do(t, "-json", "-rules", "documented", "-use", "upload", "-kind", "voice", "testdata/greeting.amr", "testdata/jingle.mp3")
	want := `{"file":"testdata/greeting.amr","format":"amr","bytes":1319,"duration_ms":2020,"width":0,"height":0,"whole":true,` +
		`"verdicts":[{"rules":"documented","use":"upload","kind":"voice","ok":true,"violations":[]}]}
{"file":"testdata/jingle.mp3","format":"mp3","bytes":4376,"duration_ms":2000,"width":0,"height":0,"whole":true,` +
		`"verdicts":[{"rules":"documented","use":"upload","kind":"voice","ok":false,` +
		`"violations":[{"rule":"format","limit":"AMR","actual":"MP3","message":"content is MP3: AMR allowed"}]}]}
`
	if diff := cmp.Diff(want, out); diff != "" || status != 1 || errs != "" {
		t.Errorf("status %d, %s (-want +got):\n%s", status, errs, diff)
	}
}

func TestJSONOfAnUnknownPlayingTimeIsNull(t *testing.T) {
	_, out, _ := do(t, "-json", "-kind", "image", "testdata/picture.jpg")
	if !strings.Contains(out, `"duration_ms":null`) {
		t.Error(out)
	}
}

// TestWithoutFlagsEverySetGivesEveryKindThatItKnows and the rules are the five words.
func TestWithoutFlagsEverySetGivesEveryKindThatItKnows(t *testing.T) {
	_, out, _ := do(t, "-json", "testdata/picture.jpg")
	var got checked
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range got.Verdicts {
		names = append(names, v.Rules+" "+v.Use+" "+string(v.Kind))
		for _, broken := range v.Violations {
			if !slices.Contains([]string{"format", "size", "duration", "corrupt", "empty"}, broken.Rule) {
				t.Errorf("rule %q", broken.Rule)
			}
		}
	}
	want := []string{
		"documented upload image", "documented upload voice", "documented upload video", "documented upload thumb",
		"documented broadcast video", "documented broadcast audio",
		"current upload image", "current upload voice", "current upload video", "current upload thumb",
		"current broadcast image", "current broadcast video", "current broadcast audio",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTableLeavesOutOtherSorts(t *testing.T) {
	_, out, _ := do(t, "-rules", "documented", "-use", "upload", "testdata/picture.jpg")
	want := `testdata/picture.jpg: JPEG (jpeg), 3403 bytes, 160×120
  documented  upload  image  ok
  documented  upload  thumb  ok
`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, out, _ = do(t, "-rules", "documented", "-kind", "voice", "-use", "upload", "testdata/picture.jpg")
	if !strings.Contains(out, "voice  refused  content is JPEG: AMR allowed") {
		t.Error(out)
	}
	_, out, _ = do(t, "main.go")
	if !strings.Contains(out, "refused  no picture") {
		t.Error(out)
	}
}

func TestInterruptedItSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	if status := run(ctx, nil, &out, &errs); status != 2 || !strings.Contains(errs.String(), "interrupted") || out.Len() != 0 {
		t.Errorf("status %d, %q, %q", status, out.String(), errs.String())
	}
}

// TestBarIsForTerminals alone, as what goes into a file is read by somebody later.
func TestBarIsForTerminals(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "errors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range []progress{newProgress(f, 100), newProgress(&bytes.Buffer{}, 100)} {
		if p.w != nil {
			t.Error("a bar where there is no terminal")
		}
	}
	var b bytes.Buffer
	p := progress{&b, 12}
	p.show(4)
	p.clear()
	if want := "\r[##########....................] 4 of 12\r\x1b[K"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
