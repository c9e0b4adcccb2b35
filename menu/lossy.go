package menu

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// Lossy is a button of an imported menu that the API cannot make, and what to put in its place.
type Lossy struct {
	// Path is where the button is: "buttons[1].buttons[0]".
	Path string
	// Was is the button as the website has it.
	Was Console
	// Instead is the proposed button. It does not validate while an id is still missing.
	Instead Button
	// Todo says what a person has to do for Instead to behave as Was did. It is empty when nothing is
	// left to do.
	Todo string
}

// String tells the item in one line:
// "buttons[1] “Hours”: text → click text-04ab…; answer the event CLICK text-04ab… with the text".
func (l Lossy) String() string {
	s := fmt.Sprintf("%s “%s”: %s → %s", l.Path, printable(l.Was.Name), printable(string(l.Was.Kind)), KindOf(l.Instead))
	if d := detail(l.Instead); d != "" {
		s += " " + printable(d)
	}
	if l.Todo != "" {
		s += "; " + printable(l.Todo)
	}
	return s
}

// MarshalJSON gives the item with its buttons in the platform's shape.
func (l Lossy) MarshalJSON() ([]byte, error) {
	was, err := toJSONButton(l.Path, l.Was)
	if err != nil {
		return nil, err
	}
	instead, err := toJSONButton(l.Path, l.Instead)
	if err != nil {
		return nil, err
	}
	return rawJSON(struct {
		Path    string     `json:"path"`
		Was     jsonButton `json:"was"`
		Instead jsonButton `json:"instead"`
		Todo    string     `json:"todo,omitempty"`
	}{l.Path, was, instead, l.Todo}, "")
}

var _ json.Marshaler = Lossy{}

// consoleKind tells what a button of the website answers with, and what takes its place in short.
type consoleKind struct{ what, fix string }

var consoleKinds = map[Kind]consoleKind{
	Text:     {"a text", "use Click, and answer its event with the text"},
	Img:      {"a picture", "upload it as permanent material and use Media"},
	Picture:  {"a picture", "upload it as permanent material and use Media"},
	Voice:    {"a recording", "upload it as permanent material and use Media"},
	Video:    {"a video", "upload it as permanent material and use Media"},
	Articles: {"articles", "use View with the article's address, or publish it and use ArticleLimited"},
}

// findLossy lists the buttons of a menu that the API cannot make.
func findLossy(m Menu) []Lossy {
	var out []Lossy
	for path, b := range m.All() {
		if c, ok := b.(Console); ok {
			instead, todo := c.replacement()
			out = append(out, Lossy{Path: path, Was: c, Instead: instead, Todo: todo})
		}
	}
	return out
}

// replacement proposes a button that the API can make, and says what is left to do.
func (b Console) replacement() (Button, string) {
	switch b.Kind {
	case Text:
		key := keyFor("text", b.Value)
		return Click{b.Name, key}, fmt.Sprintf("answer the event CLICK %s with the text", key)
	case Img, Picture, Voice, Video:
		source := "media/get gives it for 3 days under the media id in value"
		if b.Kind == Video {
			source = "it can be downloaded from the address in value"
		}
		what := map[Kind]string{Img: "image", Picture: "image", Voice: "voice", Video: "video"}[b.Kind]
		return Media{Name: b.Name}, fmt.Sprintf("upload the %s as permanent material (%s) and set its media_id", what, source)
	case Articles:
		return b.replaceArticles()
	}
	if b.URL != "" {
		return View{b.Name, b.URL}, ""
	}
	key := b.Key
	if key == "" {
		key = keyFor("was", string(b.Kind)+"\n"+b.Name+"\n"+b.Value)
	}
	return Click{b.Name, key}, fmt.Sprintf("type %q is not known here: decide what the event CLICK %s does", b.Kind, key)
}

// replaceArticles opens the first article; further ones have no place in a button made through the API.
func (b Console) replaceArticles() (Button, string) {
	if len(b.News) == 0 || b.News[0].ContentURL == "" {
		return ArticleLimited{Name: b.Name}, "publish the article and set its article_id"
	}
	todo := ""
	if n := len(b.News) - 1; n > 0 {
		todo = fmt.Sprintf("only the first of %d articles is opened: give the others buttons of their own", n+1)
	}
	return View{b.Name, b.News[0].ContentURL}, todo
}

// keyFor derives a key that is the same at every import.
func keyFor(prefix, content string) string {
	sum := sha256.Sum256([]byte(content))
	return prefix + "-" + hex.EncodeToString(sum[:6])
}
