package wechat_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

const (
	goodID     = "wx0123456789abcdef"
	goodSecret = "0123456789abcdef0123456789abcdef"
)

// problems gives what an error lists, as "field rule: message (fix)".
func problems(tb testing.TB, err error) []string {
	tb.Helper()
	if err == nil {
		return nil
	}
	in, ok := errors.AsType[*wechat.InputError](err)
	if !ok || !errors.Is(err, wechat.ErrInput) {
		tb.Fatalf("error %v (%T), want an *InputError", err, err)
	}
	var out []string
	for _, p := range in.Problems {
		out = append(out, p.Field+" "+p.Rule+": "+p.Message)
	}
	return out
}

func TestAppIDIsReadAsPasted(t *testing.T) {
	for name, in := range map[string]string{
		"plain":                       goodID,
		"spaces around":               "  " + goodID + "\r\n\t",
		"zero-width spaces":           "\u200bwx0123\u200b456789\u200dabcdef\u2060",
		"no-break spaces":             "\u00a0wx01234\u00a056789abcdef\u202f",
		"byte order mark":             "\ufeff" + goodID,
		"byte order mark inside":      "wx0123456\ufeff789abcdef",
		"full-width":                  "ｗｘ０１２３４５６７８９ａｂｃｄｅｆ",
		"full-width in part":          "wx０123456789abcdeｆ",
		"ideographic space":           "\u3000" + goodID + "\u3000",
		"direction marks":             "\u202a" + goodID + "\u202c\u200e",
		"soft hyphen and word joiner": "wx01234567\u00ad89ab\u2060cdef",
		"variation selector":          goodID + "\ufe0f",
	} {
		got, err := wechat.ParseAppID(in)
		if err != nil || got != goodID {
			t.Errorf("%s: ParseAppID(%q) = %q, %v", name, in, got, err)
		}
	}
}

func TestEachWrongAppIDIsToldApart(t *testing.T) {
	const form = `app_id format: an AppID is "wx" and 16 hexadecimal digits`
	for in, want := range map[string]string{
		"":                                      "app_id required: the AppID is missing",
		" \u200b\ufeff":                         "app_id required: the AppID is missing",
		"gh_0123456789ab":                       `app_id original_id: "gh_0123456789ab" is the original id (原始ID), not the AppID`,
		"GH_0123456789AB":                       `app_id original_id: "GH_0123456789AB" is the original id (原始ID), not the AppID`,
		"ｇｈ＿0123456789ab":                       `app_id original_id: "gh_0123456789ab" is the original id (原始ID), not the AppID`,
		goodSecret:                              "app_id secret: this looks like an AppSecret",
		" ABCDEF0123456789ABCDEF0123456789":     "app_id secret: this looks like an AppSecret",
		"wx0123****89abcdef":                    "app_id masked: this is a masked copy",
		"wx0123＊＊＊＊89abcdef":                    "app_id masked: this is a masked copy",
		"wx0123•••••89abcdef":                   "app_id masked: this is a masked copy",
		"wx01234 56789abcdef":                   "app_id space: there is a space inside the AppID",
		"wx 0123 4567\t89ab\ncdef":              "app_id space: there is a space inside the AppID",
		"WX 0123456789ABCDEF":                   "app_id space: there is a space inside the AppID",
		"wx0123456789ABCDEF":                    "app_id upper_case: an AppID is in lower case",
		"WX0123456789abcdef":                    "app_id upper_case: an AppID is in lower case",
		"ＷＸ0123456789abcdef":                    "app_id upper_case: an AppID is in lower case",
		"ww0123456789abcdef":                    `app_id product: an id that begins with "ww" or "wm" belongs to WeCom (企业微信), another product`,
		"WM0123456789abcdef":                    `app_id product: an id that begins with "ww" or "wm" belongs to WeCom (企业微信), another product`,
		"wx0123456789abcde":                     `app_id length: an AppID is "wx" and 16 hexadecimal digits: this has 15 characters behind "wx"`,
		"wx0123456789abcdef0":                   `app_id length: an AppID is "wx" and 16 hexadecimal digits: this has 17 characters behind "wx"`,
		"wx":                                    `app_id length: an AppID is "wx" and 16 hexadecimal digits: this has 0 characters behind "wx"`,
		"wx0123456789abcdeg":                    `app_id format: an AppID is "wx" and 16 digits of 0-9 and a-f: this has other characters`,
		"wx0123456789abcde汉":                    `app_id format: an AppID is "wx" and 16 digits of 0-9 and a-f: this has other characters`,
		"wx0123456789abcde\xff":                 `app_id format: an AppID is "wx" and 16 digits of 0-9 and a-f: this has other characters`,
		"wx0123456789abcdef\ufffd":              `app_id length: an AppID is "wx" and 16 hexadecimal digits: this has 17 characters behind "wx"`,
		"wx0123456789abcdef\x00":                `app_id length: an AppID is "wx" and 16 hexadecimal digits: this has 17 characters behind "wx"`,
		"0123456789abcdef":                      form,
		"acme brand":                            form,
		goodSecret + "0":                        form,
		goodSecret[:31]:                         form,
		goodSecret[:16] + " " + goodSecret[16:]: form,
	} {
		got, err := wechat.ParseAppID(in)
		if diff := cmp.Diff([]string{want}, problems(t, err)); diff != "" || got != "" {
			t.Errorf("ParseAppID(%q) = %q, %v\n%s", in, got, err, diff)
		}
	}
}

func TestAppIDInUpperCaseOrWithASpaceIsSuggestedNotAccepted(t *testing.T) {
	for _, in := range []string{"WX0123456789ABCDEF", "wx0123456789ABCDEF", "wx01234 56789abcdef", "WX 0123456789ABCDEF"} {
		_, err := wechat.ParseAppID(in)
		e, ok := errors.AsType[*wechat.InputError](err)
		if want := `did you mean "wx0123456789abcdef"?`; !ok || e.Problems[0].Fix != want {
			t.Errorf("ParseAppID(%q): %v, want the fix %s", in, err, want)
		}
	}
}

func TestSecretIsReadAsPasted(t *testing.T) {
	for name, in := range map[string]string{
		"plain": goodSecret, "spaces around": "\t" + goodSecret + "\u3000\n", "zero-width": "0123456789abcdef\u200b0123456789abcdef",
		"byte order mark": "\ufeff" + goodSecret, "full-width": "０１２３456789abcdef0123456789abcdef",
		"no-break": goodSecret[:10] + "\u00a0" + goodSecret[10:],
	} {
		got, err := wechat.ParseSecret(in)
		if err != nil || got.Reveal() != goodSecret {
			t.Errorf("%s: ParseSecret: %v", name, err)
		}
	}
	if got, err := wechat.ParseSecret(strings.ToUpper(goodSecret)); err != nil || got.Reveal() != strings.ToUpper(goodSecret) {
		t.Errorf("upper case: %v", err)
	}
}

func TestEachWrongSecretIsToldApart(t *testing.T) {
	for in, want := range map[string]string{
		"":                                      "app_secret required: the AppSecret is missing",
		"\u200b \n":                             "app_secret required: the AppSecret is missing",
		goodSecret[:31]:                         "app_secret length: incomplete: got 31 of 32 characters",
		"a":                                     "app_secret length: incomplete: got 1 of 32 characters",
		goodSecret + "0":                        "app_secret length: extra characters: got 33 of 32",
		goodSecret + goodSecret:                 "app_secret length: extra characters: got 64 of 32",
		"0123************************cdef":      "app_secret masked: this is a masked copy: the console shows the AppSecret once only",
		"••••••••":                              "app_secret masked: this is a masked copy: the console shows the AppSecret once only",
		"＊＊＊＊":                                  "app_secret masked: this is a masked copy: the console shows the AppSecret once only",
		goodID:                                  "app_secret swapped: this is the AppID, not the AppSecret",
		"WX0123456789ABCDEF":                    "app_secret swapped: this is the AppID, not the AppSecret",
		goodSecret[:31] + "g":                   "app_secret format: an AppSecret is 32 hexadecimal digits: this has other characters",
		goodSecret[:31] + "汉":                   "app_secret format: an AppSecret is 32 hexadecimal digits: this has other characters",
		goodSecret[:31] + "\xff":                "app_secret format: an AppSecret is 32 hexadecimal digits: this has other characters",
		goodSecret[:16] + " " + goodSecret[16:]: "app_secret space: there is a space inside the AppSecret",
	} {
		got, err := wechat.ParseSecret(in)
		if diff := cmp.Diff([]string{want}, problems(t, err)); diff != "" || !got.IsZero() {
			t.Errorf("ParseSecret(%q): %v\n%s", in, err, diff)
		}
	}
}

func TestCredentialsReportBothFieldsAtOnce(t *testing.T) {
	for _, c := range []struct {
		id, secret string
		want       []string
	}{
		{goodID, goodSecret, nil},
		{" " + goodID, goodSecret + "\n", nil},
		{"", "", []string{"app_id required: the AppID is missing", "app_secret required: the AppSecret is missing"}},
		{"gh_0123456789ab", "abc", []string{
			`app_id original_id: "gh_0123456789ab" is the original id (原始ID), not the AppID`,
			"app_secret length: incomplete: got 3 of 32 characters",
		}},
		{goodSecret, goodID, []string{"app_id swapped: the AppID and the AppSecret are in each other's place"}},
		{" " + goodSecret + " ", "\ufeff" + goodID, []string{"app_id swapped: the AppID and the AppSecret are in each other's place"}},
		{goodSecret, goodSecret, []string{"app_id secret: this looks like an AppSecret"}},
		{goodID, goodID, []string{"app_secret swapped: this is the AppID, not the AppSecret"}},
		{goodID, "0123456789abcdef", []string{"app_secret swapped: this is the AppID, not the AppSecret"}},
		{goodID, "0123456789ABCDEF", []string{"app_secret swapped: this is the AppID, not the AppSecret"}},
		{goodID, "fedcba9876543210", []string{"app_secret length: incomplete: got 16 of 32 characters"}},
	} {
		got, err := wechat.ParseCredentials(c.id, c.secret)
		if diff := cmp.Diff(c.want, problems(t, err)); diff != "" {
			t.Errorf("ParseCredentials(%q, %q): %v\n%s", c.id, c.secret, err, diff)
		}
		if err == nil && (got.AppID != goodID || got.AppSecret.Reveal() != goodSecret) {
			t.Errorf("ParseCredentials(%q, …) = %v", c.id, got)
		}
		if err != nil && (got.AppID != "" || !got.AppSecret.IsZero()) {
			t.Errorf("ParseCredentials(%q, …) gives %v beside an error", c.id, got)
		}
	}
}

func TestOriginalID(t *testing.T) {
	for _, in := range []string{"gh_0123456789ab", " gh_0123456789ab\n", "\ufeffｇh_0123456789ab"} {
		if got, err := wechat.ParseOriginalID(in); err != nil || got != "gh_0123456789ab" {
			t.Errorf("ParseOriginalID(%q) = %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "gh_", "gh_0123456789a", "gh_0123456789abc", "gh_0123456789AB", goodID, goodSecret, "gh-0123456789ab"} {
		got, err := wechat.ParseOriginalID(in)
		if got != "" || len(problems(t, err)) != 1 {
			t.Errorf("ParseOriginalID(%q) = %q, %v", in, got, err)
		}
		if in == goodSecret && strings.Contains(err.Error(), in) {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

func TestNewChecksCredentialsUnlessTheyAreLoose(t *testing.T) {
	odd := wechat.Credentials{AppID: "sandbox-1", AppSecret: wechat.NewSecret("not hex at all")}
	if _, err := wechat.New(odd); len(problems(t, err)) != 2 {
		t.Errorf("New with odd credentials: %v", err)
	}
	c, err := wechat.New(odd, wechat.WithLooseCredentials())
	if err != nil {
		t.Fatalf("New with loose credentials: %v", err)
	}
	defer c.Close()
	if c.AppID() != "sandbox-1" {
		t.Errorf("AppID() = %q", c.AppID())
	}
	for _, missing := range []wechat.Credentials{{}, {AppID: "sandbox-1"}, {AppSecret: wechat.NewSecret("x")}} {
		if _, err := wechat.New(missing, wechat.WithLooseCredentials()); !errors.Is(err, wechat.ErrInput) {
			t.Errorf("New(%v) with loose credentials: %v", missing, err)
		}
	}
	pasted := wechat.Credentials{AppID: "\ufeff" + goodID + " ", AppSecret: wechat.NewSecret(goodSecret + "\n")}
	tidy, err := wechat.New(pasted)
	if err != nil {
		t.Fatal(err)
	}
	defer tidy.Close()
	if tidy.AppID() != goodID {
		t.Errorf("AppID() = %q", tidy.AppID())
	}
}

var (
	number   = regexp.MustCompile(`\d+`)
	quoted   = regexp.MustCompile(`"([^"]*)"`)
	harmless = regexp.MustCompile(`^(wx|ww|wm|gh_|wx[0-9a-f]{16}|[gG][hH]_[0-9a-fA-F]{12})$`)
)

// FuzzCredentials plants a secret among what was pasted: no error may repeat any of it. The words of an error
// come from a fixed list; only counts, and ids of the two public forms, are taken from the input.
func FuzzCredentials(f *testing.F) {
	for _, s := range []string{
		"", goodID, goodSecret, "gh_0123456789ab", "WX0123456789ABCDEF", "ww0123456789abcdef", "wx 0123456789abcdef", "ｗｘ０１２３",
		"\ufeffwx", "wx****", "•", "\u200b", "wx0123456789abcdef0", "\xff", "\x00", goodSecret[:31], goodSecret + "0", `"`, "%s",
	} {
		f.Add(s, s, "", "")
		f.Add("", goodSecret, s, s)
		f.Add(goodID, "", s, "\n")
	}
	words := map[string]bool{}
	for _, in := range []string{
		"", goodID, goodSecret, "gh_0123456789ab", "WX0123456789abcdef", "ww", "wx 0123456789abcdef", "wx*", "wx0", "wx0123456789abcdeg", "x",
	} {
		_, err := wechat.ParseAppID(in)
		words[skeleton(err)] = true
	}
	for _, in := range []string{"", goodID, goodSecret[:31], goodSecret + "0", goodSecret[:31] + "g", "*", goodSecret[:16] + " " + goodSecret[16:]} {
		_, err := wechat.ParseSecret(in)
		words[skeleton(err)] = true
	}
	f.Fuzz(func(t *testing.T, id, secret, before, after string) {
		for _, text := range []string{id, secret, before + plantedSecret + after, before + goodSecret[:20] + after} {
			got, err := wechat.ParseAppID(text)
			if err == nil {
				if again, err := wechat.ParseAppID(string(got)); err != nil || again != got || !harmless.MatchString(string(got)) {
					t.Fatalf("ParseAppID(%q) = %q, which parses to %q, %v", text, got, again, err)
				}
			}
			checkWords(t, words, text, err)
			revealed, err := wechat.ParseSecret(text)
			if s := revealed.Reveal(); err == nil {
				if again, err := wechat.ParseSecret(s); err != nil || again.Reveal() != s || len(s) != 32 {
					t.Fatalf("ParseSecret(%q) = %q, which parses to %q, %v", text, s, again.Reveal(), err)
				}
			}
			checkWords(t, words, text, err)
			for _, pair := range [][2]string{{text, plantedSecret}, {plantedSecret, text}, {text, text}, {goodID, text}} {
				c, err := wechat.ParseCredentials(pair[0], pair[1])
				if (err == nil) != (c.AppID != "" && !c.AppSecret.IsZero()) {
					t.Fatalf("ParseCredentials(%q) = %v, %v", pair, c.AppID, err)
				}
				wantNoLeak(t, "the error", fmt.Sprintf("%v %+v %#v %q", err, err, err, err), plantedSecret)
			}
			if _, err := wechat.ParseOriginalID(text); err != nil {
				wantNoLeak(t, "the error", err.Error(), plantedSecret)
			}
		}
	})
}

// skeleton is an error without its numbers and ids.
func skeleton(err error) string {
	if err == nil {
		return ""
	}
	return number.ReplaceAllString(quoted.ReplaceAllString(err.Error(), `"…"`), "n")
}

func checkWords(t *testing.T, words map[string]bool, in string, err error) {
	t.Helper()
	if !words[skeleton(err)] {
		t.Fatalf("the error of %q is not one of those known: %v", in, err)
	}
	if err == nil {
		return
	}
	for _, q := range quoted.FindAllStringSubmatch(err.Error(), -1) {
		if !harmless.MatchString(q[1]) {
			t.Fatalf("the error of %q repeats %q", in, q[1])
		}
	}
}

func TestLooseAppIDMustNameTheAccountInTheStore(t *testing.T) {
	for _, id := range []wechat.AppID{"a b", "a/b", "汉字", "a:b", "a\x00", wechat.AppID(strings.Repeat("x", 65))} {
		_, err := wechat.New(wechat.Credentials{AppID: id}, wechat.WithLooseCredentials())
		if got := problems(t, err); len(got) != 2 || !strings.HasPrefix(got[0], "app_id format") || !strings.HasPrefix(got[1], "app_secret required") {
			t.Errorf("New with AppID %q: %q", id, got)
		}
	}
	c, err := wechat.New(wechat.Credentials{AppID: "Test_1.a-b"}, wechat.WithLooseCredentials(), wechat.WithTokens(wechat.StaticToken("tttt")))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}
