package media

import "fmt"

// Info is what a file is, by its content alone. [File.Probe] gives it; [Rules.Check] judges it.
type Info struct {
	// Name is the file's name as it was given. No verdict rests on it.
	Name string `json:"file"`
	// Format is what the content is.
	Format Format `json:"format"`
	// Codec is the family of the encoding inside, where the container tells: "amr-wb", "h264", "pcm".
	Codec string `json:"codec,omitempty"`
	// Bytes is the file's length. If More is set it is a lower bound.
	Bytes int64 `json:"bytes"`
	// More says that the source went on after Bytes, past the limit of [Spool]; it was not read.
	More bool `json:"more,omitempty"`
	// Duration is the playing time of sound and video.
	Duration Duration `json:"duration_ms"`
	// Width and Height are pixels as stored, 0 if not known.
	Width  int `json:"width"`
	Height int `json:"height"`
	// Quality is the quality a JPEG was saved with, 1 to 100, guessed from its tables; 0 if not known.
	Quality int `json:"quality,omitempty"`
	// Orientation is how a JPEG says that it wants to be turned, 2 to 8 as EXIF counts; 0 if it does not. Width
	// and Height are those before turning.
	Orientation int `json:"orientation,omitempty"`
	// Whole says that the file is one of the formats that are judged, and that its content agrees with itself
	// up to its end. Pixels and sound are not decoded.
	Whole bool `json:"whole"`
	// Fault says what is wrong with a file that is not whole.
	Fault string `json:"fault,omitempty"`
	// Notes says what is odd about the file without making it unusable.
	Notes []string `json:"notes,omitempty"`
}

// String gives a line for people: "AMR (amr-nb), 96006 bytes, 60 s".
func (i Info) String() string {
	s := i.Format.String()
	if i.Codec != "" {
		s += " (" + i.Codec + ")"
	}
	s += fmt.Sprintf(", %d bytes", i.Bytes)
	if i.Width > 0 {
		s += fmt.Sprintf(", %d×%d", i.Width, i.Height)
	}
	if i.Format.family() != picture && i.Duration.Known() {
		s += ", " + i.Duration.String()
	}
	if i.Fault != "" {
		s += ", " + i.Fault
	}
	return s
}

// finding is an [Info] in the making: what the parsers fill in.
type finding struct{ Info }

// fail records why the file is not whole. The first reason stays.
func (i *finding) fail(format string, args ...any) {
	if i.Fault == "" {
		i.Fault = fmt.Sprintf(format, args...)
	}
}

// note records something odd. There are never many.
func (i *finding) note(format string, args ...any) {
	if len(i.Notes) < 8 {
		i.Notes = append(i.Notes, fmt.Sprintf(format, args...))
	}
}
