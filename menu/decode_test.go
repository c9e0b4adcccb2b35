package menu_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/menu"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

const songFile = `{
  "button": [
    {
      "type": "click",
      "name": "今日歌曲",
      "key": "V1001_TODAY_MUSIC"
    },
    {
      "name": "菜单",
      "sub_button": [
        {
          "type": "view",
          "name": "搜索",
          "url": "http://www.soso.com/"
        },
        {
          "type": "miniprogram",
          "name": "wxa",
          "url": "http://mp.weixin.qq.com",
          "appid": "wx286b93c14bbf93aa",
          "pagepath": "pages/lunar/index"
        },
        {
          "type": "click",
          "name": "赞一下我们",
          "key": "V1001_GOOD"
        }
      ]
    }
  ]
}
`

func TestAFileHoldsThePlatformsShape(t *testing.T) {
	var buf bytes.Buffer
	if err := menu.Encode(&buf, song()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(songFile, buf.String()); diff != "" {
		t.Errorf("Encode (-want +got):\n%s", diff)
	}
	got, err := menu.Decode(strings.NewReader("\ufeff" + songFile))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(song(), got); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
}

func TestFilesRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	menus := []menu.Menu{
		{},
		one(menu.Sub{Name: "all", Buttons: everyKind()}), imported(t, read(t, "console.json")).Menu,
		one(menu.Sub{Name: "empty"}), one(menu.Console{Kind: "finder", Name: "a", Value: "b", URL: "c", Key: "d"}),
		one(menu.Click{Name: "line\u2028 <&> \\ \" \t", Key: "\x01"}),
	}
	for range 300 {
		menus = append(menus, randomMenu(r))
	}
	for _, m := range menus {
		var buf bytes.Buffer
		if err := menu.Encode(&buf, m); err != nil {
			t.Fatalf("Encode(%v): %v", m, err)
		}
		file := buf.String()
		got, err := menu.Decode(&buf)
		if err != nil {
			t.Fatalf("Decode(%s): %v", file, err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", file, diff)
		}
	}
}

func TestFilesAreRawUTF8(t *testing.T) {
	var buf bytes.Buffer
	if err := menu.Encode(&buf, one(menu.View{Name: "汉<字>👍", URL: "https://example.com/?a=1&b='2'"})); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(buf.String(), `\u`) {
		t.Errorf("escapes in %s", &buf)
	}
}

func TestADocumentIsReadStrictly(t *testing.T) {
	for _, test := range []struct {
		desc, data string
		want       []string
	}{
		{"empty", ``, []string{" format"}},
		{"cut off", `{"button":[`, []string{" format"}},
		{"text behind it", `{"button":[]} x`, []string{" format"}},
		{"another document behind it", `{"button":[]}{"button":[]}`, []string{" format"}},
		{"null", `null`, []string{" format"}},
		{"a list", `[]`, []string{" format"}},
		{"no buttons", `{}`, []string{"button required"}},
		{"misspelt buttons", `{"buttons":[]}`, []string{"button required", "buttons unknown"}},
		{"a whole answer", `{"menu":{"button":[]}}`, []string{"button required", "menu unknown"}},
		{"a rule", `{"button":[],"matchrule":{}}`, []string{"matchrule unknown"}},
		{"not a list", `{"button":{"a":1}}`, []string{"buttons.a unknown"}},
		{"null in the list", `{"button":[null]}`, []string{"buttons[0] format"}},
		{"misspelt key", `{"button":[{"type":"click","name":"a","kye":"k"}]}`, []string{"buttons[0].kye unknown"}},
		{"upper case", `{"button":[{"Type":"click","name":"a","key":"k"}]}`, []string{"buttons[0].Type unknown", "buttons[0].type required"}},
		{"a field of another type", `{"button":[{"type":"click","name":"a","key":"k","url":"https://a.com"}]}`, []string{"buttons[0].url unknown"}},
		{"an empty field of another type", `{"button":[{"type":"click","name":"a","key":"k","url":"","sub_button":[]}]}`, nil},
		{"articles on a click", `{"button":[{"type":"click","name":"a","key":"k","news_info":{"list":[{"title":"t"}]}}]}`, []string{"buttons[0].news_info unknown"}},
		{"misspelt article", `{"button":[{"type":"news","name":"a","news_info":{"list":[{"tilte":"t"}]}}]}`, []string{"buttons[0].news_info[0].tilte unknown"}},
		{"a parent with a type", `{"button":[{"type":"click","name":"a","sub_button":[{"type":"click","name":"b","key":"k"}]}]}`, []string{"buttons[0].type parent"}},
		{"a parent with a key", `{"button":[{"name":"a","key":"k","sub_button":[{"type":"click","name":"b","key":"k"}]}]}`, []string{"buttons[0].key unknown"}},
		{"no type", `{"button":[{"name":"a","key":"k"}]}`, []string{"buttons[0].type required"}},
		{"a number for a text", `{"button":[{"type":"click","name":1,"key":"k"}]}`, []string{"buttons[0].name format"}},
		{"the website's list", `{"button":[{"name":"a","sub_button":{"list":[{"type":"click","name":"b","key":"k"}]}}]}`, nil},
		{"a misspelt list", `{"button":[{"name":"a","sub_button":{"lst":[]}}]}`, []string{"buttons[0].buttons.lst unknown"}},
		{"8 levels", nestedFile(8), nil},
		{"9 levels", nestedFile(9), []string{deep(8) + " depth"}},
		{"invalid UTF-8", "{\"button\":[{\"type\":\"click\",\"name\":\"\xff\",\"key\":\"k\"}]}", []string{" utf-8"}},
		{
			"several at once", `{"x":1,"button":[{"type":"view","name":"a","key":"k"},{"typ":"view","name":"b"}]}`,
			[]string{"buttons[0].key unknown", "buttons[1].typ unknown", "x unknown"},
		},
	} {
		_, err := menu.Decode(strings.NewReader(test.data))
		if diff := cmp.Diff(test.want, problems(t, err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s\n%v", test.desc, diff, err)
		}
	}
}

func nestedFile(levels int) string {
	return `{"button":[` + strings.Repeat(`{"name":"x","sub_button":[`, levels-1) + `{"type":"click","name":"x","key":"k"}` +
		strings.Repeat(`]}`, levels)
}

func deep(levels int) string {
	return strings.TrimSuffix(strings.Repeat("buttons[0].", levels), ".")
}

func TestDecodeIsBounded(t *testing.T) {
	_, err := menu.Decode(strings.NewReader(`{"button":[` + strings.Repeat(" ", 512<<10) + `]}`))
	if got := problems(t, err); !cmp.Equal(got, []string{" size"}) {
		t.Errorf("problems = %v, want the size", got)
	}
	_, err = menu.Decode(strings.NewReader(`{"button":[` + strings.Repeat("0,", 100_000) + `0]}`))
	if got := problems(t, err); len(got) != 100 {
		t.Errorf("%d problems, want 100", len(got))
	}
	deep := strings.Repeat(`{"name":"x","sub_button":[`, 9000)
	_, err = menu.Decode(strings.NewReader(`{"button":[` + deep + strings.Repeat(`]}`, 9001)))
	if len(problems(t, err)) != 1 {
		t.Errorf("9000 levels: %v", err)
	}
}

func TestAReadersErrorIsKept(t *testing.T) {
	broken := errors.New("broken")
	if _, err := menu.Decode(iotest.ErrReader(broken)); !errors.Is(err, broken) || errors.Is(err, wechat.ErrInput) {
		t.Errorf("Decode = %v, want the reader's error", err)
	}
}

func TestAMenuInsideAnotherDocument(t *testing.T) {
	type config struct {
		Menu menu.Menu `json:"menu"`
	}
	data, err := json.Marshal(config{song()})
	if err != nil {
		t.Fatal(err)
	}
	var got config
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(song(), got.Menu); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	err = json.Unmarshal([]byte(`{"menu":{"button":[{"type":"view","name":"a","ulr":"x"}]}}`), &got)
	if diff := cmp.Diff([]string{"buttons[0].ulr unknown"}, problems(t, err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(song(), got.Menu); diff != "" {
		t.Errorf("a refused document changed the menu:\n%s", diff)
	}
}

func TestWhatHasNoJSONFormIsRefused(t *testing.T) {
	for _, m := range []menu.Menu{
		one(nil),
		one(menu.Sub{Name: "a", Buttons: []menu.Button{nil}}),
		one(menu.Click{Name: "\xff", Key: "k"}),
		one(menu.Sub{Name: "a", Buttons: []menu.Button{menu.View{Name: "b", URL: "\xff"}}}),
		one(menu.Console{Kind: "\xff", Name: "a"}),
		one(menu.Console{Kind: menu.Articles, News: []menu.News{{Title: "\xff"}}}),
	} {
		var buf bytes.Buffer
		if err := menu.Encode(&buf, m); err == nil || buf.Len() > 0 {
			t.Errorf("Encode(%#v) = %v after %d bytes, want an error", m, err, buf.Len())
		}
		if _, err := json.Marshal(m); err == nil {
			t.Errorf("Marshal(%#v) succeeded", m)
		}
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }

func TestAWritersErrorIsKept(t *testing.T) {
	broken := errors.New("broken")
	if err := menu.Encode(brokenWriter{broken}, song()); !errors.Is(err, broken) {
		t.Errorf("Encode = %v, want the writer's error", err)
	}
}
