package menu

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Canonical gives the menu reduced to what it means: names without space at the ends, and buttons of the
// website without what the platform makes anew at every look (temporary media ids, signed addresses). An
// img and a photo are one kind. Doing it twice is doing it once.
//
// So a picture behind a button of the website that is exchanged for another one goes unseen: the platform
// says nothing lasting about it.
func (m Menu) Canonical() Menu {
	return m.transform(func(_ string, b Button) Button {
		switch b := b.(type) {
		case nil:
			return nil
		case Console:
			return b.canonical()
		default:
			return withName(b, strings.TrimSpace(NameOf(b)))
		}
	})
}

// canonical drops what is temporary. The media id of articles is permanent and stays.
func (b Console) canonical() Button {
	out := Console{Kind: b.Kind, Name: strings.TrimSpace(b.Name), Value: b.Value, URL: b.URL, Key: b.Key}
	if out.Kind == Picture {
		out.Kind = Img
	}
	if out.Kind == Img || out.Kind == Voice || out.Kind == Video {
		out.Value = ""
	}
	for _, n := range b.News {
		out.News = append(out.News, News{
			Title: n.Title, Author: n.Author, Digest: n.Digest, ShowCover: n.ShowCover, SourceURL: n.SourceURL,
		})
	}
	return out
}

// Digest names what the menu means: menus with the same [Menu.Canonical] form have the same digest, and
// others another. It is "m1-" and 64 hexadecimal digits, and stays the same over versions of this module
// as long as it begins with m1.
func (m Menu) Digest() string {
	h := sha256.New()
	digestButtons(h, m.Canonical().Buttons)
	return "m1-" + hex.EncodeToString(h.Sum(nil))
}

// digestButtons writes what is set, under its name, so that a field added to the model later changes no
// digest of a menu that does not use it.
func digestButtons(h io.Writer, buttons []Button) {
	for _, b := range buttons {
		if b == nil {
			fmt.Fprint(h, "(nil)")
			continue
		}
		w := b.wire()
		fmt.Fprintf(h, "(type=%q name=%q", w.kind, w.name)
		for _, f := range fields {
			if s := *f.at(&w); s != "" {
				fmt.Fprintf(h, " %s=%q", f.name, s)
			}
		}
		for _, n := range w.news {
			fmt.Fprintf(h, " news=%q", []string{n.Title, n.Author, n.Digest, strconv.FormatBool(n.ShowCover), n.SourceURL})
		}
		if w.parent {
			fmt.Fprint(h, " sub=")
			digestButtons(h, w.children)
		}
		fmt.Fprint(h, ")")
	}
}

// digestOf names a list of texts.
func digestOf(texts ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q", texts)
	return "m1-" + hex.EncodeToString(h.Sum(nil))
}

// Same reports whether two menus mean the same.
func Same(a, b Menu) bool { return a.Digest() == b.Digest() }
