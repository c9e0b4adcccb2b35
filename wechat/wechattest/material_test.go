package wechattest_test

import (
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat/wechattest"
)

const (
	addMaterial   = "/cgi-bin/material/add_material"
	getMaterial   = "/cgi-bin/material/get_material"
	delMaterial   = "/cgi-bin/material/del_material"
	countMaterial = "/cgi-bin/material/get_materialcount"
	listMaterial  = "/cgi-bin/material/batchget_material"
	getHD         = "/cgi-bin/media/get/jssdk"
)

func naming(id string) string { return `{"media_id":"` + id + `"}` }

func TestPermanentMediaComeBackAsTheyWere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCaller(t, wechattest.Account{})
		wav, wma, bmp := "RIFF....WAVEsound", "\x30\x26\xb2\x75\x8e\x66\xcf\x11 sound", "BM picture"
		for _, tc := range []struct{ kind, name, content, contentType string }{
			{"image", "a.jpg", jpeg, "image/jpeg"},
			{"image", "a.bmp", bmp, "image/bmp"},
			{"image", "a.gif", gif, "image/gif"},
			{"voice", "a.amr", amr, "audio/amr"},
			{"voice", "a.wav", wav, "audio/wav"},
			{"voice", "a.wma", wma, "audio/x-ms-wma"},
			{"voice", "a.mp3", mp3, "audio/mp3"},
			{"thumb", "a.jpg", jpeg, "image/jpeg"},
		} {
			var made struct {
				MediaID string `json:"media_id"`
				URL     string `json:"url"`
			}
			c.upload(addMaterial, tc.kind, tc.name, tc.content).into(t, &made)
			if (made.URL != "") != (tc.kind == "image") || made.MediaID == "" {
				t.Errorf("%s %s: %+v, want a url for images alone", tc.kind, tc.name, made)
			}
			time.Sleep(1000 * time.Hour)
			got := c.post(getMaterial, naming(made.MediaID))
			if got.body != tc.content || got.header.Get("Content-Type") != tc.contentType {
				t.Errorf("%s %s came back as %s %q", tc.kind, tc.name, got.header.Get("Content-Type"), got.body)
			}
			m, ok := c.acct.Medium(made.MediaID)
			if !ok || !m.Expires.IsZero() || m.URL != made.URL || m.Kind != tc.kind {
				t.Errorf("%s %s: Medium %+v, %t", tc.kind, tc.name, m, ok)
			}
		}
	})
}

// describedVideo uploads a video with a field beside it, before the file or after it.
func (c caller) describedVideo(description string, after bool) reply {
	c.tb.Helper()
	var form strings.Builder
	w := multipart.NewWriter(&form)
	field := func() { _ = w.WriteField("description", description) }
	if !after {
		field()
	}
	part, _ := w.CreateFormFile("media", "a.mp4")
	_, _ = part.Write([]byte(mp4))
	if after {
		field()
	}
	_ = w.Close()
	r := c.uploadRequest(addMaterial, "video", "media", "a.mp4", strings.NewReader(mp4))
	body := strings.NewReader(form.String())
	fresh, err := http.NewRequestWithContext(c.tb.Context(), http.MethodPost, r.URL.String(), body)
	if err != nil {
		c.tb.Fatal(err)
	}
	fresh.Header.Set("Content-Type", w.FormDataContentType())
	return c.do(fresh)
}

func TestPermanentVideosKeepTheirDescription(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for _, after := range []bool{false, true} {
		id := c.describedVideo(`{"title":"新品","introduction":"For you"}`, after).decode(t).MediaID
		var got struct {
			Title, Description string
			DownURL            string `json:"down_url"`
		}
		c.post(getMaterial, naming(id)).into(t, &got)
		if got.Title != "新品" || got.Description != "For you" {
			t.Errorf("after the file %t: %+v", after, got)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, got.DownURL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b := c.do(r).body; b != mp4 {
			t.Errorf("down_url leads to %q", b)
		}
		if m, ok := c.acct.Medium(id); !ok || m.Title != "新品" || m.Introduction != "For you" {
			t.Errorf("Medium %+v, %t", m, ok)
		}
	}
	want(t, "description that is no JSON", c.describedVideo("title=x", false).code(t), 47001)
	want(t, "no description", c.upload(addMaterial, "video", "a.mp4", mp4).code(t), 0)
}

func TestPermanentUploadsAreRefused(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for _, tc := range []struct {
		what, kind, name, content string
		code                      int
	}{
		{"no type", "", "a.jpg", jpeg, 40004},
		{"articles", "news", "a.jpg", jpeg, 40004},
		{"empty", "image", "a.jpg", "", 44001},
		{"gif as a thumb", "thumb", "a.gif", gif, 40005},
		{"mp4 as a voice", "voice", "a.mp4", mp4, 40005},
		{"voice over 2 MiB", "voice", "a.amr", amr + strings.Repeat("x", 2<<20), 40006},
		{"image over 10 MiB", "image", "a.jpg", jpeg + strings.Repeat("x", 10<<20), 40009},
	} {
		want(t, tc.what, c.upload(addMaterial, tc.kind, tc.name, tc.content).code(t), tc.code)
	}
	if n := c.p.Executions(addMaterial); n != 0 {
		t.Errorf("%d uploads were carried out", n)
	}
}

func TestLibraryIsFullAtAThousandVoices(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	var last string
	for range 1000 {
		last = c.acct.AddMaterial("voice", "a.amr", nil)
	}
	want(t, "voice 1001", c.upload(addMaterial, "voice", "a.amr", amr).code(t), 45074)
	want(t, "an image", c.upload(addMaterial, "image", "a.jpg", jpeg).code(t), 0)
	want(t, "delete", c.post(delMaterial, naming(last)).code(t), 0)
	want(t, "voice 1000", c.upload(addMaterial, "voice", "a.amr", amr).code(t), 0)
}

func TestDeletedMaterialIsGone(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	id := c.acct.AddMaterial("image", "a.jpg", []byte(jpeg))
	want(t, "delete", c.post(delMaterial, naming(id)).code(t), 0)
	want(t, "delete again", c.post(delMaterial, naming(id)).code(t), 40007)
	want(t, "get", c.post(getMaterial, naming(id)).code(t), 40007)
	if _, ok := c.acct.Medium(id); ok {
		t.Error("Medium knows what is deleted")
	}
	temporary := c.upload(mediaUpload, "image", "a.jpg", jpeg).decode(t).MediaID
	want(t, "get temporary media", c.post(getMaterial, naming(temporary)).code(t), 40007)
	want(t, "delete temporary media", c.post(delMaterial, naming(temporary)).code(t), 40007)
	want(t, "delete nothing", c.post(delMaterial, `{}`).code(t), 41006)
	want(t, "no body", c.post(getMaterial, ``).code(t), 44002)
	if got := c.post(getMaterial, naming("x")).header.Get("Content-Type"); got != "text/plain" {
		t.Errorf("get_material refuses as %s", got)
	}
	other := c.p.AddAccount(wechattest.Account{})
	want(t, "another account's", c.callWith(other.Token(), http.MethodPost, getMaterial,
		naming(c.acct.AddMaterial("image", "a.jpg", []byte(jpeg)))).code(t), 40007)
}

func TestMaterialInAMenuCannotBeDeleted(t *testing.T) {
	c := newCaller(t, verifiedService)
	id := c.acct.AddMaterial("image", "a.jpg", []byte(jpeg))
	want(t, "menu", c.post("/cgi-bin/menu/create",
		`{"button":[{"name":"m","sub_button":[{"type":"media_id","name":"a","media_id":"`+id+`"}]}]}`).code(t), 0)
	want(t, "delete", c.post(delMaterial, naming(id)).code(t), 48005)
	want(t, "no menu", c.get("/cgi-bin/menu/delete").code(t), 0)
	want(t, "delete", c.post(delMaterial, naming(id)).code(t), 0)
}

type materialPage struct {
	Total int `json:"total_count"`
	Count int `json:"item_count"`
	Item  []struct {
		MediaID string `json:"media_id"`
		Name    string
		Updated int64 `json:"update_time"`
		Content struct {
			News []wechattest.Article `json:"news_item"`
		}
	}
}

func TestMaterialIsCountedAndListedNewestFirst(t *testing.T) {
	c := newCaller(t, wechattest.Account{})
	for i := range 25 {
		c.acct.AddMaterial("image", fmt.Sprint(i), nil)
	}
	c.acct.AddMaterial("voice", "v", nil)
	c.acct.AddMaterial("thumb", "t", nil)
	c.acct.AddDraft("a draft is not in the library")
	article := wechattest.Article{Title: "标题", Content: "<p>a</p>", ShowCoverPic: 1, URL: "http://mp.weixin.qq.com/s/x"}
	news := c.acct.AddArticles(article, wechattest.Article{Title: "second"})

	if got, want := c.get(countMaterial).body, `{"voice_count":1,"video_count":0,"image_count":25,"news_count":1}`; got != want {
		t.Errorf("count: %s, want %s", got, want)
	}
	for _, tc := range []struct{ offset, count, items, first int }{
		{0, 20, 20, 24}, {20, 20, 5, 4}, {24, 1, 1, 0}, {25, 20, 0, 0}, {1000, 20, 0, 0},
	} {
		var page materialPage
		c.post(listMaterial, fmt.Sprintf(`{"type":"image","offset":%d,"count":%d}`, tc.offset, tc.count)).into(t, &page)
		if page.Total != 25 || page.Count != tc.items || len(page.Item) != tc.items {
			t.Errorf("%+v: total %d, count %d, %d items", tc, page.Total, page.Count, len(page.Item))
		} else if tc.items > 0 && page.Item[0].Name != fmt.Sprint(tc.first) {
			t.Errorf("%+v begins with %s", tc, page.Item[0].Name)
		}
	}
	var page materialPage
	c.post(listMaterial, `{"type":"news","offset":0,"count":20}`).into(t, &page)
	if len(page.Item) != 1 || page.Item[0].MediaID != news {
		t.Fatalf("articles: %+v", page)
	}
	if diff := cmp.Diff(article, page.Item[0].Content.News[0]); diff != "" {
		t.Errorf("the article (-want +got):\n%s", diff)
	}
	var got struct {
		News []wechattest.Article `json:"news_item"`
	}
	c.post(getMaterial, naming(news)).into(t, &got)
	if len(got.News) != 2 || got.News[1].Title != "second" {
		t.Errorf("get_material: %+v", got)
	}
	for body, code := range map[string]int{
		`{"type":"thumb","offset":0,"count":20}`:  40004,
		`{"type":"image","offset":0,"count":0}`:   40035,
		`{"type":"image","offset":0,"count":21}`:  40035,
		`{"type":"image","offset":-1,"count":20}`: 40035,
	} {
		want(t, body, c.post(listMaterial, body).code(t), code)
	}
}

func TestRecordingsHaveABetterForm(t *testing.T) {
	c := newCaller(t, verifiedService)
	id := c.acct.AddRecording([]byte(amr), []byte("Speex"))
	if got := c.get(getHD, "media_id", id); got.body != "Speex" || got.header.Get("Content-Type") != "voice/speex" {
		t.Errorf("jssdk: %s %q", got.header.Get("Content-Type"), got.body)
	}
	if got := c.get(mediaGet, "media_id", id); got.body != amr {
		t.Errorf("get: %q", got.body)
	}
	want(t, "an upload", c.get(getHD, "media_id", c.upload(mediaUpload, "voice", "a.amr", amr).decode(t).MediaID).code(t), 40007)
	want(t, "no media_id", c.get(getHD).code(t), 41006)
	want(t, "unverified", newCaller(t, wechattest.Account{}).get(getHD, "media_id", id).code(t), 48001)
}
