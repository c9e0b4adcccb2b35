package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jarcoal/httpmock"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	uploadPath = "/cgi-bin/media/upload"
	getPath    = "/cgi-bin/media/get"
)

// newClient gives the media of an account on a fake platform.
func newClient(t *testing.T, opts ...wechat.Option) (*media.Client, *wechattest.Platform, *wechattest.Console) {
	t.Helper()
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
	c, err := wechat.New(
		wechat.Credentials{AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret())},
		append([]wechat.Option{wechat.WithTransport(p.Transport())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return media.New(c), p, acct
}

// requests is how many requests the platform saw, tokens among them.
func requests(p *wechattest.Platform) int { return len(p.Log()) }

func TestUploadGivesTheItemThatThePlatformKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, acct := newClient(t)
		for _, c := range []struct {
			kind        media.Kind
			seed, name  string
			sentAs      string
			contentType string
		}{
			{media.Image, "pic.jpg", "pic.jpg", "pic.jpg", "image/jpeg"},
			{media.Image, "pic.jpg", "pic.JPEG", "pic.jpg", "image/jpeg"},
			{media.Image, "pic.jpg", "图片.png", "file.jpg", "image/jpeg"},
			{media.Image, "pic.jpg", "v1.2", "v1.2.jpg", "image/jpeg"},
			{media.Thumb, "pic.jpg", "a\"\r\nb.jpg", "ab.jpg", "image/jpeg"},
			{media.Voice, "tone.amr", "tone", "tone.amr", "audio/amr"},
			{media.Voice, "tone.awb", "tone.awb", "tone.amr", "audio/amr"},
			{media.Video, "clip.mp4", "clip.mp4", "clip.mp4", "video/mp4"},
		} {
			content := seed(t, c.seed)
			item, err := m.Upload(t.Context(), c.kind, media.Bytes(c.name, content))
			if err != nil {
				t.Errorf("%s %q: %v", c.kind, c.name, err)
				continue
			}
			sum := sha256.Sum256(content)
			kept, ok := acct.Medium(string(item.ID))
			if !ok || kept.SHA256 != item.SHA256 || item.SHA256 != hex.EncodeToString(sum[:]) || kept.Name != c.sentAs || kept.Kind != string(c.kind) {
				t.Errorf("%s %q: the platform has %+v, %t, the item is %+v, want it named %q", c.kind, c.name, kept, ok, item, c.sentAs)
			}
			if !item.CreatedAt.Equal(kept.Created.Truncate(time.Second)) || !item.ExpiresAt().Equal(kept.Expires.Truncate(time.Second)) || item.Permanent {
				t.Errorf("%s %q: created %v, expires %v, the platform says %v, %v", c.kind, c.name, item.CreatedAt, item.ExpiresAt(), kept.Created, kept.Expires)
			}
			if info := probe(t, content); item.Format != info.Format || item.Duration != info.Duration || item.Bytes != info.Bytes || item.Kind != c.kind {
				t.Errorf("%s %q: %+v is not what was sent, %+v", c.kind, c.name, item, info)
			}
		}
	})
}

// TestBrokenRulesAreRefusedBeforeAnythingIsSent: no token is fetched either.
func TestBrokenRulesAreRefusedBeforeAnythingIsSent(t *testing.T) {
	m, p, _ := newClient(t)
	spooled, err := media.Spool("big.jpg", bytes.NewReader(padJPEG(t, 200_000)), 100_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		kind media.Kind
		file *media.File
		want []string // the rules, in order
	}{
		{media.Image, media.Bytes("x.jpg", padJPEG(t, 131073)), []string{"size"}},
		{media.Image, media.Bytes("x.jpg", seed(t, "pic.png")), []string{"format"}},
		{media.Image, media.Bytes("x.jpg", nil), []string{"empty"}},
		{media.Image, spooled, []string{"size"}},
		{media.Voice, media.Bytes("x.amr", amr("#!AMR\n", []byte{0x7c}, 300_000)), []string{"size", "duration"}},
		{media.Video, media.Bytes("x.mp4", seed(t, "clip.mp4")[:3000]), []string{"corrupt"}},
		{"picture", media.Bytes("x.jpg", seed(t, "pic.jpg")), []string{"kind"}},
		{media.Audio, media.Bytes("x.amr", seed(t, "tone.amr")), []string{"kind"}},
		{media.Image, nil, []string{"required"}},
	} {
		_, err := m.Upload(t.Context(), c.kind, c.file)
		refused, ok := errors.AsType[*wechat.InputError](err)
		if !ok || !errors.Is(err, wechat.ErrInput) {
			t.Errorf("%s: %v, want an InputError", c.kind, err)
			continue
		}
		var rules []string
		for _, problem := range refused.Problems {
			rules = append(rules, problem.Rule)
		}
		if diff := cmp.Diff(c.want, rules); diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", c.kind, err, diff)
		}
	}
	if n := requests(p); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestUploadThatIsCutIsSentAgain(t *testing.T) {
	for _, kind := range []wechattest.Kind{wechattest.ResetInBody, wechattest.Truncated} {
		synctest.Test(t, func(t *testing.T) {
			m, p, acct := newClient(t)
			p.Fault(wechattest.Fault{Path: uploadPath, Kind: kind, At: 10, Times: 1})
			content := seed(t, "clip.mp4")
			item, err := m.Upload(t.Context(), media.Video, media.Bytes("clip.mp4", content))
			if err != nil {
				t.Fatalf("%v: %v", kind, err)
			}
			kept, ok := acct.Medium(string(item.ID))
			if !ok || kept.SHA256 != item.SHA256 || p.Requests(uploadPath) != 2 {
				t.Errorf("%v: %d requests, kept %+v, item %+v", kind, p.Requests(uploadPath), kept, item)
			}
		})
	}
}

// TestSourceThatChangesEndsTheUpload: it grows after it was judged, before and while it is sent.
func TestSourceThatChangesEndsTheUpload(t *testing.T) {
	m, p, _ := newClient(t)
	path := filepath.Join(t.TempDir(), "pic.jpg")
	if err := os.WriteFile(path, padJPEG(t, 100_000), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := media.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	once := new(atomic.Bool)
	_, err = m.Upload(t.Context(), media.Image, f, media.WithProgress(func(int64, int64) {
		if once.CompareAndSwap(false, true) {
			if err := appendTo(path, "more"); err != nil {
				t.Error(err)
			}
		}
	}))
	if !errors.Is(err, wechat.ErrSourceChanged) {
		t.Errorf("a file that grows while it is sent: %v", err)
	}
	if _, err = m.Upload(t.Context(), media.Image, f); !errors.Is(err, wechat.ErrSourceChanged) {
		t.Errorf("a file that has grown: %v", err)
	}
	if n := p.Executions(uploadPath); n != 0 {
		t.Errorf("%d uploads were carried out", n)
	}
}

func TestWarningsAreLogged(t *testing.T) {
	var log bytes.Buffer
	m, _, _ := newClient(t, wechat.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	if _, err := m.Upload(t.Context(), media.Voice, media.Bytes("tone.awb", seed(t, "tone.awb"))); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), "wide-band AMR") {
		t.Errorf("logged: %s", log.String())
	}
}

func TestDigestCanBeLeftOut(t *testing.T) {
	m, _, acct := newClient(t)
	item, err := m.Upload(t.Context(), media.Image, media.Bytes("pic.jpg", seed(t, "pic.jpg")), media.WithoutDigest())
	if _, ok := acct.Medium(string(item.ID)); err != nil || !ok || item.SHA256 != "" {
		t.Errorf("%+v, %v", item, err)
	}
}

func TestProgressGoesUpToTheWholeFile(t *testing.T) {
	m, _, _ := newClient(t)
	const size = 128 << 10
	var last atomic.Int64
	_, err := m.Upload(t.Context(), media.Image, media.Bytes("x.jpg", padJPEG(t, size)), media.WithProgress(func(sent, total int64) {
		if sent <= last.Load() || total != size {
			t.Errorf("%d of %d after %d", sent, total, last.Load())
		}
		last.Store(sent)
	}))
	if err != nil || last.Load() != size {
		t.Errorf("%d bytes reported of %d, %v", last.Load(), size, err)
	}
}

func TestRulesOfTheClientAndOptions(t *testing.T) {
	m, _, _ := newClient(t)
	png := media.Bytes("pic.png", seed(t, "pic.png"))
	_, err := m.Upload(t.Context(), media.Image, png)
	if err == nil || !strings.Contains(err.Error(), "wechat.WithRules(wechat.Current)") {
		t.Errorf("Documented takes a PNG, or does not name the option: %v", err)
	}
	today, _, _ := newClient(t, wechat.WithRules(wechat.Current))
	if _, err := today.Upload(t.Context(), media.Image, png); err != nil {
		t.Errorf("Current refuses a PNG: %v", err)
	}
	own := m.Rules(media.Upload)
	own.Image.Formats = append(own.Image.Formats, media.PNG)
	mine := m.With(media.WithRules(own))
	if _, err := mine.Upload(t.Context(), media.Image, png); err != nil {
		t.Errorf("the user's own rules are not kept: %v", err)
	}
	own.Image.Formats[1] = media.GIF
	if got := mine.Rules(media.Upload).Image.Formats; got[1] != media.PNG {
		t.Error("the client shares the rules with its user")
	}
	if err := m.Validate(media.Upload, media.Image, png); !errors.Is(err, wechat.ErrInput) {
		t.Errorf("With changes the client it was called on: %v", err)
	}
	if err := m.Validate(media.Broadcast, media.Image, png); err != nil {
		t.Errorf("Validate for a broadcast: %v", err)
	}
	if err := m.Validate(media.Broadcast, media.Audio, media.Bytes("x", mp3Frames(10))); err != nil {
		t.Errorf("Validate of audio for a broadcast: %v", err)
	}
	if err := m.Validate(media.Upload, media.Image, media.NewFile("x", failing{io.ErrClosedPipe}, 9)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Validate of what cannot be read: %v", err)
	}
}

func TestGuardIsAskedBeforeTheFileIsRead(t *testing.T) {
	denied := errors.New("not an editor")
	p := wechattest.New()
	acct := p.AddAccount(wechattest.Account{})
	c, err := wechat.New(wechat.Credentials{AppID: wechat.AppID(acct.AppID()), AppSecret: wechat.NewSecret(acct.Secret())}, wechat.WithTransport(p.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	m := media.New(c.Guard(func(context.Context, string) error { return denied }))
	if _, err := m.Upload(t.Context(), media.Image, media.NewFile("x", failing{io.ErrClosedPipe}, 9)); !errors.Is(err, denied) {
		t.Errorf("Upload: %v", err)
	}
	if _, err := m.Get(t.Context(), "x", io.Discard); !errors.Is(err, denied) {
		t.Errorf("Get: %v", err)
	}
	if n := requests(p); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

func TestGetStreamsWhatWasUploaded(t *testing.T) {
	m, _, _ := newClient(t)
	content := seed(t, "tone.amr")
	item, err := m.Upload(t.Context(), media.Voice, media.Bytes("tone.amr", content))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	got, err := m.Get(t.Context(), item.ID, &b)
	if err != nil || !bytes.Equal(b.Bytes(), content) {
		t.Fatalf("Get: %d bytes, %v", b.Len(), err)
	}
	want := media.Content{Name: string(item.ID) + ".amr", Type: "audio/amr", Bytes: int64(len(content))}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Get (-want +got):\n%s", diff)
	}
}

func TestGetOfAVideoGivesItsAddress(t *testing.T) {
	m, _, _ := newClient(t)
	item, err := m.Upload(t.Context(), media.Video, media.Bytes("clip.mp4", seed(t, "clip.mp4")))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	got, err := m.Get(t.Context(), item.ID, &b)
	if err != nil || b.Len() != 0 || !strings.HasPrefix(got.VideoURL, "http") {
		t.Errorf("Get = %+v, %v, %d bytes written", got, err, b.Len())
	}
}

func TestGetAfterThreeDaysFindsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, _ := newClient(t)
		item, err := m.Upload(t.Context(), media.Image, media.Bytes("pic.jpg", seed(t, "pic.jpg")))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(item.ExpiresAt()) - time.Second)
		if _, err := m.Get(t.Context(), item.ID, io.Discard); err != nil || !item.UsableAt(time.Now()) {
			t.Errorf("a second before it expires: %v", err)
		}
		time.Sleep(time.Second)
		var e *wechat.Error
		if _, err := m.Get(t.Context(), item.ID, io.Discard); !errors.As(err, &e) || e.Code != 40007 || item.UsableAt(time.Now()) {
			t.Errorf("when it expires: %v", err)
		}
	})
}

// mocked gives the media of an account whose answers are made up.
func mocked(t *testing.T, path string, answer string) *media.Client {
	t.Helper()
	transport := httpmock.NewMockTransport()
	transport.RegisterResponder(http.MethodGet, "https://api.weixin.qq.com"+path, httpmock.NewStringResponder(200, answer))
	transport.RegisterResponder(http.MethodPost, "https://api.weixin.qq.com"+path, httpmock.NewStringResponder(200, answer))
	c, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"}, wechat.WithTransport(transport), wechat.WithTokens(wechat.StaticToken("t")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return media.New(c)
}

func TestAnswersAsThePlatformHasBeenSeenToGiveThem(t *testing.T) {
	before := time.Now()
	for answer, want := range map[string]media.Item{
		`{"type":"image","media_id":"a","created_at":1700000000}`:          {ID: "a", CreatedAt: time.Unix(1_700_000_000, 0)},
		`{"type":"image","media_id":"a","created_at":"1700000000"}`:        {ID: "a", CreatedAt: time.Unix(1_700_000_000, 0)},
		`{"type":"thumb","thumb_media_id":"b","created_at":1700000000}`:    {ID: "b", CreatedAt: time.Unix(1_700_000_000, 0)},
		`{"type":"image","media_id":"a","item":[],"created_at":170000000}`: {ID: "a", CreatedAt: time.Unix(170_000_000, 0)},
		`{"type":"image","media_id":"a"}`:                                  {ID: "a"}, // counts from before it was sent
	} {
		item, err := mocked(t, uploadPath, answer).Upload(t.Context(), media.Image, media.Bytes("pic.jpg", seed(t, "pic.jpg")))
		if err != nil || item.ID != want.ID {
			t.Errorf("%s: %+v, %v", answer, item, err)
			continue
		}
		if want.CreatedAt.IsZero() {
			if item.CreatedAt.Before(before) || item.CreatedAt.After(time.Now()) {
				t.Errorf("%s: created at %v", answer, item.CreatedAt)
			}
		} else if !item.CreatedAt.Equal(want.CreatedAt) {
			t.Errorf("%s: created at %v, want %v", answer, item.CreatedAt, want.CreatedAt)
		}
	}
}

func TestUploadWithoutAnIDIsABadResponse(t *testing.T) {
	for _, answer := range []string{`{}`, `null`, `{"type":"image","created_at":1}`, `{"errcode":0,"errmsg":"ok"}`, `<html>`} {
		_, err := mocked(t, uploadPath, answer).Upload(t.Context(), media.Image, media.Bytes("pic.jpg", seed(t, "pic.jpg")))
		if !errors.Is(err, wechat.ErrBadResponse) {
			t.Errorf("%s: %v", answer, err)
		}
	}
}

func TestGetTellsFilesFromAnswers(t *testing.T) {
	for answer, want := range map[string]struct {
		written string
		url     string
		fails   error
	}{
		"\xff\xd8\xff\xe0":                  {written: "\xff\xd8\xff\xe0"},
		`{"video_url":"https://a/b?c=d"}`:   {url: "https://a/b?c=d"},
		`{"video_url":""}`:                  {fails: wechat.ErrBadResponse},
		`{"video_url":3}`:                   {fails: wechat.ErrBadResponse},
		`{"something":"else"}`:              {fails: wechat.ErrBadResponse},
		`{"errcode":40007,"errmsg":"gone"}`: {fails: wechat.ErrNotFound},
		`{"errcode":48001,"errmsg":"no"}`:   {fails: wechat.ErrForbidden},
	} {
		var b bytes.Buffer
		got, err := mocked(t, getPath, answer).Get(t.Context(), "id", &b)
		if !errors.Is(err, want.fails) || (err != nil) != (want.fails != nil) || got.VideoURL != want.url || b.String() != want.written {
			t.Errorf("%q: %+v, %q, %v, want %+v", answer, got, b.String(), err, want)
		}
	}
	var b bytes.Buffer
	if got, err := mocked(t, getPath+"/jssdk", "Speex").GetHD(t.Context(), "id", &b); err != nil || got.Bytes != 5 || b.String() != "Speex" {
		t.Errorf("GetHD = %+v, %q, %v", got, b.String(), err)
	}
	if _, err := mocked(t, getPath, "x").Get(t.Context(), "", &b); !errors.Is(err, wechat.ErrInput) {
		t.Errorf("Get without an id: %v", err)
	}
}
