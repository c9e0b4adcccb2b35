package wechat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

var mediaGet = wechat.Request{Method: http.MethodGet, Path: "/cgi-bin/media/get", Class: wechat.ClassRead}

// download gets one answer as a file.
func download(tb testing.TB, status int, body string, header ...string) (wechat.Download, string, error) {
	tb.Helper()
	c := scripted(tb, func(r *http.Request) (*http.Response, error) { return answer(r, status, body, header...), nil })
	var file bytes.Buffer
	got, err := c.Download(tb.Context(), mediaGet, &file)
	return got, file.String(), err
}

// TestFilesAreToldFromJSONByTheirBytes, whatever the headers say.
func TestFilesAreToldFromJSONByTheirBytes(t *testing.T) {
	video := `{"title":"汉字","down_url":"http://x/y.mp4"}`
	for name, c := range map[string]struct {
		body, contentType, file, json string
	}{
		"a JPEG":                        {"\xff\xd8\xff\xe0rest", "image/jpeg", "\xff\xd8\xff\xe0rest", ""},
		"a JPEG as JSON":                {"\xff\xd8\xff\xe0rest", "application/json", "\xff\xd8\xff\xe0rest", ""},
		"a JPEG as text":                {"\xff\xd8\xff\xe0rest", "text/plain", "\xff\xd8\xff\xe0rest", ""},
		"JSON":                          {video, "application/json", "", video},
		"JSON as a JPEG":                {video, "image/jpeg", "", video},
		"JSON as text":                  {video, "text/plain", "", video},
		"JSON behind a mark":            {"\xef\xbb\xbf \r\n" + video, "", "", video},
		"JSON with a code of 0":         {`{"errcode":0,"errmsg":"ok"}`, "", "", `{"errcode":0,"errmsg":"ok"}`},
		"one byte":                      {"x", "", "x", ""},
		"a brace":                       {"{", "", "{", ""},
		"no JSON behind a brace":        {"{\x00\x01\x02binary", "", "{\x00\x01\x02binary", ""},
		"almost JSON":                   {`{"errcode":40007,"errmsg":"x"}tail`, "", `{"errcode":40007,"errmsg":"x"}tail`, ""},
		"large, behind a brace":         {"{" + strings.Repeat("#", 3<<20), "", "{" + strings.Repeat("#", 3<<20), ""},
		"large, JSON over its limit":    {`{"a":"` + strings.Repeat("#", 2<<20) + `"}`, "", `{"a":"` + strings.Repeat("#", 2<<20) + `"}`, ""},
		"exactly the bytes looked at":   {strings.Repeat("y", 512), "", strings.Repeat("y", 512), ""},
		"one more than is looked at":    {strings.Repeat("y", 513), "", strings.Repeat("y", 513), ""},
		"a less-than sign":              {"<\x00\x01", "", "<\x00\x01", ""},
		"an array":                      {`[1]`, "", `[1]`, ""},
		"spaces, then a brace, no JSON": {"   {x", "", "   {x", ""},
	} {
		got, file, err := download(t, 200, c.body, "Content-Type", c.contentType)
		if err != nil || file != c.file || string(got.JSON) != c.json || got.Bytes != int64(len(c.file)) || got.ContentType != c.contentType {
			t.Errorf("%s: %d bytes of file, JSON %.80q, %+v, %v", name, len(file), got.JSON, got.Bytes, err)
		}
	}
}

// TestErrorInPlaceOfAFile: nothing of it reaches the writer.
func TestErrorInPlaceOfAFile(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		body        string
		code        int
		kind        error
		contentType string
	}{
		"text/plain":        {200, `{"errcode":40007,"errmsg":"invalid media_id rid: 61725984-6126f6f9-040f19c4"}`, 40007, wechat.ErrNotFound, "text/plain"},
		"as a JPEG":         {200, `{"errcode":40007,"errmsg":"invalid media_id"}`, 40007, wechat.ErrNotFound, "image/jpeg"},
		"code as text":      {200, `{"errcode":"40007"}`, 40007, wechat.ErrNotFound, ""},
		"control character": {200, "{\"errcode\":40007,\"errmsg\":\"\x02\"}", 40007, wechat.ErrNotFound, ""},
		"quota":             {200, `{"errcode":45009}`, 45009, wechat.ErrQuota, ""},
		"no code twice":     {200, `{"errcode":0,"errcode":40007}`, 0, wechat.ErrBadResponse, ""},
		"no number":         {200, `{"errcode":"x"}`, 0, wechat.ErrBadResponse, ""},
		"empty object":      {200, `{}`, 0, wechat.ErrBadResponse, ""},
		"empty":             {200, ``, 0, wechat.ErrBadResponse, ""},
		"captive portal":    {200, "\n<!DOCTYPE html><html>log in</html>", 0, wechat.ErrBadResponse, "image/jpeg"},
		"HTML":              {200, "<HTML><body>", 0, wechat.ErrBadResponse, "image/jpeg"},
		"bad gateway":       {502, "<html>", 0, wechat.ErrBusy, ""},
		"not found":         {404, "\xff\xd8\xff", 0, wechat.ErrBadResponse, "image/jpeg"},
		"redirect":          {302, "", 0, wechat.ErrUnexpectedRedirect, ""},
	} {
		synctest.Test(t, func(t *testing.T) {
			got, file, err := download(t, c.status, c.body, "Content-Type", c.contentType)
			e := details(t, err)
			if wantKind(t, e, c.kind); e.Code != c.code || file != "" || got.Bytes != 0 || got.JSON != nil {
				t.Errorf("%s: wrote %q, %+v, %v", name, file, got, e)
			}
		})
	}
}

// interrupted gives a body that breaks after k bytes in its first n answers.
func interrupted(body string, k, n int, requests *int) script {
	return func(r *http.Request) (*http.Response, error) {
		*requests++
		if *requests <= n {
			return cut(r, body, k), nil
		}
		return answer(r, 200, body), nil
	}
}

// TestDownloadIsRepeatedOnlyWhileNothingWasWritten cuts a file and an error at every byte.
func TestDownloadIsRepeatedOnlyWhileNothingWasWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := "\xff\xd8\xff\xe0" + strings.Repeat("0123456789", 100)
		failure := `{"errcode":40007,"errmsg":"invalid media_id` + strings.Repeat(", and many more words about it", 20) + `"}`
		for k := range len(file) {
			requests := 0
			c := scripted(t, interrupted(file, k, 1, &requests))
			var out bytes.Buffer
			got, err := c.Download(t.Context(), mediaGet, &out)
			switch {
			case err == nil && (out.String() != file || requests != 2 || got.Bytes != int64(len(file))):
				t.Fatalf("cut at %d: %d requests, %d bytes", k, requests, out.Len())
			case err != nil && (out.Len() == 0 || requests != 1 || !errors.Is(err, wechat.ErrBadResponse) || !strings.HasPrefix(file, out.String()) || got.Bytes != int64(out.Len())):
				t.Fatalf("cut at %d: %d requests, %d bytes written, %v", k, requests, out.Len(), err)
			case k == 0 && err != nil:
				t.Fatalf("nothing came, and it was not repeated: %v", err)
			}
		}
		for k := range len(failure) {
			requests := 0
			c := scripted(t, interrupted(failure, k, 1, &requests))
			var out bytes.Buffer
			_, err := c.Download(t.Context(), mediaGet, &out)
			if e := details(t, err); e.Code != 40007 || out.Len() > 0 || requests != 2 {
				t.Fatalf("an error cut at %d: %d requests, %q written, %v", k, requests, out.String(), err)
			}
		}
	})
}

func TestWriterThatFails(t *testing.T) {
	full := errors.New("no space left on device")
	for name, w := range map[string]io.Writer{
		"at once": writerFunc(func([]byte) (int, error) { return 0, full }),
		"halfway": &failAfter{left: 100_000, err: full},
	} {
		requests := 0
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			requests++
			return answer(r, 200, strings.Repeat("x", 1<<20)), nil
		})
		_, err := c.Download(t.Context(), mediaGet, w)
		if e := details(t, err); !errors.Is(e, full) || errors.Is(e, wechat.ErrBadResponse) || requests != 1 || !strings.Contains(e.Error(), "writing the file: no space left on device") {
			t.Errorf("%s: %d requests, %v", name, requests, err)
		}
	}
	c := scripted(t, func(r *http.Request) (*http.Response, error) { return answer(r, 200, "data"), nil })
	_, err := c.Download(t.Context(), mediaGet, writerFunc(func(p []byte) (int, error) { return len(p) - 1, nil }))
	if e := details(t, err); !errors.Is(e, io.ErrShortWrite) || errors.Is(e, wechat.ErrBadResponse) {
		t.Errorf("a short write gives %v", err)
	}
	_, err = c.Download(t.Context(), mediaGet, writerFunc(func([]byte) (int, error) {
		return 0, fmt.Errorf("put https://bucket/x?signature=%s: denied", plantedSecret)
	}))
	wantNoLeak(t, "the writer's error", dump(err), plantedSecret)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type failAfter struct {
	left int
	err  error
}

func (w *failAfter) Write(p []byte) (int, error) {
	n := min(len(p), w.left)
	if w.left -= n; n < len(p) {
		return n, w.err
	}
	return n, nil
}

func TestDownloadOfAnySizeNeedsLittleMemory(t *testing.T) {
	for _, size := range []int64{1 << 10, 64 << 20} {
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			resp := answer(r, 200, "")
			resp.Body = &zeros{size}
			return resp, nil
		})
		var n int64
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := c.Download(t.Context(), mediaGet, writerFunc(func(p []byte) (int, error) { n += int64(len(p)); return len(p), nil }))
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; err != nil || n != size || got.Bytes != size || grown > 128<<10 {
			t.Errorf("a download of %d bytes: %d came, %d allocated, %v", size, n, grown, err)
		}
	}
}

func TestDownloadInSmallPieces(t *testing.T) {
	for _, body := range []string{"\xff\xd8\xff" + strings.Repeat("z", 2000), `{"video":true}`} {
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			resp := answer(r, 200, "")
			resp.Body = io.NopCloser(iotest.OneByteReader(iotest.DataErrReader(strings.NewReader(body))))
			return resp, nil
		})
		var out bytes.Buffer
		got, err := c.Download(t.Context(), mediaGet, &out)
		if err != nil || out.String()+string(got.JSON) != body {
			t.Errorf("%.20q: %q, %q, %v", body, out.String(), got.JSON, err)
		}
	}
}

func TestFileNameOfADownloadIsOneElement(t *testing.T) {
	for header, want := range map[string]string{
		"": "", `attachment; filename="a.jpg"`: "a.jpg", `attachment; filename=a.jpg`: "a.jpg", `attachment; filename*=utf-8''%E5%9B%BE.jpg`: "图.jpg",
		`attachment; filename="../../etc/passwd"`: "passwd", `attachment; filename="/etc/passwd"`: "passwd", `attachment; filename="..\\..\\x.exe"`: "x.exe", `attachment; filename=".."`: "",
		`attachment; filename="/"`: "", `attachment; filename=""`: "", `attachment`: "", "nonsense;;": "", "attachment; filename*=utf-8''a%00%0d%0ab.jpg": "ab.jpg",
	} {
		got, _, err := download(t, 200, "\xff\xd8\xff", "Content-Disposition", header)
		if err != nil || got.FileName != want {
			t.Errorf("%s: file name %q, %v; want %q", header, got.FileName, err, want)
		}
	}
}

// TestDownloadHasTwoMinutesAndDoesNotWaitUnasked: what the client sets as a deadline is no leave to wait for the
// next minute.
func TestDownloadHasTwoMinutesAndDoesNotWaitUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		d := took(func() {
			_, err := c.Download(t.Context(), mediaGet, io.Discard)
			wantKind(t, err, context.DeadlineExceeded)
		})
		if d != 2*time.Minute {
			t.Errorf("it took %v", d)
		}
		requests := 0
		c = scripted(t, func(r *http.Request) (*http.Response, error) {
			requests++
			return answer(r, 200, `{"errcode":45011,"errmsg":"api minute-quota reach limit"}`), nil
		})
		d = took(func() {
			_, err := c.Download(t.Context(), mediaGet, io.Discard)
			wantKind(t, err, wechat.ErrRateLimited)
		})
		if d > time.Second || requests != 1 {
			t.Errorf("without a deadline %d requests in %v", requests, d)
		}
	})
}

// TestDownloadEndsWithItsContext, at the head of the answer and in the middle of the file.
func TestDownloadEndsWithItsContext(t *testing.T) {
	for _, head := range []int{0, 100, 5000} {
		synctest.Test(t, func(t *testing.T) {
			c := scripted(t, func(r *http.Request) (*http.Response, error) {
				resp := answer(r, 200, "")
				resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(strings.Repeat("x", head)), endless{piece: []byte("y"), pause: time.Second, ctx: r.Context(), read: new(int64)}))
				return resp, nil
			})
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			var err error
			d := took(func() { _, err = c.Download(ctx, mediaGet, io.Discard) })
			if wantKind(t, err, context.DeadlineExceeded); d != 5*time.Second || errors.Is(err, wechat.ErrBadResponse) {
				t.Errorf("behind %d bytes: %v after %v", head, err, d)
			}
		})
	}
	c := scripted(t, nil)
	if _, err := c.Download(t.Context(), wechat.Request{Path: "media/get"}, io.Discard); !errors.Is(err, wechat.ErrInput) {
		t.Errorf("a bad path gives %v", err)
	}
}

func TestDownloadRepeatsWhatPasses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := []string{`{"errcode":-1,"errmsg":"system error"}`, `{"errcode":42001,"errmsg":"expired"}`, "\xff\xd8\xffdata"}
		requests := 0
		c := scripted(t, func(r *http.Request) (*http.Response, error) {
			requests++
			return answer(r, 200, answers[requests-1]), nil
		})
		var out bytes.Buffer
		got, err := c.Download(t.Context(), mediaGet, &out)
		want := wechat.Download{Bytes: 7}
		if diff := cmp.Diff(want, got); diff != "" || err != nil || out.String() != answers[2] {
			t.Errorf("%q, %v\n%s", out.String(), err, diff)
		}
	})
}

// FuzzDownload: whatever comes is written whole, or given as JSON, or an error with nothing written.
func FuzzDownload(f *testing.F) {
	for _, s := range []string{
		"", "x", "{", "{}", `{"errcode":0}`, `{"errcode":40007}`, `{"a":1}`, "\xff\xd8", "<html>", "\xef\xbb\xbf{\"a\":1}", "{\"a\":\"\x01\"}", ` {"errcode":1} `, `{"errcode":0,"errcode":0}`, strings.Repeat("q", 600),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c := scripted(t, func(r *http.Request) (*http.Response, error) { return answer(r, 200, body), nil })
		defer c.Close()
		var out bytes.Buffer
		r := mediaGet
		r.Path, r.Class = "/x", wechat.ClassOnce
		got, err := c.Download(t.Context(), r, &out)
		switch {
		case err != nil && (out.Len() > 0 || got.JSON != nil):
			t.Fatalf("%q: an error %v beside %q and %q", body, err, out.String(), got.JSON)
		case err == nil && got.JSON == nil && out.String() != body:
			t.Fatalf("%q was written as %q", body, out.String())
		case err == nil && got.JSON != nil && out.Len() > 0:
			t.Fatalf("%q is JSON and was written", body)
		case got.Bytes != int64(out.Len()):
			t.Fatalf("%q: %d bytes counted, %d written", body, got.Bytes, out.Len())
		}
	})
}
