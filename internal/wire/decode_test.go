package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

func TestScanReadsTheEnvelope(t *testing.T) {
	for body, want := range map[string]wire.Envelope{
		`{}`:                              {},
		`{"a":1}`:                         {Members: 1},
		`{"errcode":0}`:                   {HasCode: true, Members: 1},
		`{"errcode":0,"errmsg":"ok"}`:     {HasCode: true, Members: 2},
		`{"errcode":"40001","errmsg":""}`: {HasCode: true, Code: 40001, Members: 2},
		`{"errcode":40001.0}`:             {HasCode: true, Code: 40001, Members: 1},
		`{"errcode":4.0001e4}`:            {HasCode: true, Code: 40001, Members: 1},
		`{"errcode":-1}`:                  {HasCode: true, Code: -1, Members: 1},
		"\xef\xbb\xbf" + `{"errcode":0}`:  {HasCode: true, Members: 1},
		" \r\n\t{ \"errcode\" : 48001 , \"x\" : [ 1 , {\"errcode\":7} ] } \n": {HasCode: true, Code: 48001, Members: 2},
		`{"x":{"errcode":40001},"y":[{"errcode":1}],"z":"\"errcode\":2"}`:     {Members: 3},
		`{"err\u0063ode":40001}`: {HasCode: true, Code: 40001, Members: 1},
	} {
		got, _, err := wire.Scan([]byte(body))
		if err != nil {
			t.Errorf("Scan(%q) gives error %v", body, err)
			continue
		}
		if got.Code != want.Code || got.HasCode != want.HasCode || got.Members != want.Members {
			t.Errorf("Scan(%q) = %+v, want %+v", body, got, want)
		}
	}
}

func TestScanRefusesWhatIsNoAnswer(t *testing.T) {
	for body, want := range map[string]string{
		"":                                      "empty answer",
		" \n":                                   "empty answer",
		"\xef\xbb\xbf":                          "empty answer",
		`null`:                                  "answer is no JSON object",
		`[]`:                                    "answer is no JSON object",
		`"ok"`:                                  "answer is no JSON object",
		`<html></html>`:                         "answer is no JSON object",
		"\v{}":                                  "answer is no JSON object",
		"\u00a0{}":                              "answer is no JSON object",
		"\xef\xbb\xbf\xef\xbb\xbf{}":            "answer is no JSON object",
		`{"errcode":0,"errcode":40001}`:         "answer holds errcode twice",
		`{"errcode":0,"errcode":0}`:             "answer holds errcode twice",
		`{"errcode":0,"errc\u006fde":40001}`:    "answer holds errcode twice",
		`{"errcode":0}{"errcode":1}`:            "answer goes on after its end",
		`{"errcode":0} x`:                       "answer goes on after its end",
		"{\"errcode\":0}\x00":                   "answer goes on after its end",
		`{"errcode":1e400}`:                     "errcode is no number",
		`{"errcode":0.5}`:                       "errcode is no number",
		`{"errcode":null}`:                      "errcode is no number",
		`{"errcode":true}`:                      "errcode is no number",
		`{"errcode":[]}`:                        "errcode is no number",
		`{"errcode":""}`:                        "errcode is no number",
		`{"errcode":"ok"}`:                      "errcode is no number",
		`{"errcode":"0x1p4"}`:                   "errcode is no number",
		`{"errcode":"1_000"}`:                   "errcode is no number",
		`{"errcode":"Inf"}`:                     "errcode is no number",
		`{"errcode":"nan"}`:                     "errcode is no number",
		`{"errcode":"+1"}`:                      "errcode is no number",
		`{"errcode":99999999999}`:               "errcode is no number",
		`{"errcode":`:                           "answer is cut off",
		`{"errcode":0,"errmsg":"o`:              "answer is cut off",
		`{"errcode":0,"x":[`:                    "answer is cut off",
		`{`:                                     "answer is cut off",
		`{"errcode":0,}`:                        "answer is no JSON object",
		`{,}`:                                   "answer is no JSON object",
		`{"errcode" 0}`:                         "answer is no JSON object",
		`{errcode:0}`:                           "answer is no JSON object",
		`{"errcode":}`:                          "answer is no JSON object",
		`{"errcode":40001,"errmsg":bad}`:        "answer is no JSON object",
		`{"errcode":40001,"x":[}`:               "answer is cut off",
		`{"errcode":45028,"x":{"a":tru},"y":1}`: "answer is no JSON object",
		`{"errcode":040001}`:                    "answer is no JSON object",
	} {
		if got, _, err := wire.Scan([]byte(body)); err == nil || err.Error() != want {
			t.Errorf("Scan(%q) = %+v, %v; want error %q", body, got, err, want)
		}
	}
}

func TestScanEscapesRawControlCharactersInStringsOnly(t *testing.T) {
	body := "{\"errcode\":40003,\r\n\t\"errmsg\":\"a\x14b\\\"\x01\\\\\",\"nick\x02name\":\"line\nbreak\"}"
	envelope, fixed, err := wire.Scan([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(fixed, &got); err != nil {
		t.Fatalf("%q: %v", fixed, err)
	}
	if want := "a\x14b\"\x01\\"; got["errmsg"] != want || envelope.Message() != want {
		t.Errorf("errmsg = %q and %q, want %q", got["errmsg"], envelope.Message(), want)
	}
	if want := "line\nbreak"; got["nick\x02name"] != want {
		t.Errorf("got %q, want %q", got["nick\x02name"], want)
	}
}

func TestScanLeavesInvalidUTF8ToTheDecoder(t *testing.T) {
	_, fixed, err := wire.Scan([]byte("{\"nickname\":\"a\xffb\"}"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Nickname string }
	if err := wire.Unmarshal(fixed, &got); err != nil || got.Nickname != "a\ufffdb" {
		t.Errorf("got %q, %v", got.Nickname, err)
	}
}

func TestMessageThatIsNoStringIsEmpty(t *testing.T) {
	for _, body := range []string{`{"errcode":1}`, `{"errcode":1,"errmsg":7}`, `{"errcode":1,"errmsg":null}`, `{"errcode":1,"errmsg":{}}`} {
		e, _, err := wire.Scan([]byte(body))
		if err != nil || e.Message() != "" {
			t.Errorf("Scan(%s): message %q, error %v", body, e.Message(), err)
		}
	}
}

func TestScanOfAGoodAnswerDoesNotAllocate(t *testing.T) {
	body := []byte(`{"errcode":0,"errmsg":"ok","total":2,"data":{"openid":["a","b"]},"next_openid":"b"}`)
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := wire.Scan(body); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("Scan allocates %v times", n)
	}
}

func TestDeepAnswersDoNotOverflowTheStack(t *testing.T) {
	const deep = 1 << 20
	body := `{"errcode":0,"x":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}`
	_, fixed, err := wire.Scan([]byte(body))
	if err == nil {
		var out map[string]any
		err = wire.Unmarshal(fixed, &out)
	}
	if err == nil {
		t.Error("an answer nested a million deep is accepted")
	}
}

func TestIntTakesNumbersAndStrings(t *testing.T) {
	for in, want := range map[string]int64{
		`0`: 0, `-5`: -5, `7200`: 7200, `"7200"`: 7200, `"-3"`: -3, `3.0`: 3, `1e3`: 1000, `null`: 42,
		`9223372036854775807`: math.MaxInt64, `"9223372036854775807"`: math.MaxInt64, `-9223372036854775808`: math.MinInt64,
		`6501684294894870530`: 6501684294894870530,
	} {
		got := wire.Int(42)
		if err := json.Unmarshal([]byte(in), &got); err != nil || int64(got) != want {
			t.Errorf("Int from %s = %d, %v; want %d", in, got, err, want)
		}
	}
	for _, in := range []string{
		`9223372036854775808`, `"9223372036854775808"`, `1e19`, `1e400`, `0.5`, `"x"`, `""`, `" 1"`, `"1 "`,
		`true`, `[1]`, `{}`, `"0x10"`, `"0x1p4"`, `"1_0"`, `"infinity"`, `"\u0031"`,
	} {
		got := wire.Int(42)
		if err := json.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("Int from %s = %d, want an error", in, got)
		}
	}
}

func TestIntNeverRepeatsWhatItRefused(t *testing.T) {
	var n wire.Int
	err := json.Unmarshal([]byte(`"84_secretToken"`), &n)
	if err == nil || strings.Contains(err.Error(), "84_") {
		t.Errorf("error %v", err)
	}
}

// tolerant says what Scan accepts or refuses on top of encoding/json.
func tolerant(body []byte) (fixed []byte, strict bool) {
	fixed = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	var out []byte // raw control characters inside strings are taken
	inside := false
	for i := 0; i < len(fixed); i++ {
		switch c := fixed[i]; {
		case c == '"':
			inside = !inside
			out = append(out, c)
		case inside && c == '\\' && i+1 < len(fixed):
			i++
			out = append(out, c, fixed[i])
		case inside && c < 0x20:
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			out = append(out, c)
		}
	}
	return out, json.Valid(out)
}

func FuzzScan(f *testing.F) {
	for _, s := range []string{
		`{}`, `null`, `[]`, `{"errcode":0,"errmsg":"ok"}`, `{"errcode":40001,"errmsg":"x rid: 1-2"}`, `{"errcode":"40001"}`,
		`{"errcode":40001.0}`, `{"errcode":1e400}`, `{"errcode":0,"errcode":1}`, `{"err\u0063ode":1}`, "\xef\xbb\xbf{\"a\":1}",
		"{\"a\":\"b\x14c\"}", "{\"a\":\"\xff\"}", `{"a":[1,{"b":"}"}]}`, `{"errcode":45028,"x":[}`, `{"a":"\`, `{"a":1} {"b":2}`,
		`<html>`, `{"msg_id":"6501684294894870530"}`, `{"a":1,}`, `{"errcode":0`, "{\"\x01\":0}", `{"errcode":-0}`, `{"a":"\"`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := bytes.Clone(body)
		e, fixed, err := wire.Scan(body)
		if !bytes.Equal(before, body) {
			t.Fatalf("Scan changed its input %q", before)
		}
		std, valid := tolerant(body)
		var members map[string]json.RawMessage
		isObject := valid && json.Unmarshal(std, &members) == nil && members != nil
		if err != nil {
			if isObject && len(members) > 0 {
				raw, has := members["errcode"]
				var n wire.Int
				odd := has && (json.Unmarshal(raw, &n) != nil || string(raw) == "null" || n > math.MaxInt32 || n < math.MinInt32)
				if twice := bytes.Count(std, []byte("err")) > 1 || bytes.Count(std, []byte(`\u`)) > 0; !odd && !twice {
					t.Fatalf("Scan(%q) gives error %v, encoding/json takes it", body, err)
				}
			}
			return
		}
		if !wire.Valid(fixed) {
			if e.Code != 0 {
				t.Fatalf("Scan(%q) found errcode %d in what is no JSON", body, e.Code)
			}
			if isObject {
				t.Fatalf("Scan(%q) made %q of it", body, fixed)
			}
			return
		}
		if !isObject {
			t.Fatalf("Scan(%q) accepts what encoding/json does not, as %q", body, fixed)
		}
		if e.Members < len(members) {
			t.Fatalf("Scan(%q) counts %d members, there are %v", body, e.Members, slices.Collect(maps.Keys(members)))
		}
		raw, has := members["errcode"]
		if has != e.HasCode {
			t.Fatalf("Scan(%q): errcode found %v, encoding/json %v", body, e.HasCode, has)
		}
		if has {
			var n wire.Int
			if err := json.Unmarshal(raw, &n); err != nil || int(n) != e.Code {
				t.Fatalf("Scan(%q): errcode %d, encoding/json has %s (%v)", body, e.Code, raw, err)
			}
		}
		var decoded map[string]json.RawMessage
		if err := wire.Unmarshal(fixed, &decoded); err != nil {
			t.Fatalf("Scan(%q) gave %q, which does not decode: %v", body, fixed, err)
		}
	})
}
