package wechattest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"time"
)

// Kind is a way for a call to go wrong.
type Kind uint8

// The kinds of faults. After NoSuchHost, Refused and TLSFailure the client can know that nothing was sent:
// httptrace has called GetConn but not GotConn. Nothing tells the others with Execute from those without.
const (
	// Unharmed spoils nothing.
	Unharmed Kind = iota

	// NoSuchHost is a name that does not resolve. On a port it cannot happen and is a Close.
	NoSuchHost
	// Refused is a refused connection. On a port it cannot happen and is a Close.
	Refused
	// TLSFailure is a failed handshake. On a port it cannot happen and is a Close.
	TLSFailure
	// ResetInBody is a connection reset while the request is being sent, after At bytes of its body. On
	// a port the client notices only if its body is larger than the buffers in between.
	ResetInBody
	// Close ends the connection without an answer: EOF.
	Close
	// Reset resets the connection without an answer.
	Reset
	// Hang never answers. It ends when the request's context does.
	Hang
	// HalfStatusLine ends the connection in the middle of the first line of the answer.
	HalfStatusLine

	// Truncated ends the connection after At bytes of the genuine answer's body; At 0 is a head alone.
	Truncated
	// Drip sends the genuine answer's body byte by byte.
	Drip
	// ByteOrderMark puts a byte order mark before the genuine answer.
	ByteOrderMark
	// ControlCharacter puts a raw U+0014 into a string of the genuine answer, which is JSON.
	ControlCharacter
	// InvalidUTF8 puts a byte 0xFF into a string of the genuine answer, which is JSON.
	InvalidUTF8
	// NumberAsString makes all numbers of the genuine answer strings.
	NumberAsString

	// Null answers null.
	Null
	// EmptyObject answers {}.
	EmptyObject
	// EmptyBody answers 200 and nothing.
	EmptyBody
	// CaptivePortal answers 200 and an HTML page.
	CaptivePortal
	// BadGateway answers 502 and an HTML page.
	BadGateway
	// DuplicateErrcode answers with two errcodes in one object, 0 first.
	DuplicateErrcode
	// TwoValues answers with two JSON values, one after the other.
	TwoValues
	// HugeNumber answers with errcode 1e400.
	HugeNumber
	// HugeBody answers with Size bytes of white space.
	HugeBody
	// GzipBomb answers with a compressed body of Size bytes of white space, whatever was accepted.
	GzipBomb
	// Redirect answers Status (default 302) and a Location on another host.
	Redirect
	// Errcode answers the errcode Code.
	Errcode
	// Answer answers Status, Header and Body.
	Answer
)

// String names the kind.
func (k Kind) String() string { return kinds[k].name }

// kinds says what each kind does.
var kinds = [...]struct {
	name    string
	unsent  bool                       // the platform cannot have carried out the request
	deforms bool                       // spoils the genuine answer, so there has to be one
	shape   func(Fault, answer) answer // makes the answer from the genuine one
}{
	Unharmed: {name: "unharmed", deforms: true},

	NoSuchHost:     {name: "no such host", unsent: true},
	Refused:        {name: "refused", unsent: true},
	TLSFailure:     {name: "TLS failure", unsent: true},
	ResetInBody:    {name: "reset in body", unsent: true},
	Close:          {name: "close"},
	Reset:          {name: "reset"},
	Hang:           {name: "hang"},
	HalfStatusLine: {name: "half a status line"},

	Truncated: {name: "truncated", deforms: true, shape: func(f Fault, a answer) answer {
		a.cut = f.At
		return a
	}},
	Drip: {name: "drip", deforms: true, shape: func(f Fault, a answer) answer {
		a.drip = cmp.Or(f.Every, 100*time.Millisecond)
		return a
	}},
	ByteOrderMark: {name: "byte order mark", deforms: true, shape: func(_ Fault, a answer) answer {
		a.body = append([]byte("\xef\xbb\xbf"), a.body...)
		return a
	}},
	ControlCharacter: {name: "control character", deforms: true, shape: member("\"note\":\"a\x14b\"")},
	InvalidUTF8:      {name: "invalid UTF-8", deforms: true, shape: member("\"note\":\"a\xffb\"")},
	NumberAsString:   {name: "number as string", deforms: true, shape: numbersAsStrings},

	Null:             {name: "null", shape: body("null")},
	EmptyObject:      {name: "empty object", shape: body("{}")},
	EmptyBody:        {name: "empty body", shape: body("")},
	DuplicateErrcode: {name: "duplicate errcode", shape: body(`{"errcode":0,"errmsg":"ok","errcode":40001}`)},
	HugeNumber:       {name: "huge number", shape: body(`{"errcode":1e400,"errmsg":"ok"}`)},
	TwoValues: {name: "two values", shape: func(_ Fault, a answer) answer {
		a.body = append(bytes.Clone(a.body), a.body...)
		return a
	}},
	CaptivePortal: {name: "captive portal", shape: func(Fault, answer) answer { return page(http.StatusOK, "Welcome") }},
	BadGateway:    {name: "bad gateway", shape: func(Fault, answer) answer { return page(http.StatusBadGateway, "502 Bad Gateway") }},
	HugeBody:      {name: "huge body", shape: hugeBody},
	GzipBomb:      {name: "gzip bomb", shape: gzipBomb},
	Redirect:      {name: "redirect", shape: redirect},
	Errcode: {name: "errcode", shape: func(f Fault, _ answer) answer {
		return jsonAnswer(status{f.Code, errmsg(f.Code) + " rid: " + f.rid})
	}},
	Answer: {name: "answer", shape: func(f Fault, _ answer) answer {
		a := newAnswer(cmp.Or(f.Status, http.StatusOK), jsonType, []byte(f.Body))
		for name, values := range f.Header {
			a.header[http.CanonicalHeaderKey(name)] = values
		}
		return a
	}},
}

// body answers with a JSON body, or what passes for one.
func body(s string) func(Fault, answer) answer {
	return func(Fault, answer) answer { return newAnswer(http.StatusOK, jsonType, []byte(s)) }
}

// member puts a member in front of an answer that is a JSON object.
func member(raw string) func(Fault, answer) answer {
	return func(_ Fault, a answer) answer {
		rest, ok := bytes.CutPrefix(a.body, []byte("{"))
		if !ok {
			return a
		}
		head := "{" + raw
		if !bytes.HasPrefix(rest, []byte("}")) {
			head += ","
		}
		a.body = append([]byte(head), rest...)
		return a
	}
}

// numbersAsStrings makes all numbers of a JSON answer strings.
func numbersAsStrings(_ Fault, a answer) answer {
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) == nil {
		a.body = jsonAnswer(quoteNumbers(v)).body
	}
	return a
}

func quoteNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return v.String()
	case []any:
		for i := range v {
			v[i] = quoteNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = quoteNumbers(v[k])
		}
	}
	return v
}

// hugeBody sends one block over and over.
func hugeBody(f Fault, _ answer) answer {
	block := bytes.Repeat([]byte(" "), 64<<10)
	a := newAnswer(http.StatusOK, jsonType, block)
	a.repeat = max(1, cmp.Or(f.Size, 10<<30)/int64(len(block)))
	return a
}

// gzipBomb sends one small gzip member over and over: unpacked they follow each other.
func gzipBomb(f Fault, _ answer) answer {
	const block = 1 << 20
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(bytes.Repeat([]byte(" "), block)) // a bytes.Buffer takes everything
	_ = z.Close()
	a := newAnswer(http.StatusOK, jsonType, b.Bytes())
	a.header.Set("Content-Encoding", "gzip")
	a.repeat = max(1, cmp.Or(f.Size, 256<<20)/block)
	return a
}

// redirect sends the client to another host.
func redirect(f Fault, _ answer) answer {
	a := newAnswer(cmp.Or(f.Status, http.StatusFound), "text/html", nil)
	a.header.Set("Location", cmp.Or(f.Header.Get("Location"), "https://elsewhere.example/cgi-bin/token"))
	return a
}
