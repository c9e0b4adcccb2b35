package menu

// The kinds that the platform's website makes and the API only reads. The platform's page calls a picture
// img in its text and photo in its example, so both occur.
const (
	// Text answers with a text, which is in Value.
	Text Kind = "text"
	// Img answers with a picture; Value is a temporary media id, new at every look and valid for 3 days.
	Img Kind = "img"
	// Picture is another name for Img.
	Picture Kind = "photo"
	// Voice answers with a recording; Value is a temporary media id.
	Voice Kind = "voice"
	// Video answers with a video; Value is a signed address to download it from.
	Video Kind = "video"
	// Articles answers with articles: they are in News, and Value is their permanent media id.
	Articles Kind = "news"
)

// Console is a button that the API cannot make: one of the website's own, or of a type that this package
// does not know. It can be read, printed, compared and kept in a file; [Menu.Validate] refuses to send
// it. [Imported.Lossy] proposes a button to take its place.
type Console struct {
	// Kind is the type as the platform gave it.
	Kind Kind
	// Name is the text on the button.
	Name string
	// Value is what the button answers with; what it means depends on the kind.
	Value string
	// URL and Key are set where the platform gave them.
	URL, Key string
	// News are the articles of a button of kind [Articles].
	News []News
}

// News is one article behind a button that was made on the website.
type News struct {
	Title, Author, Digest string
	ShowCover             bool
	// CoverURL and ContentURL are where the cover and the article are; the platform signs them, so they
	// can change without the article changing.
	CoverURL, ContentURL string
	// SourceURL is where "read more" leads; it is empty when there is no such entry.
	SourceURL string
}
