package wechat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
)

const (
	plantedToken = "84_Pl4ntedT0ken-zQx7_vB2nM9kL4jH6gF1dS8aP3oI5uY0tR"
	plantedKey   = "c0ffee11deadbeef22facade33badcab"
	oddKey       = "pa ss/wo+rd&\"=\\ü%41"
)

func TestCleanErrorsNameNoURLAndNoSecret(t *testing.T) {
	address := "https://api.weixin.qq.com/cgi-bin/menu/get?access_token=" + plantedToken + "&openid=oAbc"
	parse := func(s string) error { _, err := url.Parse(s); return err }
	_, reqErr := http.NewRequest("BAD METHOD", address, nil)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"url.Error":            {&url.Error{Op: "Get", URL: address, Err: io.EOF}, "EOF"},
		"nested url.Errors":    {&url.Error{Op: "Get", URL: address, Err: &url.Error{Op: "Post", URL: address, Err: io.ErrUnexpectedEOF}}, "unexpected EOF"},
		"url.Error inside":     {fmt.Errorf("outer: %w", &url.Error{Op: "Get", URL: address, Err: io.EOF}), `outer: Get "[url]": EOF`},
		"url.Error joined":     {errors.Join(io.EOF, &url.Error{Op: "Get", URL: address, Err: io.EOF}), `EOF Get "[url]": EOF`},
		"url.Error of nothing": {&url.Error{Op: "Get", URL: address}, "no reason given"},
		"bad URL":              {parse("https://host/%zz?access_token=" + plantedToken), `invalid URL escape "%zz"`},
		"bad request":          {reqErr, `net/http: invalid method "BAD METHOD"`},
		"no responder":         {errors.New("no responder found for GET " + address), "no responder found for GET [url]"},
		"Location":             {fmt.Errorf("failed to parse Location header %q: %w", "/x?access_token="+plantedToken, io.EOF), `failed to parse Location header "/x?access_token=[redacted]": EOF`},
		"Location, escaped":    {fmt.Errorf("Location %q", "/x?a="+strings.ReplaceAll(plantedToken, "_", "%5f")), "[redacted]"},
		"Location, twice":      {fmt.Errorf("Location %q", "/x?a="+strings.ReplaceAll(plantedToken, "_", "%255F")), "[redacted]"},
		"AppSecret":            {errors.New("body was " + plantedKey), "body was [redacted]"},
		"odd secret, query":    {errors.New("k=" + url.QueryEscape(oddKey)), "k=[redacted]"},
		"odd secret, path":     {errors.New("/" + url.PathEscape(oddKey) + "/"), "/[redacted]/"},
		"odd secret, quoted":   {fmt.Errorf("%q", oddKey), `"[redacted]"`},
		"another's token":      {errors.New(`{"refresh_token":"r-123456","errcode":0}`), `{"refresh_token":"[redacted]","errcode":0}`},
		"JSON in a string":     {errors.New(`"{\"access_token\":\"r-123456\"}"`), `"{\"access_token\":\"[redacted]\"}"`},
		"proxy":                {errors.New("invalid proxy address \"http://user:hunter2@proxy:1\": bad"), `invalid proxy address "[url]": bad`},
		"control characters":   {errors.New("a\x1b[31mb\x00c\nd\u202e"), "a[31mbc d"},
		"dial":                 {&url.Error{Op: "Post", URL: address, Err: &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}}, "dial tcp: connection refused"},
	} {
		got := clean(c.err, "", plantedToken, "abc", plantedKey, oddKey)
		if got.Error() != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if _, found := errors.AsType[*url.Error](got); found {
			t.Errorf("%s: a *url.Error is in the chain", name)
		}
		for e := got; e != nil; e = errors.Unwrap(e) {
			for _, verb := range []string{"%v", "%+v", "%q", "%s"} {
				if s := fmt.Sprintf(verb, e); strings.Contains(s, plantedToken) || strings.Contains(s, plantedKey) || strings.Contains(s, "://") {
					t.Errorf("%s: %s of the chain gives %s", name, verb, s)
				}
			}
		}
	}
}

type slow struct{ error }

func (slow) Timeout() bool { return true }

func TestCleanErrorsStillTellWhatEndedThem(t *testing.T) {
	address := "https://api.weixin.qq.com/?access_token=" + plantedToken
	for name, err := range map[string]error{
		"plain":  &url.Error{Op: "Get", URL: address, Err: context.DeadlineExceeded},
		"struck": fmt.Errorf("%s: %w", address, context.DeadlineExceeded),
		"deep":   fmt.Errorf("x: %w", &url.Error{Op: "Get", URL: address, Err: context.DeadlineExceeded}),
	} {
		if got := clean(err, plantedToken); !errors.Is(got, context.DeadlineExceeded) || errors.Is(got, context.Canceled) {
			t.Errorf("%s: %v is no DeadlineExceeded", name, got)
		}
	}
	if got := clean(fmt.Errorf("%s: %w", address, context.Canceled), plantedToken); !errors.Is(got, context.Canceled) {
		t.Errorf("%v is no Canceled", got)
	}
	got := clean(&url.Error{Op: "Get", URL: address, Err: slow{errors.New(address)}}, plantedToken)
	if timeout, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](got); !ok || !timeout.Timeout() || !errors.Is(got, os.ErrDeadlineExceeded) {
		t.Errorf("%v is no timeout", got)
	}
	if got := clean(io.ErrUnexpectedEOF); !errors.Is(got, io.ErrUnexpectedEOF) || errors.Is(got, os.ErrDeadlineExceeded) {
		t.Errorf("%v lost its inner error", got)
	}
	op := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", errors.New("reset"))}
	if got, ok := errors.AsType[*net.OpError](clean(&url.Error{Op: "Get", URL: address, Err: op})); !ok || got != op {
		t.Error("an inner error without secrets is out of reach")
	}
}

func TestStrikeTakesTheLongerSecretFirst(t *testing.T) {
	short, longer := "abcdef", "abcdefGHIJKL"
	for _, order := range [][]string{{short, longer}, {longer, short}} {
		if got := strike("x abcdefGHIJKL y abcdef z", order...); got != "x [redacted] y [redacted] z" {
			t.Errorf("strike with %q gives %q", order, got)
		}
	}
}

func TestStrikeLeavesOrdinaryTextAlone(t *testing.T) {
	for _, s := range []string{
		"", "invalid credential, access_token is invalid or not latest", "errcode=40001", "ok 100% sure, 50%25 off", "tokens: 3", "a token = b",
		`{"errcode":40001,"errmsg":"access_token expired"}`, `{"access_token":""}`, "汉字",
	} {
		if got := strike(s, plantedToken, plantedKey); got != s {
			t.Errorf("strike(%q) = %q", s, got)
		}
	}
	secrets := []string{"bb", "aaaaa", "cccccc"}
	strike("text", secrets...)
	if secrets[0] != "bb" || secrets[2] != "cccccc" {
		t.Errorf("strike reordered the caller's secrets: %q", secrets)
	}
}

func TestKeptAnswersAreBoundedAndHoldNoHalfSecret(t *testing.T) {
	if got := keepAnswer(nil); got != nil {
		t.Errorf("nothing gives %q", got)
	}
	if got := keepAnswer([]byte(`{"errcode":1}`), plantedToken); string(got) != `{"errcode":1}` {
		t.Errorf("a short answer gives %q", got)
	}
	for _, cut := range []int{maxAnswer, maxAnswer + 8<<10} {
		for shift := range len(plantedToken) {
			body := strings.Repeat("x", cut-shift) + plantedToken + strings.Repeat("y", 20<<10)
			if got := keepAnswer([]byte(body), plantedToken); len(got) > maxAnswer || strings.Contains(string(got), plantedToken[:4]) {
				t.Fatalf("cut %d, shift %d: %d bytes that end in %q", cut, shift, len(got), got[len(got)-20:])
			}
		}
	}
	crowd := strings.Repeat(plantedToken, 4000)
	if got := keepAnswer([]byte(crowd), plantedToken); len(got) > maxAnswer || strings.Contains(string(got), plantedToken[:4]) {
		t.Errorf("an answer of tokens ends in %q", got[max(0, len(got)-60):])
	}
}

// FuzzRedact plants secrets in every part of a URL and around it; none may come out, and what comes out must
// be printable and short.
func FuzzRedact(f *testing.F) {
	for _, s := range []string{
		"", "Get ", `"`, "https://api.weixin.qq.com/", "https://u:p@h/x?", "/x?access_token=", "#", "%", "%5F", "%255f", "?a=b&secret=", `\"`, "\x00", "\xff", "😀",
		`{"access_token":"`, `"}`, "failed to parse Location header ", ": EOF", " ", "\n",
	} {
		f.Add(s, s, uint8(0))
		f.Add("https://h/"+s, "&x=y", uint8(1))
		f.Add(s, "/tail", uint8(2))
		f.Add("pre", s, uint8(3))
	}
	f.Fuzz(func(t *testing.T, before, after string, how uint8) {
		if len(before)+len(after) > 4096 {
			return
		}
		for _, secret := range []string{plantedToken, plantedKey} {
			in := secret
			switch how % 6 {
			case 1:
				in = url.QueryEscape(secret)
			case 2:
				in = everyByteEscaped(secret)
			case 3:
				in = url.QueryEscape(everyByteEscaped(secret))
			case 4:
				in = strings.ReplaceAll(secret, "_", "%5f")
			case 5:
				in = strings.Repeat(secret, 30)
			}
			text := before + in + after
			for _, err := range []error{
				errors.New(text), &url.Error{Op: "Get", URL: text, Err: errors.New(text)}, fmt.Errorf("%q: %w", text, &url.Error{Op: before, URL: in, Err: io.EOF}),
			} {
				got := clean(err, plantedToken, plantedKey).Error()
				if again := undo(got); strings.Contains(got, secret) || strings.Contains(again, secret) {
					t.Fatalf("clean(%q) gives %q", err, got)
				}
				if len(got) > maxText || got != printable(got, maxText) {
					t.Fatalf("clean(%q) is not printable or too long: %q", err, got)
				}
			}
		}
	})
}

func everyByteEscaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// undo decodes URL escapes as long as they decode.
func undo(s string) string {
	for range 3 {
		p, err := url.PathUnescape(s)
		if err != nil {
			return s
		}
		s = p
	}
	return s
}
