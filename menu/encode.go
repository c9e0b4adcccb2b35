package menu

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

// jsonMenu and jsonButton are the platform's objects, in the order in which they are written.
type (
	jsonMenu struct {
		Buttons []jsonButton `json:"button"`
	}
	jsonButton struct {
		Type      Kind          `json:"type,omitempty"`
		Name      string        `json:"name"`
		Key       string        `json:"key,omitempty"`
		URL       string        `json:"url,omitempty"`
		AppID     string        `json:"appid,omitempty"`
		PagePath  string        `json:"pagepath,omitempty"`
		MediaID   string        `json:"media_id,omitempty"`
		ArticleID string        `json:"article_id,omitempty"`
		Value     string        `json:"value,omitempty"`
		News      *jsonNews     `json:"news_info,omitempty"`
		Children  *[]jsonButton `json:"sub_button,omitempty"`
	}
	jsonNews struct {
		List []jsonArticle `json:"list"`
	}
	jsonArticle struct {
		Title      string `json:"title"`
		Author     string `json:"author"`
		Digest     string `json:"digest"`
		ShowCover  int    `json:"show_cover"`
		CoverURL   string `json:"cover_url"`
		ContentURL string `json:"content_url"`
		SourceURL  string `json:"source_url"`
	}
)

// MarshalJSON gives the menu as the platform's menu/create takes it: {"button":[…]} with children in
// sub_button, in raw UTF-8. It does not validate, but refuses what has no JSON form: a nil button, or
// text that is not UTF-8.
func (m Menu) MarshalJSON() ([]byte, error) {
	j, err := toJSON(m)
	if err != nil {
		return nil, err
	}
	return rawJSON(j, "")
}

// Encode writes the menu as a JSON document to keep in a file: indented by two spaces, in raw UTF-8
// without HTML escapes, with a line feed at the end. [Decode] reads it back.
func Encode(w io.Writer, m Menu) error {
	j, err := toJSON(m)
	if err != nil {
		return err
	}
	return writeDocument(w, j)
}

// writeDocument writes an indented document with a line feed at its end.
func writeDocument(w io.Writer, v any) error {
	data, err := rawJSON(v, "  ")
	if err != nil {
		return err
	}
	if _, err := w.Write(append(data, '\n')); err != nil {
		return fmt.Errorf("menu: encode: %w", err)
	}
	return nil
}

func toJSON(m Menu) (jsonMenu, error) {
	buttons, err := jsonButtons("", m.Buttons)
	return jsonMenu{Buttons: buttons}, err
}

func jsonButtons(parent string, buttons []Button) ([]jsonButton, error) {
	out := make([]jsonButton, len(buttons))
	for i, b := range buttons {
		path := childPath(parent, i)
		if b == nil {
			return nil, fmt.Errorf("menu: encode: %s: nil button", path)
		}
		j, err := toJSONButton(path, b)
		if err != nil {
			return nil, err
		}
		out[i] = j
	}
	return out, nil
}

func toJSONButton(path string, b Button) (jsonButton, error) {
	w := b.wire()
	for _, text := range append(w.texts(), string(w.kind)) {
		if !utf8.ValidString(text) {
			return jsonButton{}, fmt.Errorf("menu: encode: %s: not UTF-8", path)
		}
	}
	j := jsonButton{
		Type: w.kind, Name: w.name, Key: w.key, URL: w.url, AppID: w.appID, PagePath: w.pagePath,
		MediaID: w.mediaID, ArticleID: w.articleID, Value: w.value,
	}
	if len(w.news) > 0 {
		j.News = &jsonNews{}
		for _, n := range w.news {
			j.News.List = append(j.News.List, jsonArticle{
				n.Title, n.Author, n.Digest, map[bool]int{true: 1}[n.ShowCover], n.CoverURL, n.ContentURL, n.SourceURL,
			})
		}
	}
	if w.parent {
		children, err := jsonButtons(path, w.children)
		if err != nil {
			return jsonButton{}, err
		}
		j.Children = &children
	}
	return j, nil
}

// texts lists every text of a button, without those of its children.
func (w wire) texts() []string {
	all := []string{w.name}
	for _, f := range fields {
		all = append(all, *f.at(&w))
	}
	for _, n := range w.news {
		all = append(all, n.Title, n.Author, n.Digest, n.CoverURL, n.ContentURL, n.SourceURL)
	}
	return all
}

// rawJSON encodes without HTML escapes, indented if indent is not empty, without a final line feed.
func rawJSON(v any, indent string) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("menu: encode: %w", err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
