package wechat_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// sent is the answer of a broadcast, complete only with a message id.
type sent struct {
	MsgID wire.Int `json:"msg_id"`
}

func (s *sent) Check() error {
	if s.MsgID <= 0 {
		return errors.New("no msg_id in the answer")
	}
	return nil
}

// exchange makes one call of a class against a platform that always gives the same answer. It runs in a
// bubble, so that pauses take no time.
func exchange(t *testing.T, class wechat.Class, give script, out any) (requests int, err error) {
	t.Helper()
	c := scripted(t, func(r *http.Request) (*http.Response, error) {
		requests++
		return give(r)
	})
	err = c.Call(t.Context(), wechat.Request{Method: http.MethodPost, Path: "/cgi-bin/some/path", Class: class}, out)
	return requests, err
}

func always(status int, body string) script {
	return func(r *http.Request) (*http.Response, error) { return answer(r, status, body), nil }
}

// TestBadAnswers are the bad inputs 1, 2, 3, 5, 6 and 7 of the list, each against a read, which is tried three
// times, and against a write that must happen once, which is in doubt after one request.
func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		say    string
	}{
		"1 null":                    {200, `null`, "answer is no JSON object"},
		"1 empty object":            {200, `{}`, "empty object"},
		"1 empty":                   {200, ``, "empty answer"},
		"1 spaces":                  {200, " \n", "empty answer"},
		"1 array":                   {200, `[]`, "answer is no JSON object"},
		"2 no msg_id":               {200, `{"errcode":0,"errmsg":"ok"}`, "no msg_id in the answer"},
		"2 msg_id 0":                {200, `{"errcode":0,"msg_id":0}`, "no msg_id in the answer"},
		"2 msg_id null":             {200, `{"errcode":0,"msg_id":null}`, "no msg_id in the answer"},
		"3 captive portal":          {200, `<html><body>Please log in</body></html>`, "answer is no JSON object"},
		"3 HTML not found":          {404, `<html>`, "HTTP status 404"},
		"6 errcode twice":           {200, `{"errcode":0,"errcode":40001,"msg_id":1}`, "answer holds errcode twice"},
		"6 errcode twice, escaped":  {200, `{"errcode":0,"err\u0063ode":40001,"msg_id":1}`, "answer holds errcode twice"},
		"6 two values":              {200, `{"errcode":0,"msg_id":1}{"errcode":40001}`, "answer goes on after its end"},
		"6 text behind":             {200, `{"errcode":0,"msg_id":1} ok`, "answer goes on after its end"},
		"6 comma before the end":    {200, `{"errcode":0,"msg_id":1,}`, "answer is no JSON object"},
		"7 errcode 1e400":           {200, `{"errcode":1e400,"msg_id":1}`, "errcode is no number"},
		"7 errcode null":            {200, `{"errcode":null,"msg_id":1}`, "errcode is no number"},
		"7 errcode of half":         {200, `{"errcode":0.5,"msg_id":1}`, "errcode is no number"},
		"7 msg_id over 2^63":        {200, `{"errcode":0,"msg_id":9223372036854775808}`, "no whole number of 64 bits"},
		"7 msg_id in float":         {200, `{"errcode":0,"msg_id":1e19}`, "no whole number of 64 bits"},
		"7 msg_id a word":           {200, `{"errcode":0,"msg_id":"abc"}`, "no whole number of 64 bits"},
		"broken inside":             {200, `{"errcode":0,"msg_id":1,"x":[1,}`, "cut off"},
		"code in broken JSON":       {200, `{"errcode":45028,"errmsg":"x","y":tru}`, "answer is no JSON object"},
		"refusal in broken JSON":    {200, `{"errcode":40001,"errmsg":"x","y":{"a" 1}}`, "answer is no JSON object"},
		"encoding with a zero byte": {200, "{\"errcode\":0,\"msg_id\":1}\x00", "answer goes on after its end"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				requests, err := exchange(t, wechat.ClassOnce, always(c.status, c.body), new(sent))
				e := details(t, err)
				wantKind(t, e, wechat.ErrBadResponse, wechat.ErrOutcomeUnknown)
				if requests != 1 || e.HTTPStatus != c.status || string(e.Answer) != c.body || !strings.Contains(e.Error(), c.say) || e.Code != 0 {
					t.Errorf("once: %d requests, answer %q, error %v", requests, e.Answer, e)
				}
				requests, err = exchange(t, wechat.ClassRead, always(c.status, c.body), new(sent))
				want := 3
				if c.status == 404 {
					want = 1
				}
				if wantKind(t, err, wechat.ErrBadResponse); requests != want || errors.Is(err, wechat.ErrOutcomeUnknown) {
					t.Errorf("read: %d requests, error %v", requests, err)
				}
			})
		})
	}
}

// TestAnswersWithoutPayloadMustSayZero: where nothing is decoded, only an explicit errcode 0 is success.
func TestAnswersWithoutPayloadMustSayZero(t *testing.T) {
	for body, good := range map[string]bool{
		`{"errcode":0}`: true, `{"errcode":0,"errmsg":"ok"}`: true, `{"errcode":"0"}`: true, "\xef\xbb\xbf{\"errcode\":0}\r\n": true,
		`{"errcode":0,"more":{"a":[1]}}`: true,
		`{}`:                             false, `{"errmsg":"ok"}`: false, `null`: false, `{"ErrCode":0}`: false, `{"errcode":0,"x":tru}`: false, `{"data":{"errcode":0}}`: false,
		`ok`: false, `0`: false, `"errcode":0`: false,
	} {
		_, err := exchange(t, wechat.ClassOnce, always(200, body), nil)
		if (err == nil) != good {
			t.Errorf("%s: error %v", body, err)
		} else if !good {
			wantKind(t, err, wechat.ErrBadResponse, wechat.ErrOutcomeUnknown)
		}
	}
}

// TestOddAnswersThatAreRight are the inputs of the list that the platform really sends.
func TestOddAnswersThatAreRight(t *testing.T) {
	type user struct {
		Nickname string   `json:"nickname"`
		ID       wire.Int `json:"id"`
	}
	for body, want := range map[string]user{
		"{\"nickname\":\"a\x14b\"}":               {Nickname: "a\x14b"},
		"{\"nickname\":\"a\nb\tc\"}":              {Nickname: "a\nb\tc"},
		"{\"nickname\":\"a\xffb\"}":               {Nickname: "a\ufffdb"},
		"\xef\xbb\xbf{\"nickname\":\"汉\"}":        {Nickname: "汉"},
		" \r\n{\"nickname\":\"\\ud83d\\ude00\"} ": {Nickname: "😀"},
		`{"id":"6501684294894870530"}`:            {ID: 6501684294894870530},
		`{"id":9223372036854775807}`:              {ID: 9223372036854775807},
		`{"id":7.0,"nickname":null}`:              {ID: 7},
		`{"errcode":0,"id":7,"more":{}}`:          {ID: 7},
		`{"errcode":"0","id":"7"}`:                {ID: 7},
		"{\"id\":7,\"errmsg\":\"raw \x01\"}":      {ID: 7},
		`{"id":7,"errmsg":"ok","errmsg":"ok"}`:    {ID: 7},
	} {
		var got user
		if requests, err := exchange(t, wechat.ClassRead, always(200, body), &got); err != nil || got != want || requests != 1 {
			t.Errorf("%q gives %+v, %v after %d requests; want %+v", body, got, err, requests, want)
		}
	}
}

func TestCodesInOddSpellingsAreRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for body, want := range map[string]int{
			`{"errcode":"40001","errmsg":"x"}`: 40001, `{"errcode":40001.0,"errmsg":"x"}`: 40001, `{"errcode":4.0001e4}`: 40001,
			"\xef\xbb\xbf{\"errcode\":40001}": 40001, `{"errmsg":"x","errcode":40001}`: 40001, "{\"errcode\":40001,\"errmsg\":\"\x07\"}": 40001,
		} {
			requests, err := exchange(t, wechat.ClassOnce, always(200, body), new(sent))
			if e := details(t, err); e.Code != want || requests != 2 || !errors.Is(e, wechat.ErrTokenRejected) || errors.Is(e, wechat.ErrOutcomeUnknown) {
				t.Errorf("%q: %d requests, error %v", body, requests, err)
			}
		}
	})
}

// cut is a body that ends early, as when a connection breaks.
func cut(r *http.Request, body string, k int) *http.Response {
	resp := answer(r, 200, "")
	resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:k]), broken{}))
	resp.ContentLength = int64(len(body))
	return resp
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestAnswerCutAtEveryByte is bad input 8, once as a connection that breaks and once as an answer that is
// complete and too short.
func TestAnswerCutAtEveryByte(t *testing.T) {
	const body = `{"errcode":0,"errmsg":"ok","msg_id":6501684294894870530,"list":[{"a":"汉字\n"},2.5e1,true]}`
	synctest.Test(t, func(t *testing.T) {
		for k := range len(body) {
			for name, give := range map[string]script{
				"broken":    func(r *http.Request) (*http.Response, error) { return cut(r, body, k), nil },
				"too short": always(200, body[:k]),
			} {
				requests, err := exchange(t, wechat.ClassOnce, give, new(sent))
				if wantKind(t, err, wechat.ErrOutcomeUnknown); requests != 1 {
					t.Fatalf("%s at byte %d: once took %d requests", name, k, requests)
				}
				requests, err = exchange(t, wechat.ClassRead, give, new(sent))
				if wantKind(t, err, wechat.ErrBadResponse); requests != 3 || errors.Is(err, wechat.ErrOutcomeUnknown) {
					t.Fatalf("%s at byte %d: a read took %d requests: %v", name, k, requests, err)
				}
			}
		}
		first := true
		healed := func(r *http.Request) (*http.Response, error) {
			if first {
				first = false
				return cut(r, body, 20), nil
			}
			return answer(r, 200, body), nil
		}
		var out sent
		if requests, err := exchange(t, wechat.ClassRead, healed, &out); err != nil || requests != 2 || out.MsgID != 6501684294894870530 {
			t.Errorf("a read that is cut once: %d requests, %v, %+v", requests, err, out)
		}
	})
}

// endless is a body that never ends, in pieces with pauses.
type endless struct {
	piece []byte
	pause time.Duration
	ctx   context.Context //nolint:containedctx // a body ends with its request
	read  *int64
}

func (e endless) Read(p []byte) (int, error) {
	if e.pause > 0 {
		select {
		case <-time.After(e.pause):
		case <-e.ctx.Done():
			return 0, e.ctx.Err()
		}
	}
	n := copy(p, e.piece)
	*e.read += int64(n)
	return n, e.ctx.Err()
}

func (endless) Close() error { return nil }

// TestAnswerWithoutEndIsRefusedAtItsLimit is bad input 9: one byte more than the limit is read, and the heap
// does not grow with the answer.
func TestAnswerWithoutEndIsRefusedAtItsLimit(t *testing.T) {
	for path, limit := range map[string]int64{"/cgi-bin/some/path": 1 << 20, "/cgi-bin/material/batchget_material": 16 << 20} {
		var read int64
		requests := 0
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			requests++
			resp := answer(r, 200, "")
			resp.Body = endless{piece: []byte(strings.Repeat(`{"a":"`, 700)), ctx: r.Context(), read: &read}
			return resp, nil
		})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var out map[string]json.RawMessage
		err := c.Call(t.Context(), wechat.Request{Path: path, Class: wechat.ClassRead}, &out)
		runtime.ReadMemStats(&after)
		if wantKind(t, err, wechat.ErrResponseTooLarge, wechat.ErrBadResponse); requests != 1 {
			t.Errorf("%s: %d requests, error %v", path, requests, err)
		}
		if read > limit+8<<10 {
			t.Errorf("%s: %d bytes were read, the limit is %d", path, read, limit)
		}
		if grown := int64(after.TotalAlloc) - int64(before.TotalAlloc); grown > 10*limit { // a buffer that doubles, twice over under the race detector
			t.Errorf("%s: %d bytes were allocated, the limit is %d", path, grown, limit)
		}
		if len(details(t, err).Answer) > 0 {
			t.Errorf("%s: an answer too large is kept", path)
		}
	}
}

func TestAnswerAtItsLimitIsTaken(t *testing.T) {
	const head, tail = `{"errcode":0,"a":"`, `"}`
	for extra, good := range map[int]bool{0: true, 1: false} {
		body := head + strings.Repeat("x", 1<<20-len(head)-len(tail)+extra) + tail
		_, err := exchange(t, wechat.ClassRead, always(200, body), nil)
		if (err == nil) != good {
			t.Errorf("an answer of %d bytes: %v", len(body), err)
		}
	}
}

// TestAnswerThatDripsEndsWithTheDeadline is the slow half of bad input 9.
func TestAnswerThatDripsEndsWithTheDeadline(t *testing.T) {
	for _, class := range []wechat.Class{wechat.ClassRead, wechat.ClassOnce} {
		synctest.Test(t, func(t *testing.T) {
			var read int64
			c := scripted(t, func(r *http.Request) (*http.Response, error) {
				resp := answer(r, 200, "")
				resp.Body = endless{piece: []byte(" "), pause: 100 * time.Millisecond, ctx: r.Context(), read: &read}
				return resp, nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			var err error
			d := took(func() {
				err = c.Call(ctx, wechat.Request{Method: http.MethodPost, Path: "/cgi-bin/some/path", Class: class}, nil)
			})
			if wantKind(t, err, context.DeadlineExceeded); d < 2900*time.Millisecond || d > 3100*time.Millisecond {
				t.Errorf("%v: ended after %v with %v", class, d, err)
			}
			if errors.Is(err, wechat.ErrOutcomeUnknown) != (class == wechat.ClassOnce) {
				t.Errorf("%v: %v", class, err)
			}
		})
	}
}

// TestBadTokenAnswers is bad input 4 and, for the token, 3: nothing of them is kept.
func TestBadTokenAnswers(t *testing.T) {
	for body, want := range map[string]string{
		`<html>log in</html>`:                          "answer is no JSON object",
		`{"access_token":"","expires_in":7200}`:        "no access_token in the answer",
		`{"expires_in":7200}`:                          "no access_token in the answer",
		`{"access_token":"ttttt"}`:                     "life of 0 s",
		`{"access_token":"ttttt","expires_in":0}`:      "life of 0 s",
		`{"access_token":"ttttt","expires_in":-1}`:     "life of -1 s",
		`{"access_token":"ttttt","expires_in":"soon"}`: "no whole number",
		`{"access_token":["ttttt"],"expires_in":7200}`: "cannot unmarshal array",
	} {
		synctest.Test(t, func(t *testing.T) {
			tokens, calls := 0, 0
			c, err := wechat.New(good, wechat.WithTransport(script(func(r *http.Request) (*http.Response, error) {
				if r.URL.Path == tokenPath {
					if tokens++; tokens <= 3 {
						return answer(r, 200, body), nil
					}
					return answer(r, 200, `{"access_token":"a-good-one","expires_in":"7200"}`), nil
				}
				calls++
				return answer(r, 200, `{"errcode":0}`), nil
			})))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			err = c.Call(t.Context(), wechat.Request{Path: "/x"}, nil)
			if wantKind(t, err, wechat.ErrBadResponse); calls != 0 || tokens != 3 || !strings.Contains(err.Error(), want) || strings.Contains(dump(err), "ttttt") {
				t.Errorf("%s: %d calls, %d token calls, error %v", body, calls, tokens, err)
			}
			if err := c.Call(t.Context(), wechat.Request{Path: "/x"}, nil); err != nil || tokens != 4 || calls != 1 {
				t.Errorf("%s: the next call: %d token calls, %v", body, tokens, err)
			}
		})
	}
}

// TestRefusedBodiesAreNeverSent: what must not be sent costs neither a request nor a token.
func TestRefusedBodiesAreNeverSent(t *testing.T) {
	c, err := wechat.New(good, wechat.WithTransport(script(func(r *http.Request) (*http.Response, error) {
		t.Errorf("%s was asked", r.URL.Path)
		return answer(r, 200, `{"errcode":0}`), nil
	})))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for want, body := range map[string]any{
		"body: control character U+0000 at byte 7":         map[string]string{"a": "x\x00"},
		"body: invalid UTF-8 at byte 6":                    map[string]string{"a": "\xff"},
		"body: noncharacter U+FFFE at byte 6":              map[string]string{"a": "\ufffe"},
		"body: invalid UTF-8 at byte 7":                    json.RawMessage(`{"ab": "\ud83d"}`),
		"body: json: unsupported type: func()":             func() {},
		"body: json: unsupported value: NaN":               map[string]any{"a": nan()},
		"body: control character U+001B at byte 6":         map[string]string{"a": "\x1b[0m"},
		"body: invalid UTF-8 at byte 2":                    map[string]string{"\xc3": ""},
		"body: control character U+0085 at byte 6":         map[string]string{"a": "\u0085"},
		"body: json: error calling MarshalJSON for type j": json.RawMessage(`{`),
	} {
		err := c.Call(t.Context(), wechat.Request{Path: "/x", Body: body}, nil)
		if !errors.Is(err, wechat.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("body %q: error %v, want %s", fmt.Sprint(body), err, want)
		}
	}
}

func nan() float64 {
	var zero float64
	return zero / zero
}

// TestBodiesAreSentRaw: what is sent holds no escapes, and its length is announced.
func TestBodiesAreSentRaw(t *testing.T) {
	for want, body := range map[string]any{
		`{}`:                             nil,
		`{"content":"汉字 <b>&amp;</b>"}`:  map[string]string{"content": "汉字 <b>&amp;</b>"},
		"{\"content\":\"\u2028\ufffd\"}": map[string]string{"content": "\u2028\ufffd"},
		`{"a":"中😀\n"}`:                   json.RawMessage(`{"a": "\u4e2d\ud83d\ude00\u000a"}`),
	} {
		var got, contentType string
		var length int64
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			b, err := io.ReadAll(r.Body)
			got, contentType, length = string(b), r.Header.Get("Content-Type"), r.ContentLength
			return answer(r, 200, `{"errcode":0}`), err
		})
		err := c.Call(t.Context(), wechat.Request{Method: http.MethodPost, Path: "/x", Body: body}, nil)
		if err != nil || got != want || length != int64(len(want)) || contentType != "application/json; charset=utf-8" {
			t.Errorf("sent %q (%d bytes, %s), %v; want %q", got, length, contentType, err, want)
		}
	}
}

// FuzzAPIResponse answers a write that must happen once with anything. It succeeds only where encoding/json
// would decode a msg_id and no errcode; otherwise it is an *Error that shows no secret, after one request, or
// two where the platform refused the token.
func FuzzAPIResponse(f *testing.F) {
	for _, s := range []string{
		`null`, `{}`, `{"errcode":0,"errmsg":"ok"}`, `<html>`, `{"access_token":"x","expires_in":-1}`, "{\"nickname\":\"a\x14b\"}", "\xff", "\xef\xbb\xbf{}",
		`{"errcode":0,"errcode":40001}`, `{"errcode":"40001"}`, `{"errcode":40001.0}`, `{"errcode":1e400}`, `{"msg_id":"123"}`, `{"errcode":0,"msg_id":99999999999999999999}`,
		`{"errcode":0,"msg_id":1`, `{"errcode":-1,"errmsg":"system error"}`, `{"errcode":45065,"msg_id":7}`, `{"errcode":40164,"errmsg":"invalid ip 1.2.3.4, rid: 61725984-6126f6f9-040f19c4"}`,
		`{"errcode":40003,"errmsg":"` + plantedSecret + `"}`, `{"errcode":0,"msg_id":7}{}`, `{"errcode":1,"a":"%` + plantedSecret + `"}`,
	} {
		f.Add(200, s)
		f.Add(502, s)
	}
	f.Add(302, "")
	f.Add(429, `{"errcode":45011}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return
		}
		requests := 0
		tokens := tokenFunc(func(_ context.Context, refused string) (string, error) {
			return plantedSecret + strings.Repeat("2", len(refused)/32), nil
		})
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			requests++
			return answer(r, status, body), nil
		}, wechat.WithTokens(tokens))
		defer c.Close()
		var out sent
		err := c.Call(t.Context(), wechat.Request{Path: "/x", Body: struct{}{}}, &out)
		if err == nil {
			var std struct {
				Code  wire.Int `json:"errcode"`
				MsgID wire.Int `json:"msg_id"`
			}
			fixed, valid := strings.TrimPrefix(body, "\xef\xbb\xbf"), false
			if valid = json.Valid([]byte(fixed)); valid {
				_ = json.Unmarshal([]byte(fixed), &std)
			}
			if status != 200 || requests != 1 || out.MsgID <= 0 || valid && (std.Code != 0 || std.MsgID != out.MsgID) {
				t.Fatalf("%d %q succeeds with %+v after %d requests", status, body, out, requests)
			}
			return
		}
		e := details(t, err)
		refused := e.Code == 40001 || e.Code == 40014 || e.Code == 42001
		if requests > 1 && !(refused && requests == 2 && status == 200) {
			t.Fatalf("%d %q took %d requests: %v", status, body, requests, e)
		}
		if kindsOf(e) == "" && e.Code == 0 || len(e.Error()) > 2048 || len(e.Message) > 512 {
			t.Fatalf("%d %q gives %q", status, body, e)
		}
		text := dump(e)
		for _, shape := range []string{plantedSecret, strings.ToUpper(plantedSecret)} {
			if strings.Contains(text, shape) && strings.Contains(body, plantedSecret) {
				t.Fatalf("%d %q shows the token: %s", status, body, text)
			}
		}
	})
}
