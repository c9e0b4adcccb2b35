package wire_test

import (
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

type text struct {
	Content string `json:"content"`
}

func TestEncodeWritesRawUTF8(t *testing.T) {
	for in, want := range map[string]string{
		"汉字 😀":               `{"content":"汉字 😀"}`,
		"a<b>&'c":            `{"content":"a<b>&'c"}`,
		"l\u2028p\u2029":     "{\"content\":\"l\u2028p\u2029\"}",
		"say \"hi\" \\ /":    `{"content":"say \"hi\" \\ /"}`,
		"a\tb\nc\rd":         `{"content":"a\tb\nc\rd"}`,
		"typed \ufffd":       "{\"content\":\"typed \ufffd\"}",
		"":                   `{"content":""}`,
		"\u00a0\u3000\u200b": "{\"content\":\"\u00a0\u3000\u200b\"}",
		`\u4e2d`:             `{"content":"\\u4e2d"}`,
	} {
		got, err := wire.Encode(text{in})
		if err != nil || string(got) != want {
			t.Errorf("Encode(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestEncodeDecodesEscapesOfRawMessages(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":"\u4e2d\u6587"}`:       `{"a":"中文"}`,
		`{"a":"\ud83d\ude00"}`:       `{"a":"😀"}`,
		`{"a":"\uD83D\uDE00!"}`:      `{"a":"😀!"}`,
		`{"a":"\u0026\u003c\u003e"}`: `{"a":"&<>"}`,
		`{"a":"\u0022\u005c"}`:       `{"a":"\"\\"}`,
		`{"a":"\/"}`:                 `{"a":"\/"}`,
		`{"a":"\u2028"}`:             "{\"a\":\"\u2028\"}",
		`{"a":"\u000a\u0009\u000d"}`: `{"a":"\n\t\r"}`,
		`{"\u0061":"\\u0041"}`:       `{"a":"\\u0041"}`,
	} {
		got, err := wire.Encode(json.RawMessage(in))
		if err != nil || string(got) != want {
			t.Errorf("Encode(RawMessage %s) = %q, %v; want %q", in, got, err, want)
			continue
		}
		var a, b any
		if json.Unmarshal([]byte(in), &a) != nil || json.Unmarshal(got, &b) != nil {
			t.Errorf("Encode(RawMessage %s) = %s, which does not decode", in, got)
		}
	}
}

func TestEncodeRefusesWhatMustNotBeSentAndSaysWhere(t *testing.T) {
	for _, c := range []struct {
		in     any
		offset int
		reason string
	}{
		{text{"a\x00b"}, 13, "control character U+0000"},
		{text{"汉\x14"}, 15, "control character U+0014"},
		{text{"a\bb"}, 13, "control character U+0008"},
		{text{"a\fb"}, 13, "control character U+000C"},
		{text{"a\x7fb"}, 13, "control character U+007F"},
		{text{"a\u0085b"}, 13, "control character U+0085"},
		{text{"a\x1b[31m"}, 13, "control character U+001B"},
		{text{"a\xffb"}, 13, "invalid UTF-8"},
		{text{"\xed\xa0\x80"}, 12, "invalid UTF-8"},
		{text{"ok \xe6\xb1"}, 15, "invalid UTF-8"},
		{text{"a\ufffeb"}, 13, "noncharacter U+FFFE"},
		{text{"a\uffffb"}, 13, "noncharacter U+FFFF"},
		{map[string]string{"k\x01": ""}, 3, "control character U+0001"},
		{json.RawMessage(`{"a":"\ud83d"}`), 6, "invalid UTF-8"},
		{json.RawMessage(`{"a":"\ude00\ud83d"}`), 6, "invalid UTF-8"},
		{json.RawMessage(`{"a":"\ud83d\u0041"}`), 6, "invalid UTF-8"},
		{json.RawMessage(`{"a":"\u0000"}`), 6, "control character U+0000"},
		{json.RawMessage(`{"a":"\u007f"}`), 6, "control character U+007F"},
		{json.RawMessage(`{"a":"\ufffe"}`), 6, "noncharacter U+FFFE"},
		{json.RawMessage(`{"a":"\b"}`), 6, "control character U+0008"},
		{json.RawMessage("{\"a\":\"\xff\"}"), 6, "invalid UTF-8"},
	} {
		got, err := wire.Encode(c.in)
		bad, ok := errors.AsType[*wire.TextError](err)
		if !ok || bad.Offset != c.offset || bad.Reason != c.reason {
			t.Errorf("Encode(%q) = %q, %v; want %q at byte %d", c.in, got, err, c.reason, c.offset)
		}
	}
}

func TestEncodeGivesTheErrorsOfEncodingJSON(t *testing.T) {
	for _, in := range []any{math.NaN(), make(chan int), func() {}, json.RawMessage(`{`)} {
		if got, err := wire.Encode(in); err == nil {
			t.Errorf("Encode(%T) = %s, want an error", in, got)
		}
	}
	if got, err := wire.Encode(text{"still works"}); err != nil || string(got) != `{"content":"still works"}` {
		t.Errorf("after errors Encode gives %s, %v", got, err)
	}
}

func TestCheckTextFindsTheFirstBadByte(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "plain": "", "汉字\n\t\r": "",
		"ab\x00":  "control character U+0000 at byte 2",
		"汉\xff":   "invalid UTF-8 at byte 3",
		"é\u009f": "control character U+009F at byte 2",
	} {
		err := wire.CheckText([]byte(in))
		if got := errorText(err); got != want {
			t.Errorf("CheckText(%q) = %q, want %q", in, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestAcceptedTextRoundTripsByteIdentical is the promise I1 over random texts: what is accepted arrives as it
// was, and what is refused was bad.
func TestAcceptedTextRoundTripsByteIdentical(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []string{
		"a", "Z", "0", " ", "\n", "\t", "\r", `"`, `\`, "/", "<", ">", "&", "'", "汉", "字", "é", "😀", "\u2028", "\u2029",
		"\ufffd", "\u200b", "\u202e", `\u0041`, "\x00", "\x1f", "\x7f", "\u0080", "\ufffe", "\xff", "\xc3", "\xed\xa0\x80",
	}
	var accepted, refused int
	for range 200_000 {
		var b strings.Builder
		for range r.IntN(12) {
			n := len(alphabet)
			if r.IntN(3) > 0 {
				n = 24 // mostly good ones, so that many texts pass
			}
			b.WriteString(alphabet[r.IntN(n)])
		}
		if checkRoundTrip(t, b.String()) {
			accepted++
		} else {
			refused++
		}
	}
	if accepted < 50_000 || refused < 50_000 {
		t.Errorf("%d texts accepted, %d refused: the test is too one-sided", accepted, refused)
	}
}

func checkRoundTrip(t *testing.T, in string) (accepted bool) {
	t.Helper()
	good := utf8.ValidString(in) && !strings.ContainsFunc(in, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef
	})
	body, err := wire.Encode(text{in})
	if (err == nil) != good {
		t.Fatalf("Encode(%q): error %v, want good %v", in, err, good)
	}
	if err != nil {
		return false
	}
	if strings.Contains(strings.ReplaceAll(string(body), `\\`, ""), `\u`) {
		t.Fatalf("Encode(%q) = %q has an escape", in, body)
	}
	var out text
	if err := json.Unmarshal(body, &out); err != nil || out.Content != in {
		t.Fatalf("Encode(%q) = %q decodes to %q, %v", in, body, out.Content, err)
	}
	return true
}

func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "plain", "汉字😀", "<&>", "\u2028", "\ufffd", "\xff", "\x00", "\x7f", "\u0085", "\ufffe", "\ufdd0", "\U000fffff", `\u0041`, "a\nb", `"\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		checkRoundTrip(t, in)
		raw, err := json.Marshal(text{in})
		if err != nil {
			t.Fatal(err)
		}
		again, err := wire.Encode(json.RawMessage(raw)) // with everything escaped that encoding/json escapes
		if err != nil {
			return
		}
		direct, err := wire.Encode(text{in})
		if err != nil || string(direct) != string(again) {
			t.Fatalf("%q is %q directly (%v) and %q from a RawMessage", in, direct, err, again)
		}
	})
}
