package menu

import (
	"encoding/json"
	"fmt"
	"strings"
)

// buttonFields are the names that a button can have.
var buttonFields = []string{
	"type", "name", "key", "url", "appid", "pagepath", "media_id", "article_id", "value", "news_info", "sub_button",
}

// buttons reads a list of buttons: an array, or an object with the array in list, as the answer of
// get_current_selfmenu_info has it. Nothing and null are an empty list.
func (d *decoder) buttons(parent string, data json.RawMessage, depth int) []Button {
	list := d.list(join(parent, "buttons"), data)
	if len(list) == 0 {
		return nil
	}
	if depth > maxDepth {
		d.refuse(parent, "depth", fmt.Sprintf("more than %d levels", maxDepth), "")
		return nil
	}
	buttons := make([]Button, len(list))
	for i, data := range list {
		buttons[i] = d.button(childPath(parent, i), data, depth)
	}
	return buttons
}

// list reads an array, or an object with an array in list.
func (d *decoder) list(path string, data json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if len(data) == 0 || json.Unmarshal(data, &list) == nil {
		return list
	}
	if obj, ok := d.object(path, data); ok {
		d.only(path, obj, "a list", "list")
		if data := obj["list"]; len(data) > 0 && json.Unmarshal(data, &list) != nil {
			d.refuse(path, "format", "not a list", "")
		}
	}
	return list
}

// button reads one button. Having children makes it a parent, whatever else it has.
func (d *decoder) button(path string, data []byte, depth int) Button {
	obj, ok := d.object(path, data)
	if !ok {
		return nil
	}
	d.only(path, obj, "a button", buttonFields...)
	w := wire{kind: Kind(d.text(path+".type", obj["type"])), name: d.text(path+".name", obj["name"])}
	for _, f := range fields {
		*f.at(&w) = d.text(path+"."+f.name, obj[f.name])
	}
	w.news = d.news(path+".news_info", obj["news_info"])
	w.children = d.buttons(path, obj["sub_button"], depth+1)
	w.parent = len(w.children) > 0 || w.kind == "" && w.value+w.url+w.key == "" && len(w.news) == 0
	if d.strict {
		d.strays(path, w)
	} else {
		adoptValue(&w)
	}
	return w.button()
}

// strays refuses what a document says of a button and its type does not have: it would be lost.
func (d *decoder) strays(path string, w wire) {
	switch {
	case w.parent && w.kind != "":
		d.refuse(path+".type", "parent", "a button with children has no action", "leave out type or sub_button")
		return
	case w.kind == "" && len(w.children) == 0 && strings.Join(w.texts()[1:], "") != "":
		d.refuse(path+".type", "required", "missing", "")
		return
	}
	kept := w.button().wire()
	owner := fmt.Sprintf("a button of type %q", w.kind)
	if w.parent {
		owner = "a button with children"
	}
	for _, f := range fields {
		if *f.at(&w) != *f.at(&kept) {
			d.refuse(path+"."+f.name, "unknown", owner+" has no "+f.name, "")
		}
	}
	if len(w.news) > len(kept.news) {
		d.refuse(path+".news_info", "unknown", owner+" has no articles", "")
	}
}

// adoptValue takes an id from value where its own field is empty: answers in the website's shape keep ids
// there.
func adoptValue(w *wire) {
	for _, f := range actions[w.kind].needs {
		if id := f.at(w); *id == "" && (f.name == fieldMediaID.name || f.name == fieldArticleID.name) {
			*id = w.value
		}
	}
}

// articleFields are the names that an article behind a button can have.
var articleFields = []string{"title", "author", "digest", "show_cover", "cover_url", "content_url", "source_url"}

// news reads the articles behind a button of the website.
func (d *decoder) news(path string, data json.RawMessage) []News {
	var news []News
	for i, data := range d.list(path, data) {
		path := fmt.Sprintf("%s[%d]", path, i)
		obj, ok := d.object(path, data)
		if !ok {
			continue
		}
		d.only(path, obj, "an article", articleFields...)
		text := func(name string) string { return d.text(path+"."+name, obj[name]) }
		news = append(news, News{
			Title: text("title"), Author: text("author"), Digest: text("digest"), ShowCover: isSet(obj["show_cover"]),
			CoverURL: text("cover_url"), ContentURL: text("content_url"), SourceURL: text("source_url"),
		})
	}
	return news
}

// isSet reads a flag, which comes as 0 and 1, as number or text, or as false and true.
func isSet(data json.RawMessage) bool {
	switch strings.Trim(string(data), `"`) {
	case "", "0", "false", "null":
		return false
	}
	return true
}
