package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/seed-a9908ced/wechat-go/media"
)

// checked is what is said of a file, as a line of JSON has it.
type checked struct {
	File     string         `json:"file"`
	Format   media.Format   `json:"format"`
	Bytes    int64          `json:"bytes"`
	Duration media.Duration `json:"duration_ms"`
	Width    int            `json:"width"`
	Height   int            `json:"height"`
	Whole    bool           `json:"whole"`
	Verdicts []verdict      `json:"verdicts"`

	info media.Info
	all  bool // every verdict was asked for by name
}

// verdict is what one set of rules says of a file as one kind of media.
type verdict struct {
	Rules      string      `json:"rules"`
	Use        string      `json:"use"`
	Kind       media.Kind  `json:"kind"`
	OK         bool        `json:"ok"`
	Violations []violation `json:"violations"`
}

// violation is a rule that the file breaks.
type violation struct {
	Rule    string `json:"rule"`
	Limit   string `json:"limit"`
	Actual  string `json:"actual"`
	Message string `json:"message"`
	fix     string
}

// check looks at one file.
func (o options) check(s source) (checked, error) {
	f, err := s.open()
	if err != nil {
		return checked{}, err
	}
	info, err := f.Probe()
	if err != nil {
		return checked{}, errors.Join(err, f.Close())
	}
	c := checked{
		File: s.name, Format: info.Format, Bytes: info.Bytes, Duration: info.Duration,
		Width: info.Width, Height: info.Height, Whole: info.Whole, info: info, all: o.kind != "",
	}
	for _, set := range o.sets {
		for _, k := range set.kinds(o.kind) {
			v := verdict{Rules: set.rules, Use: set.use, Kind: k, Violations: []violation{}}
			for _, broken := range set.Check(k, info) {
				v.Violations = append(v.Violations, violation{broken.Rule, broken.Limit, broken.Actual, broken.Message, broken.Fix})
			}
			v.OK = len(v.Violations) == 0
			c.Verdicts = append(c.Verdicts, v)
		}
	}
	return c, f.Close()
}

// taken reports whether any verdict takes the file.
func (c checked) taken() bool {
	return slices.ContainsFunc(c.Verdicts, func(v verdict) bool { return v.OK })
}

// line writes a file's JSON.
func line(w io.Writer, c checked) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(c)
}

// table writes a file's verdicts for people. Kinds that want another sort of content altogether are left out,
// unless one was asked for.
func table(w io.Writer, c checked) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	if _, err := fmt.Fprintf(w, "%s: %s\n", c.File, c.info); err != nil {
		return err
	}
	shown := 0
	for _, v := range c.Verdicts {
		if !c.all && !sort(v.Kind, c.info) {
			continue
		}
		shown++
		words := []string{"ok"}
		if !v.OK {
			words = nil
			for _, broken := range v.Violations {
				words = append(words, broken.text())
			}
		}
		for i, text := range words {
			mark, row := "refused", fmt.Sprintf("  %s\t%s\t%s", v.Rules, v.Use, v.Kind)
			if v.OK {
				mark, text = "ok", ""
			}
			if i > 0 {
				mark, row = "", "  \t\t"
			}
			fmt.Fprintln(t, strings.TrimRight(row+"\t"+mark+"\t"+text, "\t"))
		}
	}
	if shown == 0 {
		fmt.Fprintln(t, "  refused\tno picture, sound or video that the platform takes")
	}
	return t.Flush()
}

// sort reports whether the file is the sort of content that a kind wants, whatever the format: a set without
// rules refuses only what is not. An empty file is of any sort.
func sort(k media.Kind, i media.Info) bool {
	return !slices.ContainsFunc(media.Rules{}.Check(k, i), func(v media.Violation) bool { return v.Rule == media.RuleFormat })
}

func (v violation) text() string {
	if v.fix == "" {
		return v.Message
	}
	return v.Message + " (" + v.fix + ")"
}
