package media_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	keepPath   = "/cgi-bin/material/add_material"
	fetchPath  = "/cgi-bin/material/get_material"
	deletePath = "/cgi-bin/material/del_material"
	countPath  = "/cgi-bin/material/get_materialcount"
	listPath   = "/cgi-bin/material/batchget_material"
	imagePath  = "/cgi-bin/media/uploadimg"
)

func TestKeptFilesComeBackAndDoNotExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _, acct := newClient(t, wechat.WithRules(wechat.Current))
		for _, c := range []struct {
			kind media.Kind
			seed string
		}{
			{media.Image, "pic.jpg"},
			{media.Image, "pic.bmp"},
			{media.Image, "pic.gif"},
			{media.Thumb, "pic.jpg"},
			{media.Voice, "tone.amr"},
			{media.Voice, "tone.mp3"},
			{media.Voice, "tone.wav"},
			{media.Voice, "tone.wma"},
		} {
			content := seed(t, c.seed)
			item, err := m.Keep(t.Context(), c.kind, media.Bytes(c.seed, content))
			if err != nil {
				t.Errorf("%s as %s: %v", c.seed, c.kind, err)
				continue
			}
			kept, ok := acct.Medium(string(item.ID))
			if !ok || kept.SHA256 != item.SHA256 || !kept.Expires.IsZero() || kept.URL != item.URL {
				t.Errorf("%s as %s: the platform has %+v, %t, the item is %+v", c.seed, c.kind, kept, ok, item)
			}
			if !item.Permanent || !item.ExpiresAt().IsZero() || (item.URL != "") != (c.kind == media.Image) || item.CreatedAt.IsZero() {
				t.Errorf("%s as %s: %+v", c.seed, c.kind, item)
			}
			time.Sleep(2 * media.Lifetime)
			var b bytes.Buffer
			got, err := m.Fetch(t.Context(), item.ID, &b)
			if err != nil || !bytes.Equal(b.Bytes(), content) || got.Bytes != int64(len(content)) || got.Type == "" {
				t.Errorf("%s as %s: fetched %+v, %d bytes, %v", c.seed, c.kind, got, b.Len(), err)
			}
			if !item.UsableAt(time.Now()) {
				t.Errorf("%s is not usable", c.seed)
			}
		}
	})
}

func TestKeptVideoHasItsDescription(t *testing.T) {
	m, _, acct := newClient(t)
	const title, introduction = `新品 "A" & <B>`, "line one\nline two\r\n--boundary"
	item, err := m.Keep(t.Context(), media.Video, media.Bytes("clip.mp4", seed(t, "clip.mp4")), media.WithDescription(title, introduction))
	if err != nil {
		t.Fatal(err)
	}
	if kept, _ := acct.Medium(string(item.ID)); kept.Title != title || kept.Introduction != introduction {
		t.Errorf("the platform has %+v", kept)
	}
	var b bytes.Buffer
	got, err := m.Fetch(t.Context(), item.ID, &b)
	if err != nil || b.Len() != 0 || got.Title != title || got.Introduction != introduction || !strings.HasPrefix(got.VideoURL, "http") {
		t.Errorf("Fetch = %+v, %v, %d bytes written", got, err, b.Len())
	}
}

func TestWhatTheLibraryRefusesIsNotSent(t *testing.T) {
	m, p, _ := newClient(t)
	jpg, mp4 := media.Bytes("a.jpg", seed(t, "pic.jpg")), media.Bytes("a.mp4", seed(t, "clip.mp4"))
	keep := func(k media.Kind, f *media.File, opts ...media.UploadOption) func() error {
		return func() error { _, err := m.Keep(t.Context(), k, f, opts...); return err }
	}
	image := func(f *media.File) func() error {
		return func() error { _, err := m.UploadImage(t.Context(), f); return err }
	}
	first := func(k media.Kind) func() error {
		return func() error {
			for _, err := range m.List(t.Context(), k) {
				return err
			}
			return nil
		}
	}
	for _, c := range []struct {
		what string
		do   func() error
		rule string
	}{
		{"a PNG under the documented rules", keep(media.Image, media.Bytes("a.png", seed(t, "pic.png"))), "format"},
		{"a large picture", keep(media.Image, media.Bytes("a.jpg", padJPEG(t, 131073))), "size"},
		{"no file", keep(media.Image, nil), "required"},
		{"no kind", keep("", jpg), "kind"},
		{"audio", keep(media.Audio, media.Bytes("a.amr", seed(t, "tone.amr"))), "kind"},
		{"a video without a title", keep(media.Video, mp4), "required"},
		{"a video with an empty title", keep(media.Video, mp4, media.WithDescription(" ", "x")), "required"},
		{"a picture with a title", keep(media.Image, jpg, media.WithDescription("a", "b")), "forbidden"},
		{"a temporary video with a title", func() error {
			_, err := m.Upload(t.Context(), media.Video, mp4, media.WithDescription("a", "b"))
			return err
		}, "forbidden"},
		{"a GIF in an article", image(media.Bytes("a.gif", seed(t, "pic.gif"))), "format"},
		{"1 MB in an article", image(media.Bytes("a.jpg", padJPEG(t, 1<<20))), "size"},
		{"to fetch nothing", func() error { _, err := m.Fetch(t.Context(), "", io.Discard); return err }, "required"},
		{"to delete nothing", func() error { return m.Delete(t.Context(), "") }, "required"},
		{"to list thumbs", first(media.Thumb), "kind"},
		{"to list audio", first(media.Audio), "kind"},
		{"to list news as files", first("news"), "kind"},
	} {
		refused, ok := errors.AsType[*wechat.InputError](c.do())
		if !ok || refused.Problems[0].Rule != c.rule {
			t.Errorf("%s: %v, want rule %s", c.what, refused, c.rule)
		}
	}
	if n := requests(p); n != 0 {
		t.Errorf("%d requests were made", n)
	}
}

// TestKeepIsNeverSentTwice: it may have been carried out, and says so.
func TestKeepIsNeverSentTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, kind := range []wechattest.Kind{wechattest.Reset, wechattest.Truncated, wechattest.EmptyObject} {
			m, p, _ := newClient(t)
			p.Fault(wechattest.Fault{Path: keepPath, Kind: kind, Execute: kind == wechattest.Reset, At: 3})
			_, err := m.Keep(t.Context(), media.Image, media.Bytes("a.jpg", seed(t, "pic.jpg")))
			if !errors.Is(err, wechat.ErrOutcomeUnknown) || p.Requests(keepPath) != 1 {
				t.Errorf("%v: %v after %d requests", kind, err, p.Requests(keepPath))
			}
		}
		m, p, _ := newClient(t)
		p.Fault(wechattest.Fault{Path: keepPath, Kind: wechattest.Refused, Times: 1})
		if _, err := m.Keep(t.Context(), media.Image, media.Bytes("a.jpg", seed(t, "pic.jpg"))); err != nil || p.Executions(keepPath) != 1 {
			t.Errorf("what never left: %v, carried out %d times", err, p.Executions(keepPath))
		}
	})
}

func TestUploadImageGivesAnAddress(t *testing.T) {
	m, p, _ := newClient(t)
	for _, name := range []string{"pic.jpg", "pic.png"} {
		url, err := m.UploadImage(t.Context(), media.Bytes(name, seed(t, name)))
		if err != nil || !strings.HasPrefix(url, "http") {
			t.Errorf("%s: %q, %v", name, url, err)
		}
	}
	if _, err := m.UploadImage(t.Context(), media.Bytes("a.jpg", padJPEG(t, 1<<20-1))); err != nil {
		t.Errorf("a byte under 1 MB: %v", err)
	}
	if n := p.Executions(imagePath); n != 3 {
		t.Errorf("%d uploads were carried out", n)
	}
	if _, err := mocked(t, imagePath, `{"media_id":"x"}`).UploadImage(t.Context(), media.Bytes("a.jpg", seed(t, "pic.jpg"))); !errors.Is(err, wechat.ErrBadResponse) {
		t.Errorf("an answer without url: %v", err)
	}
}

func TestDeleteAndCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p, acct := newClient(t)
		id := wechat.MediaID(acct.AddMaterial("image", "a.jpg", seed(t, "pic.jpg")))
		acct.AddMaterial("voice", "a.amr", nil)
		acct.AddArticles(wechattest.Article{Title: "t"})
		got, err := m.Count(t.Context())
		if diff := cmp.Diff(media.Counts{Images: 1, Voices: 1, Articles: 1}, got); diff != "" || err != nil {
			t.Errorf("Count: %v (-want +got):\n%s", err, diff)
		}
		if err := m.Delete(t.Context(), id); err != nil {
			t.Error(err)
		}
		if err := m.Delete(t.Context(), id); !errors.Is(err, wechat.ErrNotFound) {
			t.Errorf("deleting it again: %v", err)
		}
		if _, err := m.Fetch(t.Context(), id, io.Discard); !errors.Is(err, wechat.ErrNotFound) {
			t.Errorf("fetching it: %v", err)
		}
		lost := wechat.MediaID(acct.AddMaterial("image", "b.jpg", nil))
		p.Fault(wechattest.Fault{Path: deletePath, Kind: wechattest.Reset, Execute: true, Times: 1})
		if err := m.Delete(t.Context(), lost); !errors.Is(err, wechat.ErrNotFound) {
			t.Errorf("a deletion whose answer is lost: %v", err)
		}
		if got, _ := m.Count(t.Context()); got.Images != 0 {
			t.Errorf("%d pictures are left", got.Images)
		}
		p.Fault(wechattest.Fault{Path: deletePath, Kind: wechattest.Errcode, Code: 48005, Times: 1})
		if e, ok := errors.AsType[*wechat.Error](m.Delete(t.Context(), "x")); !ok || e.Code != 48005 {
			t.Errorf("what a menu shows: %v", e)
		}
	})
	for _, answer := range []string{`{"errcode":0}`, `{"voice_count":1,"video_count":1,"image_count":1}`, `{"voice_count":-1,"video_count":1,"image_count":1,"news_count":1}`} {
		if got, err := mocked(t, countPath, answer).Count(t.Context()); !errors.Is(err, wechat.ErrBadResponse) {
			t.Errorf("%s: %+v, %v", answer, got, err)
		}
	}
}

// names ranges over a list.
func names(t *testing.T, list iter.Seq2[media.Item, error]) []string {
	t.Helper()
	var all []string
	for item, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, item.Name)
	}
	return all
}

func TestListIsLazyAndCanBeRangedTwice(t *testing.T) {
	m, p, acct := newClient(t)
	var want []string
	for i := range 45 {
		acct.AddMaterial("image", fmt.Sprint(i), nil)
		want = append([]string{fmt.Sprint(i)}, want...)
	}
	list := m.List(t.Context(), media.Image)
	if n := requests(p); n != 0 {
		t.Errorf("%d requests before it is ranged over", n)
	}
	for item, err := range list {
		if err != nil || !item.Permanent || item.Kind != media.Image || item.ID == "" || item.CreatedAt.IsZero() {
			t.Errorf("%+v, %v", item, err)
		}
		break
	}
	if n := p.Requests(listPath); n != 1 {
		t.Errorf("%d pages for the first item", n)
	}
	for range 2 {
		if diff := cmp.Diff(want, names(t, list)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if n := p.Requests(listPath); n != 1+3+3 {
		t.Errorf("%d pages, want 7", n)
	}
	if got := names(t, m.List(t.Context(), media.Voice)); got != nil {
		t.Errorf("voices: %v", got)
	}
}

func TestListEndsWithItsError(t *testing.T) {
	m, p, acct := newClient(t)
	for i := range 30 {
		acct.AddMaterial("voice", fmt.Sprint(i), nil)
	}
	n := 0
	var failed []error
	for _, err := range m.List(t.Context(), media.Voice) {
		if n++; n == 20 {
			p.Fault(wechattest.Fault{Path: listPath, Kind: wechattest.Errcode, Code: 48001})
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	if n != 21 || len(failed) != 1 || !errors.Is(failed[0], wechat.ErrForbidden) {
		t.Errorf("%d items, errors %v", n, failed)
	}
	for answer, items := range map[string]int{
		`{"total_count":1000,"item_count":0,"item":[]}`: 0, // must end
		`{"total_count":1000,"item_count":0}`:           0,
		`{"total_count":"1","item":[{"media_id":"a"}]}`: 1,
	} {
		if got := names(t, mocked(t, listPath, answer).List(t.Context(), media.Image)); len(got) != items {
			t.Errorf("%s: %v", answer, got)
		}
	}
	for _, answer := range []string{`{"item":[]}`, `{"errcode":0}`, `{"total_count":1,"item":[{"name":"x"}]}`} {
		for item, err := range mocked(t, listPath, answer).List(t.Context(), media.Image) {
			if !errors.Is(err, wechat.ErrBadResponse) {
				t.Errorf("%s: %+v, %v", answer, item, err)
			}
		}
	}
}

func TestArticlesComeBackAsTheyAre(t *testing.T) {
	m, p, acct := newClient(t)
	old := wechattest.Article{
		Title: "标题", ThumbMediaID: "thumb", ShowCoverPic: 1, Author: "a", Digest: "d", Content: "<p>&amp;</p>",
		URL: "http://mp.weixin.qq.com/s/x", ContentSourceURL: "https://example.com/", ThumbURL: "http://mmbiz.qpic.cn/x",
	}
	id := acct.AddArticles(old, wechattest.Article{Title: "second"})
	want := []media.Article{{
		Title: "标题", Thumb: "thumb", ShowCover: true, Author: "a", Digest: "d", Content: "<p>&amp;</p>",
		URL: "http://mp.weixin.qq.com/s/x", SourceURL: "https://example.com/", ThumbURL: "http://mmbiz.qpic.cn/x",
	}, {Title: "second"}}
	got, err := m.Fetch(t.Context(), wechat.MediaID(id), io.Discard)
	if diff := cmp.Diff(want, got.Articles); diff != "" || err != nil {
		t.Errorf("Fetch: %v (-want +got):\n%s", err, diff)
	}
	n := 0
	for set, err := range m.ListArticles(t.Context()) {
		if n++; err != nil || string(set.ID) != id || set.UpdatedAt.IsZero() || cmp.Diff(want, set.Articles) != "" {
			t.Errorf("ListArticles: %+v, %v", set, err)
		}
	}
	if n != 1 || p.Requests(listPath) != 1 {
		t.Errorf("%d sets in %d pages", n, p.Requests(listPath))
	}
}

// TestLongArticlesAreAskedForInSmallerPages: twenty sets of a megabyte are more than an answer may hold.
func TestLongArticlesAreAskedForInSmallerPages(t *testing.T) {
	m, p, acct := newClient(t)
	long := strings.Repeat("x", 1<<20)
	for range 25 {
		acct.AddArticles(wechattest.Article{Content: long})
	}
	n := 0
	for set, err := range m.ListArticles(t.Context()) {
		if err != nil || len(set.Articles) != 1 || len(set.Articles[0].Content) != 1<<20 {
			t.Fatalf("set %d: %d articles, %v", n, len(set.Articles), err)
		}
		n++
	}
	if n != 25 || p.Requests(listPath) != 1+3 {
		t.Errorf("%d sets in %d requests", n, p.Requests(listPath))
	}
}

func TestFetchTellsFilesFromAnswers(t *testing.T) {
	for answer, fails := range map[string]error{
		"BM picture":                           nil,
		`{"title":"t","down_url":"https://a"}`: nil,
		`{"news_item":[]}`:                     nil,
		`{"title":"t"}`:                        wechat.ErrBadResponse,
		`{"news_item":3}`:                      wechat.ErrBadResponse,
		`{"errcode":40007,"errmsg":"invalid"}`: wechat.ErrNotFound,
	} {
		var b bytes.Buffer
		got, err := mocked(t, fetchPath, answer).Fetch(t.Context(), "id", &b)
		if !errors.Is(err, fails) || (err != nil) != (fails != nil) {
			t.Errorf("%s: %+v, %v, want %v", answer, got, err, fails)
		}
		if written := fails == nil && answer[0] != '{'; (b.String() == answer) != written {
			t.Errorf("%s: %q was written", answer, b.String())
		}
	}
}

func TestRecordingInItsBetterForm(t *testing.T) {
	m, _, acct := newClient(t)
	id := wechat.MediaID(acct.AddRecording(seed(t, "tone.amr"), []byte("Speex")))
	var b bytes.Buffer
	if got, err := m.GetHD(t.Context(), id, &b); err != nil || b.String() != "Speex" || got.Type != "voice/speex" {
		t.Errorf("GetHD = %+v, %q, %v", got, b.String(), err)
	}
	if _, err := m.GetHD(t.Context(), "nonsense", &b); !errors.Is(err, wechat.ErrNotFound) {
		t.Errorf("GetHD of nothing: %v", err)
	}
}

// TestPathsOfTheLibraryHaveTheirMethods: the platform refuses the other one.
func TestPathsOfTheLibraryHaveTheirMethods(t *testing.T) {
	m, p, acct := newClient(t)
	id := wechat.MediaID(acct.AddMaterial("image", "a.jpg", seed(t, "pic.jpg")))
	_, _ = m.Count(t.Context())
	_, _ = m.Fetch(t.Context(), id, io.Discard)
	names(t, m.List(t.Context(), media.Image))
	_ = m.Delete(t.Context(), id)
	got := map[string]string{}
	for _, e := range p.Log() {
		if strings.HasPrefix(e.Path, "/cgi-bin/material/") {
			got[e.Path] = e.Method
		}
	}
	want := map[string]string{countPath: http.MethodGet, fetchPath: http.MethodPost, listPath: http.MethodPost, deletePath: http.MethodPost}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
