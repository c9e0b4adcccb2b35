package wechattest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	mediaUpload = "/cgi-bin/media/upload"
	mediaGet    = "/cgi-bin/media/get"
	uploadImg   = "/cgi-bin/media/uploadimg"
)

// The first bytes of files in each format.
const (
	jpeg = "\xff\xd8\xff\xe0\x00\x10JFIF picture"
	png  = "\x89PNG\r\n\x1a\npicture"
	gif  = "GIF89a picture"
	amr  = "#!AMR\nvoice"
	mp3  = "ID3 voice"
	mp4  = "\x00\x00\x00\x18ftypmp42 video"
)

func TestTemporaryMediaComeBackAsTheyWere(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for _, tc := range []struct{ kind, name, content, contentType string }{
		{"image", "a.jpg", jpeg, "image/jpeg"},
		{"image", "a.JPEG", jpeg, "image/jpeg"},
		{"image", "a.png", png, "image/png"},
		{"image", "a.gif", gif, "image/gif"},
		{"voice", "a.amr", amr, "audio/amr"},
		{"voice", "a.mp3", mp3, "audio/mp3"},
		{"voice", "a.mp3", "\xff\xfbframe", "audio/mp3"},
		{"thumb", "a.jpg", jpeg, "image/jpeg"},
	} {
		var up struct {
			Type, MediaID, ThumbID string
			CreatedAt              int64
		}
		r := c.upload(mediaUpload, tc.kind, tc.name, tc.content)
		var raw map[string]any
		r.into(t, &raw)
		up.MediaID, _ = raw["media_id"].(string)
		up.ThumbID, _ = raw["thumb_media_id"].(string)
		id := up.MediaID
		if tc.kind == "thumb" {
			id = up.ThumbID
		}
		if raw["type"] != tc.kind || id == "" || (up.MediaID == "") == (up.ThumbID == "") {
			t.Fatalf("upload of %s: %s", tc.name, r.body)
		}
		got := c.get(mediaGet, "media_id", id)
		if got.body != tc.content || got.header.Get("Content-Type") != tc.contentType {
			t.Errorf("%s %s came back as %s %q", tc.kind, tc.name, got.header.Get("Content-Type"), got.body)
		}
		if d := got.header.Get("Content-Disposition"); !strings.Contains(d, `attachment; filename="`+id) {
			t.Errorf("Content-Disposition of %s: %s", tc.name, d)
		}
	}
}

func TestVideosComeBackAsALink(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	id := c.upload(mediaUpload, "video", "a.mp4", mp4).decode(t).MediaID
	var link struct {
		VideoURL string `json:"video_url"`
	}
	c.get(mediaGet, "media_id", id).into(t, &link)
	if !strings.HasPrefix(link.VideoURL, "http://api.weixin.qq.com/") {
		t.Fatalf("video_url %q", link.VideoURL)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link.VideoURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.do(r); got.body != mp4 || got.header.Get("Content-Type") != "video/mp4" {
		t.Errorf("the link leads to %s %q", got.header.Get("Content-Type"), got.body)
	}
	r.URL.RawQuery = "id=nonsense"
	if got := c.do(r); got.status != http.StatusNotFound {
		t.Errorf("a link to nothing: status %d", got.status)
	}
}

func TestUploadsAreRefused(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	big := func(head string, n int) string { return head + strings.Repeat("x", n-len(head)) }
	for _, tc := range []struct {
		what, kind, name, content string
		code                      int
	}{
		{"no type", "", "a.jpg", jpeg, 40004},
		{"unknown type", "picture", "a.jpg", jpeg, 40004},
		{"nothing in it", "image", "a.jpg", "", 44001},
		{"text as an image", "image", "a.jpg", "hello", 40005},
		{"no extension", "image", "picture", jpeg, 40005},
		{"wrong extension", "image", "a.txt", jpeg, 40005},
		{"voice as an image", "image", "a.amr", amr, 40005},
		{"png as a thumb", "thumb", "a.png", png, 40005},
		{"wav as a voice", "voice", "a.wav", "RIFF....WAVE", 40005},
		{"Chinese file name", "image", "图片.jpg", jpeg, 41005},
		{"image of 10 MiB", "image", "a.jpg", big(jpeg, 10<<20), 0},
		{"image over 10 MiB", "image", "a.jpg", big(jpeg, 10<<20+1), 40009},
		{"voice of 2 MiB", "voice", "a.amr", big(amr, 2<<20), 0},
		{"voice over 2 MiB", "voice", "a.amr", big(amr, 2<<20+1), 40006},
		{"video over 10 MiB", "video", "a.mp4", big(mp4, 10<<20+1), 40006},
		{"thumb of 64 KiB", "thumb", "a.jpg", big(jpeg, 64<<10), 0},
		{"thumb over 64 KiB", "thumb", "a.jpg", big(jpeg, 64<<10+1), 40006},
	} {
		want(t, tc.what, c.upload(mediaUpload, tc.kind, tc.name, tc.content).code(t), tc.code)
	}
	want(t, "another field", c.do(c.uploadRequest(mediaUpload, "image", "file", "a.jpg", strings.NewReader(jpeg))).code(t), 41005)
	want(t, "no multipart", c.call(http.MethodPost, mediaUpload, jpeg, "type", "image").code(t), 41005)

	cut := c.uploadRequest(mediaUpload, "image", "media", "a.jpg", strings.NewReader(jpeg))
	body, _ := io.ReadAll(cut.Body)
	body = body[:len(body)-10] // without the end of the closing boundary
	cut.Body, cut.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	want(t, "cut off", c.do(cut).code(t), 41005)
}

func TestUploadWithoutLengthIsRefused(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	url, stop := c.p.Listen()
	defer stop()
	direct := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, c := range []caller{c, {t, direct, url, c.p, c.acct}} {
		r := c.uploadRequest(mediaUpload, "image", "media", "a.jpg", strings.NewReader(jpeg))
		r.ContentLength = -1
		if got := c.do(r); got.status != http.StatusPreconditionFailed {
			t.Errorf("%s: status %d %s, want 412", c.base, got.status, got.body)
		}
	}
	if n := c.p.Executions(mediaUpload); n != 0 {
		t.Errorf("%d uploads were carried out", n)
	}
}

func TestMediaDieAfterThreeDays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		uploaded := time.Now()
		id := c.upload(mediaUpload, "image", "a.jpg", jpeg).decode(t).MediaID
		time.Sleep(3*24*time.Hour - time.Second)
		if got := c.get(mediaGet, "media_id", id); got.body != jpeg {
			t.Errorf("a second before: %s", got.body)
		}
		sum := sha256.Sum256([]byte(jpeg))
		want := wechattest.Medium{
			ID: id, Kind: "image", Name: "a.jpg", Size: int64(len(jpeg)), SHA256: hex.EncodeToString(sum[:]),
			Created: uploaded, Expires: uploaded.Add(3 * 24 * time.Hour),
		}
		if got, ok := c.acct.Medium(id); !ok || cmp.Diff(want, got) != "" {
			t.Errorf("Medium: %t (-want +got):\n%s", ok, cmp.Diff(want, got))
		}
		time.Sleep(time.Second)
		if got := c.get(mediaGet, "media_id", id).code(t); got != 40007 {
			t.Errorf("after three days: errcode %d, want 40007", got)
		}
		if _, ok := c.acct.Medium(id); ok {
			t.Error("Medium knows what is gone")
		}
	})
}

func TestDeadMediaMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		kept := c.acct.AddMaterial("image", "a.jpg", []byte(jpeg))
		old := c.upload(mediaUpload, "image", "a.jpg", jpeg).decode(t).MediaID
		time.Sleep(3 * 24 * time.Hour)
		next := c.upload(mediaUpload, "image", "a.jpg", jpeg).decode(t).MediaID
		for id, alive := range map[string]bool{kept: true, old: false, next: true} {
			if _, ok := c.acct.Medium(id); ok != alive {
				t.Errorf("medium %s…: there %t, want %t", id[:8], ok, alive)
			}
		}
	})
}

func TestMediaErrorsArePlainText(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	got := c.get(mediaGet, "media_id", "nonsense")
	want(t, "unknown media_id", got.code(t), 40007)
	if kind := got.header.Get("Content-Type"); kind != "text/plain" || got.status != http.StatusOK {
		t.Errorf("status %d, type %s, want 200 and text/plain", got.status, kind)
	}
	want(t, "no media_id", c.get(mediaGet).code(t), 41006)
	want(t, "permanent material", c.get(mediaGet, "media_id", c.acct.AddMaterial("image", "a.jpg", []byte(jpeg))).code(t), 40007)
}

func TestArticleImagesGetAURL(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	var got struct{ URL string }
	c.upload(uploadImg, "", "a.png", png).into(t, &got)
	if !strings.HasPrefix(got.URL, "http://mmbiz.qpic.cn/mmbiz_png/") {
		t.Errorf("url %q", got.URL)
	}
	want(t, "gif", c.upload(uploadImg, "", "a.gif", gif).code(t), 40005)
	want(t, "1 MiB", c.upload(uploadImg, "", "a.jpg", jpeg+strings.Repeat("x", 1<<20-len(jpeg))).code(t), 40009)
	want(t, "under 1 MiB", c.upload(uploadImg, "", "a.jpg", jpeg+strings.Repeat("x", 1<<20-1-len(jpeg))).code(t), 0)
}

func TestOldContentsMakeRoom(t *testing.T) {
	c := newCaller(t, wechattest.Account{}, wechattest.WithKeptMedia(100))
	file := func(i byte) string { return jpeg + strings.Repeat(string('a'+i), 40-len(jpeg)) }
	var ids []string
	for i := range byte(3) {
		ids = append(ids, c.upload(mediaUpload, "image", "a.jpg", file(i)).decode(t).MediaID)
	}
	want(t, "content that was dropped", c.get(mediaGet, "media_id", ids[0]).code(t), -1)
	for i, id := range ids[1:] {
		if got := c.get(mediaGet, "media_id", id).body; got != file(byte(i+1)) {
			t.Errorf("content %d: %q", i+1, got)
		}
	}
	if m, ok := c.acct.Medium(ids[0]); !ok || m.Size != 40 {
		t.Errorf("the medium without content: %+v, %t", m, ok)
	}
}

func TestAFileThatIsNotKeptWholeIsNotKept(t *testing.T) {
	c := newCaller(t, wechattest.Account{}, wechattest.WithKeptMedia(100))
	id := c.upload(mediaUpload, "image", "a.jpg", jpeg+strings.Repeat("x", 200)).decode(t).MediaID
	want(t, "get", c.get(mediaGet, "media_id", id).code(t), -1)
}

func TestLargeUploadsCostNoMemoryWhenNothingIsKept(t *testing.T) {
	c := newCaller(t, wechattest.Account{}, wechattest.WithKeptMedia(0))
	form := c.uploadRequest(mediaUpload, "image", "media", "a.jpg", strings.NewReader(""))
	_, params, _ := strings.Cut(form.Header.Get("Content-Type"), "boundary=")
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	_ = w.SetBoundary(params)
	_, _ = w.CreateFormFile("media", "a.jpg")
	tail := "\r\n--" + params + "--\r\n"
	const size = 9 << 20
	one := func() string {
		filler := io.LimitReader(zeros{}, size-int64(len(jpeg)))
		form.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head.Bytes()), strings.NewReader(jpeg), filler, strings.NewReader(tail)))
		form.ContentLength = int64(head.Len()) + size + int64(len(tail))
		return c.do(form).decode(t).MediaID
	}
	one()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	id := one()
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 128<<10 {
		t.Errorf("an upload of 9 MiB allocated %d bytes", grown)
	}
	if m, ok := c.acct.Medium(id); !ok || m.Size != size {
		t.Errorf("medium %+v, %t", m, ok)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestUploadedVideosBecomeSendable(t *testing.T) {
	c := newCaller(t, verifiedService)
	id := c.upload(mediaUpload, "video", "a.mp4", mp4).decode(t).MediaID
	got := c.post("/cgi-bin/media/uploadvideo", `{"media_id":"`+id+`","title":"T","description":"D"}`).decode(t)
	if got.MediaID == "" || got.MediaID == id {
		t.Errorf("media_id %q", got.MediaID)
	}
	image := c.upload(mediaUpload, "image", "a.jpg", jpeg).decode(t).MediaID
	want(t, "an image", c.post("/cgi-bin/media/uploadvideo", `{"media_id":"`+image+`"}`).code(t), 40007)
}
