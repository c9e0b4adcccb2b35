package media

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Kind is what a file is used as. The first four are spelled as the platform spells them in the type
// parameter of an upload; [Audio] is the word of the broadcast rules for what an upload calls voice.
type Kind string

// The kinds. There is no default: the zero Kind is refused everywhere.
const (
	Image Kind = "image"
	Voice Kind = "voice"
	Video Kind = "video"
	Thumb Kind = "thumb"
	Audio Kind = "audio"
)

// uploadKinds are the kinds that the platform has a type parameter for.
var uploadKinds = []Kind{Image, Voice, Video, Thumb}

// ParseKind takes the four names of the platform, exactly as it spells them, and "audio". Any other word
// is refused with an [*wechat.InputError] that lists them.
func ParseKind(s string) (Kind, error) {
	if k := Kind(s); k == Audio || slices.Contains(uploadKinds, k) {
		return k, nil
	}
	return "", wechat.Refuse("media", []wechat.Problem{kindProblem(Kind(s))})
}

// kindProblem refuses a kind that is none, naming those there are.
func kindProblem(k Kind) wechat.Problem {
	p := wechat.Problem{
		Field: "kind", Rule: "kind",
		Message: fmt.Sprintf("%q is no kind of media: one of %s", string(k), joinKinds(uploadKinds)),
	}
	switch lower := strings.ToLower(string(k)); {
	case k == Audio:
		p.Message = "the platform has no type audio for uploads: one of " + joinKinds(uploadKinds)
		p.Fix = "audio is uploaded as voice"
	case lower != string(k) && slices.Contains(uploadKinds, Kind(lower)):
		p.Fix = fmt.Sprintf("in lower case: %s", lower)
	}
	return p
}

func joinKinds(kinds []Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, " ")
}

// family is what sort of content a kind wants.
func (k Kind) family() family {
	switch k {
	case Image, Thumb:
		return picture
	case Voice, Audio:
		return sound
	case Video:
		return film
	}
	return other
}

// Use is what the platform will do with a file; each use has rules of its own.
type Use string

// The uses.
const (
	// Upload is temporary material (/cgi-bin/media/upload), kept for three days.
	Upload Use = "upload"
	// Permanent is the material library (/cgi-bin/material/add_material).
	Permanent Use = "permanent"
	// Broadcast is what a broadcast may carry.
	Broadcast Use = "broadcast"
	// InArticle is a picture inside an article (/cgi-bin/media/uploadimg).
	InArticle Use = "article"
)
