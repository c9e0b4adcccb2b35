package main

import (
	"bytes"
	"strings"
	"testing"
)

func none(string) string { return "" }

func TestDemoTellsTheWholeStory(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), &out, none); err != nil {
		t.Fatalf("run: %v\n%s", err, out.String())
	}
	for _, want := range []string{
		`did you mean "wx`,
		"Acme: connected, nothing left to do",
		"Opening hours",
		"trailer.mp4  as video  refused",
		"poster.jpg   as image  ok",
		"72 bytes, at most 64",
		"no media id",
		`sent "2026-12-01/launch" to tag 100: accepted`,
		"outcome unknown",
		"the platform carried it out 1 time\n",
		"2 of 4, renews ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the story does not say %q:\n%s", want, out.String())
		}
	}
}

func TestDemoPrintsNoSecret(t *testing.T) {
	var out bytes.Buffer
	d := &story{printer: printer{out: &out}, store: nil}
	d.platform, d.console = openAccount()
	if err := d.add(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer d.acct.Close()
	if strings.Contains(out.String(), d.console.Secret()) || !strings.Contains(out.String(), "[redacted]") {
		t.Errorf("the secret is shown:\n%s", out.String())
	}
}

func TestRealNeedsCredentialsThatLookRight(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), &out, func(name string) string {
		return map[string]string{"WECHAT_APPID": "gh_0123456789ab", "WECHAT_APPSECRET": "short"}[name]
	})
	if err == nil || !strings.Contains(err.Error(), "app_id") || !strings.Contains(err.Error(), "got 5 of 32 characters") {
		t.Errorf("run = %v, want both fields explained", err)
	}
}
