package wechat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// quiet is for servers whose complaints are part of a test.
var quiet = log.New(io.Discard, "", 0)

const uploadPath = "/cgi-bin/media/upload"

// source is a file in memory that counts how often it is opened and closed.
type source struct {
	data           string
	opened, closed atomic.Int64
}

func (s *source) open() (io.ReadCloser, error) {
	s.opened.Add(1)
	return &sourceFile{strings.NewReader(s.data), s}, nil
}

type sourceFile struct {
	io.Reader
	s *source
}

func (f *sourceFile) Close() error {
	f.s.closed.Add(1)
	return nil
}

func (s *source) upload() wechat.Upload {
	return wechat.Upload{
		Path: uploadPath, Query: url.Values{"type": {"image"}}, FileName: "photo.jpg", ContentType: "image/jpeg",
		Size: int64(len(s.data)), Open: s.open,
	}
}

// received is what a server makes of an upload.
type received struct {
	Length   int64
	Chunked  []string
	Parts    []part
	Complete bool
}

type part struct{ Name, FileName, ContentType, Disposition, Body string }

func receive(r *http.Request) (got received) {
	got.Length, got.Chunked = r.ContentLength, r.TransferEncoding
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return got
	}
	counted := &counter{r: r.Body}
	form := multipart.NewReader(counted, params["boundary"])
	for {
		p, err := form.NextRawPart()
		if err != nil {
			rest, _ := io.Copy(io.Discard, counted)
			got.Complete = errors.Is(err, io.EOF) && errors.Is(counted.err, io.EOF) && rest == 0 && counted.n == r.ContentLength
			return got
		}
		b, err := io.ReadAll(p)
		if err != nil {
			return got
		}
		got.Parts = append(got.Parts, part{p.FormName(), p.FileName(), p.Header.Get("Content-Type"), p.Header.Get("Content-Disposition"), string(b)})
	}
}

type counter struct {
	r   io.Reader
	n   int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.err = err
	return n, err
}

// receiver is a real server for uploads, and a client for it.
func receiver(t *testing.T, answers ...string) (*wechat.Client, func() []received) {
	t.Helper()
	var mu sync.Mutex
	var all []received
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := receive(r)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, got)
		fmt.Fprint(w, answers[min(len(all), len(answers))-1])
	}))
	server.Config.ErrorLog = quiet
	server.Start()
	t.Cleanup(server.Close)
	c, err := wechat.New(good, wechat.WithBaseURL(server.URL), wechat.WithTokens(wechat.StaticToken("a-static-token")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, func() []received {
		server.Close() // waits for what is under way
		return all
	}
}

type uploaded struct {
	MediaID string `json:"media_id"`
}

const uploadedAnswer = `{"type":"image","media_id":"M1","created_at":1700000000}`

func TestUploadIsAFormWithItsLength(t *testing.T) {
	c, seen := receiver(t, uploadedAnswer)
	s := &source{data: "\xff\xd8\xff\xe0" + strings.Repeat("pixels\r\n--\x00", 20_000)}
	u := s.upload()
	u.Form = []wechat.FormField{{Name: "description", Value: "{\"title\":\"汉字\"}\r\n--x\r\nX: y"}, {Name: "empty"}}
	var out uploaded
	if err := c.Upload(t.Context(), u, &out); err != nil || out.MediaID != "M1" {
		t.Fatalf("Upload gives %+v, %v", out, err)
	}
	all := seen()
	if len(all) != 1 || !all[0].Complete || all[0].Chunked != nil || all[0].Length < int64(len(s.data)) {
		t.Fatalf("%d uploads, complete %v, chunked %v, %d bytes", len(all), all[0].Complete, all[0].Chunked, all[0].Length)
	}
	want := []part{
		{"description", "", "", `form-data; name="description"`, u.Form[0].Value},
		{"empty", "", "", `form-data; name="empty"`, ""},
		{"media", "photo.jpg", "image/jpeg", fmt.Sprintf(`form-data; name="media"; filename="photo.jpg"; filelength=%d`, len(s.data)), s.data},
	}
	if diff := cmp.Diff(want, all[0].Parts); diff != "" {
		t.Errorf("the form differs:\n%.2000s", diff)
	}
	if s.opened.Load() != 1 || s.closed.Load() != 1 {
		t.Errorf("the source was opened %d times and closed %d times", s.opened.Load(), s.closed.Load())
	}
}

// zeros is a large source that costs no memory.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	return n, nil
}

func (*zeros) Close() error { return nil }

// drain is a transport that reads a body as a connection does, in pieces of 32 KiB.
func drain(buf []byte) script {
	return func(r *http.Request) (*http.Response, error) {
		var n int64
		for {
			m, err := r.Body.Read(buf)
			n += int64(m)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, err
			}
		}
		if n != r.ContentLength || r.ContentLength <= 0 || r.GetBody != nil || r.TransferEncoding != nil {
			return nil, fmt.Errorf("%d of %d bytes came, GetBody %v, transfer encoding %v", n, r.ContentLength, r.GetBody != nil, r.TransferEncoding)
		}
		return answer(r, 200, uploadedAnswer), nil
	}
}

// TestUploadOfAnySizeNeedsLittleMemory is the promise M2.
func TestUploadOfAnySizeNeedsLittleMemory(t *testing.T) {
	c := scripted(t, drain(make([]byte, 32<<10)))
	for _, size := range []int64{1, 10 << 20, 64 << 20} {
		u := wechat.Upload{Path: uploadPath, FileName: "a.mp4", Size: size, Open: func() (io.ReadCloser, error) { return &zeros{size}, nil }}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := c.Upload(t.Context(), u, new(uploaded))
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; err != nil || got > 128<<10 {
			t.Errorf("an upload of %d bytes allocated %d (%v)", size, got, err)
		}
	}
}

// TestUploadOfASourceOfAnotherLengthIsNeverComplete: over a real connection the platform must not get a body
// that it could take for complete.
func TestUploadOfASourceOfAnotherLengthIsNeverComplete(t *testing.T) {
	for name, c := range map[string]struct{ announced, real int64 }{
		"empty": {1000, 0}, "shorter by one": {100_000, 99_999}, "longer by one": {100_000, 100_001}, "much shorter": {5 << 20, 100}, "much longer": {100, 5 << 20},
		"longer than one": {1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			client, seen := receiver(t, uploadedAnswer)
			var last int64
			err := client.Upload(t.Context(), wechat.Upload{
				Path: uploadPath, FileName: "a.jpg", Size: c.announced, Open: func() (io.ReadCloser, error) { return &zeros{c.real}, nil },
				Progress: func(n int64) { last = n },
			}, new(uploaded))
			e := details(t, err)
			if wantKind(t, e, wechat.ErrSourceChanged); errors.Is(e, wechat.ErrOutcomeUnknown) || errors.Is(e, wechat.ErrBadResponse) {
				t.Errorf("error %v", e)
			}
			if want := fmt.Sprintf("%d bytes were announced", c.announced); !strings.Contains(e.Error(), want) {
				t.Errorf("error %v, want one that says %q", e, want)
			}
			all := seen()
			if len(all) > 1 || len(all) == 1 && all[0].Complete {
				t.Errorf("the platform got %d uploads, %+v", len(all), all)
			}
			if last >= c.announced {
				t.Errorf("%d of %d bytes were reported as sent", last, c.announced)
			}
		})
	}
}

type failingFile struct{ io.Reader }

func (failingFile) Close() error { return nil }

func TestSourceThatFailsIsNoDoubtAndNoChange(t *testing.T) {
	bad := &os.PathError{Op: "read", Path: "/photos/a.jpg", Err: errors.New("input/output error")}
	client, seen := receiver(t, uploadedAnswer)
	opened := 0
	err := client.Upload(t.Context(), wechat.Upload{
		Path: uploadPath, FileName: "a.jpg", Size: 1 << 20,
		Open: func() (io.ReadCloser, error) {
			opened++
			return failingFile{io.MultiReader(&zeros{100_000}, errorReader{bad})}, nil
		},
	}, new(uploaded))
	e := details(t, err)
	if !errors.Is(e, bad) || kindsOf(e) != "" || opened != 1 {
		t.Errorf("opened %d times, error %v, kinds %q", opened, e, kindsOf(e))
	}
	if all := seen(); len(all) == 1 && all[0].Complete {
		t.Error("the upload was completed")
	}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

func TestSourceThatGivesNothingEnds(t *testing.T) {
	c := scripted(t, drain(make([]byte, 4096)))
	err := c.Upload(t.Context(), wechat.Upload{Path: uploadPath, FileName: "a.jpg", Size: 10, Open: func() (io.ReadCloser, error) {
		return failingFile{errorReader{nil}}, nil
	}}, new(uploaded))
	wantKind(t, err, io.ErrNoProgress)
}

// TestSourceIsCheckedBehindItsEnd: whatever is wrong there ends the upload before its last piece is out.
func TestSourceIsCheckedBehindItsEnd(t *testing.T) {
	for want, r := range map[error]io.Reader{
		io.ErrNoProgress:        io.MultiReader(strings.NewReader("0123456789"), errorReader{nil}),
		os.ErrPermission:        io.MultiReader(strings.NewReader("0123456789"), errorReader{os.ErrPermission}),
		wechat.ErrSourceChanged: io.MultiReader(strings.NewReader("0123456789"), strings.NewReader("x")),
	} {
		c := scripted(t, drain(make([]byte, 4096)))
		err := c.Upload(t.Context(), wechat.Upload{Path: uploadPath, FileName: "a.jpg", Size: 10, Open: func() (io.ReadCloser, error) { return failingFile{r}, nil }}, new(uploaded))
		if wantKind(t, err, want); errors.Is(err, wechat.ErrOutcomeUnknown) {
			t.Errorf("%v", err)
		}
	}
}

func TestSourceThatCannotBeOpened(t *testing.T) {
	c := scripted(t, func(*http.Request) (*http.Response, error) { t.Error("sent"); return nil, io.EOF })
	u := (&source{data: "x"}).upload()
	u.Open = func() (io.ReadCloser, error) {
		return nil, &url.Error{Op: "Get", URL: "https://bucket.example/a?signature=" + plantedSecret, Err: os.ErrNotExist}
	}
	e := details(t, c.Upload(t.Context(), u, new(uploaded)))
	if !errors.Is(e, os.ErrNotExist) || errors.Is(e, wechat.ErrOutcomeUnknown) {
		t.Errorf("error %v", e)
	}
	wantNoLeak(t, "the error", dump(e), plantedSecret)
	u.Open = func() (io.ReadCloser, error) { return nil, nil } //nolint:nilnil // that is the test
	if err := c.Upload(t.Context(), u, new(uploaded)); err == nil {
		t.Error("a source of nil is sent")
	}
}

// TestRefusedTokenReopensTheSource: both bodies are complete.
func TestRefusedTokenReopensTheSource(t *testing.T) {
	client, seen := receiver(t, `{"errcode":40001,"errmsg":"invalid credential"}`, uploadedAnswer)
	s := &source{data: strings.Repeat("0123456789", 50_000)}
	var steps []int64
	u := s.upload()
	u.Progress = func(n int64) { steps = append(steps, n) }
	var out uploaded
	if err := client.Upload(t.Context(), u, &out); err != nil || out.MediaID != "M1" {
		t.Fatalf("Upload gives %+v, %v", out, err)
	}
	all := seen()
	if len(all) != 2 || !all[0].Complete || !all[1].Complete || all[0].Parts[0].Body != s.data || all[1].Parts[0].Body != s.data {
		t.Errorf("%d uploads, the first complete: %v", len(all), all[0].Complete)
	}
	if s.opened.Load() != 2 || s.closed.Load() != 2 {
		t.Errorf("the source was opened %d times and closed %d times", s.opened.Load(), s.closed.Load())
	}
	restarts := 0
	for i, n := range steps {
		if i > 0 && n <= steps[i-1] {
			restarts++
		}
	}
	if restarts != 1 || steps[len(steps)-1] != int64(len(s.data)) {
		t.Errorf("progress starts anew %d times and ends at %d of %d", restarts, steps[len(steps)-1], len(s.data))
	}
}

func TestSourceThatCanBeReadOnceIsNotSentAgain(t *testing.T) {
	client, seen := receiver(t, `{"errcode":40001,"errmsg":"invalid credential"}`, uploadedAnswer)
	s := &source{data: "once only"}
	spent := errors.New("the stream is spent")
	u := s.upload()
	u.Open = func() (io.ReadCloser, error) {
		if s.opened.Load() > 0 {
			return nil, spent
		}
		return s.open()
	}
	e := details(t, client.Upload(t.Context(), u, new(uploaded)))
	if e.Code != 40001 || !errors.Is(e, spent) || errors.Is(e, wechat.ErrOutcomeUnknown) {
		t.Errorf("error %v, want both what the platform and what the source said", e)
	}
	if n := len(seen()); n != 1 {
		t.Errorf("%d uploads", n)
	}
}

func TestLostAnswerOfATemporaryUploadIsRepeatedOnce(t *testing.T) {
	for path, want := range map[string]int{uploadPath: 2, "/cgi-bin/material/add_material": 1} {
		synctest.Test(t, func(t *testing.T) {
			requests := 0
			c := scripted(t, func(r *http.Request) (*http.Response, error) {
				requests++
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					return nil, err
				}
				return nil, io.EOF
			})
			s := &source{data: "data"}
			u := s.upload()
			u.Path = path
			err := c.Upload(t.Context(), u, new(uploaded))
			if wantKind(t, err, wechat.ErrOutcomeUnknown, io.EOF); requests != want || s.opened.Load() != int64(want) || s.closed.Load() != int64(want) {
				t.Errorf("%s: %d requests, opened %d, closed %d", path, requests, s.opened.Load(), s.closed.Load())
			}
		})
	}
}

// TestAttemptsShareNoReader: a transport may go on reading the body of a request that it has answered. The race
// detector watches.
func TestAttemptsShareNoReader(t *testing.T) {
	var wg sync.WaitGroup
	attempt := 0
	var bodies [2]bytes.Buffer
	c := scripted(t, nil, wechat.WithTransport(roundTripper(func(r *http.Request) (*http.Response, error) {
		body := &bodies[attempt]
		attempt++
		wg.Go(func() {
			defer r.Body.Close()
			_, _ = io.CopyBuffer(body, struct{ io.Reader }{r.Body}, make([]byte, 512))
		})
		if attempt == 1 {
			return answer(r, 200, `{"errcode":42001,"errmsg":"expired"}`), nil
		}
		wg.Wait() // the first one ends since its body is closed by now
		return answer(r, 200, uploadedAnswer), nil
	})), wechat.WithTokens(tokenFunc(func(_ context.Context, refused string) (string, error) { return "t-" + refused + "-1", nil })))
	s := &source{data: strings.Repeat("x", 200_000)}
	if err := c.Upload(t.Context(), s.upload(), new(uploaded)); err != nil {
		t.Fatal(err)
	}
	if got := bodies[1].Len(); got < len(s.data) {
		t.Errorf("the second attempt sent %d bytes", got)
	}
	if s.closed.Load() != 2 {
		t.Errorf("closed %d times", s.closed.Load())
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestSourceThatHangsDoesNotOutlastTheDeadline: the end of the context closes the source, which ends its Read.
func TestSourceThatHangsDoesNotOutlastTheDeadline(t *testing.T) {
	client, seen := receiver(t, uploadedAnswer)
	pipe, end := io.Pipe()
	defer end.Close()
	u := (&source{data: "0123456789"}).upload()
	u.Open = func() (io.ReadCloser, error) { return pipe, nil }
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var err error
	if d := took(func() { err = client.Upload(ctx, u, new(uploaded)) }); d > time.Second {
		t.Errorf("the call took %v", d)
	}
	e := details(t, err)
	if wantKind(t, e, context.DeadlineExceeded, wechat.ErrOutcomeUnknown); errors.Is(e, io.ErrClosedPipe) {
		t.Errorf("error %v blames the source", e)
	}
	if _, err := end.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("the source was not closed: %v", err)
	}
	if all := seen(); len(all) == 1 && all[0].Complete {
		t.Error("the upload was completed")
	}
}

func TestBadUploadsAreRefusedBeforeAnything(t *testing.T) {
	c := scripted(t, func(*http.Request) (*http.Response, error) { t.Error("sent"); return nil, io.EOF })
	opened := false
	open := func() (io.ReadCloser, error) { opened = true; return nil, io.EOF }
	good := wechat.Upload{Path: uploadPath, Size: 1, Open: open}
	for want, change := range map[string]func(*wechat.Upload){
		"open required":          func(u *wechat.Upload) { u.Open = nil },
		"size required":          func(u *wechat.Upload) { u.Size = 0 },
		"size required ":         func(u *wechat.Upload) { u.Size = -1 },
		"field format":           func(u *wechat.Upload) { u.Field = "a\"b" },
		"content_type format":    func(u *wechat.Upload) { u.ContentType = "image/png\r\nX: y" },
		"content_type format ":   func(u *wechat.Upload) { u.ContentType = "image/\x00" },
		"form[0].name format":    func(u *wechat.Upload) { u.Form = []wechat.FormField{{Name: "a\nb"}} },
		"form[1].name required":  func(u *wechat.Upload) { u.Form = []wechat.FormField{{Name: "a"}, {}} },
		"form[0].value encoding": func(u *wechat.Upload) { u.Form = []wechat.FormField{{Name: "a", Value: "x\xff"}} },
		"path format":            func(u *wechat.Upload) { u.Path = "cgi-bin" },
		"query.access_token forbidden": func(u *wechat.Upload) {
			u.Query = url.Values{"access_token": {"x"}}
		},
	} {
		u := good
		change(&u)
		got := problems(t, c.Upload(t.Context(), u, nil))
		if len(got) != 1 || !strings.HasPrefix(got[0], strings.TrimSpace(want)) {
			t.Errorf("%s: problems %q", want, got)
		}
	}
	if got := problems(t, c.Upload(t.Context(), wechat.Upload{Path: uploadPath, Field: "\n", ContentType: "\n", Form: []wechat.FormField{{Name: "\n", Value: "\x00"}}}, nil)); len(got) != 6 {
		t.Errorf("problems %q, want six", got)
	}
	if opened {
		t.Error("the source was opened")
	}
}

// formOf gives what a platform sees of an upload with a file name.
func formOf(tb testing.TB, name string) received {
	tb.Helper()
	var got received
	c := scripted(tb, func(r *http.Request) (*http.Response, error) {
		got = receive(r)
		return answer(r, 200, uploadedAnswer), nil
	})
	s := &source{data: "data"}
	u := s.upload()
	u.FileName = name
	if err := c.Upload(tb.Context(), u, new(uploaded)); err != nil {
		tb.Fatal(err)
	}
	_ = c.Close()
	return got
}

func TestFileNamesAreMadeFitForThePlatform(t *testing.T) {
	for name, want := range map[string]string{
		"photo.jpg": "photo.jpg", "My Photo (1).JPG": "MyPhoto1.JPG", "图片.png": "file.png", "封面 cover.png": "cover.png", "": "file", ".": "file", "..": "file", "/": "file",
		"a": "a", "noextension": "noextension", "a.": "a", ".jpg": "file.jpg", "a.tar.gz": "a.tar.gz", "../../etc/passwd.mp3": "passwd.mp3", `C:\Users\x\声音.amr`: "file.amr",
		"a\r\nX-Injected: yes\r\n\r\n.jpg": "aX-Injectedyes.jpg", `a"; name="other.jpg`: "anameother.jpg", "a\x00b.jpg": "ab.jpg", "\xff\xfe.jpg": "file.jpg", "x.图片": "x", "😀": "file",
		strings.Repeat("n", 300) + ".jpeg": strings.Repeat("n", 64) + ".jpeg", "x." + strings.Repeat("e", 300): "x." + strings.Repeat("e", 15),
	} {
		if got := formOf(t, name); !got.Complete || len(got.Parts) != 1 || got.Parts[0].FileName != want {
			t.Errorf("%q is sent as %+v, want %q", name, got.Parts, want)
		}
	}
}

var fitName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,79}$`)

// FuzzFileName is FuzzMultipartName of the list: no name can add a header, a parameter or a part.
func FuzzFileName(f *testing.F) {
	for _, s := range []string{
		"photo.jpg", `"`, `\"`, "\r\n", "\r\n--", "a\x00b", "图片.png", strings.Repeat("长", 100), "..", "/", `\`, "a;b=c", "a\u2028b", "%0d%0a", "\xff", "=?utf-8?q?x?=", "a.b.c", "filename*=utf-8''x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := formOf(t, name)
		if !got.Complete || len(got.Parts) != 1 {
			t.Fatalf("%q gives %+v", name, got)
		}
		p := got.Parts[0]
		want := fmt.Sprintf(`form-data; name="media"; filename="%s"; filelength=4`, p.FileName)
		if p.Name != "media" || p.Body != "data" || p.ContentType != "image/jpeg" || p.Disposition != want || !fitName.MatchString(p.FileName) {
			t.Fatalf("%q gives %+v", name, p)
		}
		if ext := filepath.Ext(name); len(ext) > 1 && len(ext) <= 16 && fitName.MatchString(ext[1:]) && !strings.HasSuffix(p.FileName, ext) {
			t.Fatalf("%q lost its extension: %q", name, p.FileName)
		}
	})
}

func TestUploadHasTwoMinutesWhereNobodySaysOtherwise(t *testing.T) {
	for given, want := range map[time.Duration]time.Duration{0: 2 * time.Minute, time.Hour: time.Hour, time.Second: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			c := scripted(t, func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
			ctx := t.Context()
			if given > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, given)
				defer cancel()
			}
			var err error
			d := took(func() { err = c.Upload(ctx, (&source{data: "x"}).upload(), nil) })
			if wantKind(t, err, context.DeadlineExceeded, wechat.ErrOutcomeUnknown); d != want {
				t.Errorf("with %v given it took %v, want %v", given, d, want)
			}
		})
	}
}

func TestUploadsAtOnceDoNotMix(t *testing.T) {
	c := scripted(t, func(r *http.Request) (*http.Response, error) {
		got := receive(r)
		if !got.Complete || strings.Trim(got.Parts[0].Body, got.Parts[0].Body[:1]) != "" {
			return nil, errors.New("bodies got mixed")
		}
		return answer(r, 200, `{"media_id":"`+got.Parts[0].Body[:1]+`"}`), nil
	})
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			letter := string(rune('a' + i))
			var out uploaded
			if err := c.Upload(t.Context(), (&source{data: strings.Repeat(letter, 50_000)}).upload(), &out); err != nil || out.MediaID != letter {
				t.Errorf("upload %s gives %+v, %v", letter, out, err)
			}
		})
	}
	wg.Wait()
}
