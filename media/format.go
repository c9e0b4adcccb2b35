package media

// Format is what a file's content is, in one lower-case word: "jpeg", "amr", "mp4".
//
// The formats named below are judged: their parsers say whether a file is whole, how long it plays and how
// large its picture is. Others ("pdf", "webm", "flac", …) are only known by name, so that a refusal can
// say what it found.
type Format string

// The formats that are judged.
const (
	// Unknown is content that nothing recognised.
	Unknown Format = "unknown"

	// Pictures.

	JPEG Format = "jpeg"
	PNG  Format = "png"
	GIF  Format = "gif"
	BMP  Format = "bmp"

	// Sound. AMR is narrow band and wide band; Info.Codec tells which.

	AMR Format = "amr"
	MP3 Format = "mp3"
	WAV Format = "wav"
	WMA Format = "wma"

	// Video. RM is RealMedia under either ending, rm or rmvb: nothing fixed tells them apart. MPG is an
	// MPEG-1 or MPEG-2 program stream or video elementary stream.

	MP4 Format = "mp4"
	WMV Format = "wmv"
	AVI Format = "avi"
	MPG Format = "mpg"
	RM  Format = "rm"
)

// Formats that are recognised in order to be refused by name, where a parser needs the name.
const (
	mov      Format = "mov"
	threeGP  Format = "3gp"
	m4a      Format = "m4a"
	heic     Format = "heic"
	avif     Format = "avif"
	isoOther Format = "iso-media"
	layer2   Format = "mp2"
	adts     Format = "aac"
	amrMulti Format = "amr-multichannel"
	realAud  Format = "ra"
	mpegTS   Format = "mpeg-ts"
	webp     Format = "webp"
	webm     Format = "webm"
	mkv      Format = "mkv"
	asfOther Format = "asf"
)

// family is the sort of content a format holds.
type family uint8

const (
	other family = iota
	picture
	sound
	film
)

// String names the family as a refusal does.
func (f family) String() string {
	switch f {
	case picture:
		return "a picture"
	case sound:
		return "a sound file"
	case film:
		return "a video"
	case other:
	}
	return "another file"
}

// facts is what is known about a format beyond its content.
type facts struct {
	name   string // as people write it
	family family
	ext    string // the ending that uploads get; only formats that can be uploaded have one
	mime   string
	more   []string // other usual endings
}

var formats = map[Format]facts{
	JPEG: {"JPEG", picture, ".jpg", "image/jpeg", []string{".jpeg", ".jpe", ".jfif"}},
	PNG:  {"PNG", picture, ".png", "image/png", nil},
	GIF:  {"GIF", picture, ".gif", "image/gif", nil},
	BMP:  {"BMP", picture, ".bmp", "image/bmp", []string{".dib"}},
	AMR:  {"AMR", sound, ".amr", "audio/amr", []string{".awb"}},
	MP3:  {"MP3", sound, ".mp3", "audio/mpeg", nil},
	WAV:  {"WAV", sound, ".wav", "audio/wav", nil},
	WMA:  {"WMA", sound, ".wma", "audio/x-ms-wma", []string{".asf"}},
	MP4:  {"MP4", film, ".mp4", "video/mp4", []string{".m4v"}},
	WMV:  {"WMV", film, ".wmv", "video/x-ms-wmv", []string{".asf"}},
	AVI:  {"AVI", film, ".avi", "video/x-msvideo", nil},
	MPG:  {"MPEG", film, ".mpg", "video/mpeg", []string{".mpeg", ".vob", ".m1v", ".m2v", ".mpe"}},
	RM:   {"RealMedia", film, ".rm", "application/vnd.rn-realmedia", []string{".rmvb"}},

	mov:      {name: "QuickTime (MOV)", family: film},
	threeGP:  {name: "3GP", family: film},
	m4a:      {name: "MP4 with sound only (M4A)", family: sound},
	heic:     {name: "HEIC", family: picture},
	avif:     {name: "AVIF", family: picture},
	isoOther: {name: "ISO media of an unknown brand", family: other},
	layer2:   {name: "MPEG audio layer I or II (MP2)", family: sound},
	adts:     {name: "AAC", family: sound},
	amrMulti: {name: "multichannel AMR", family: sound},
	realAud:  {name: "RealAudio", family: sound},
	mpegTS:   {name: "an MPEG transport stream", family: film},
	webp:     {name: "WebP", family: picture},
	webm:     {name: "WebM", family: film},
	mkv:      {name: "Matroska", family: film},
	asfOther: {name: "ASF without sound or video", family: other},
}

// String names the format as people write it: "JPEG", "QuickTime (MOV)". A format without a name in the
// tables comes out as the word that it is.
func (f Format) String() string {
	if name := f.facts().name; name != "" {
		return name
	}
	if f == "" || f == Unknown {
		return "an unknown format"
	}
	return string(f)
}

// ContentType is the media type that an upload of the format announces, or "application/octet-stream".
func (f Format) ContentType() string {
	if mime := f.facts().mime; mime != "" {
		return mime
	}
	return "application/octet-stream"
}

func (f Format) facts() facts {
	if t, ok := formats[f]; ok {
		return t
	}
	return otherFormats[f]
}

func (f Format) family() family { return f.facts().family }

// judged reports whether there is a parser that tells if such a file is whole.
func (f Format) judged() bool { return f.facts().ext != "" }
