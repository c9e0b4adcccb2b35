package main

import (
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// options are what the command line asks for.
type options struct {
	sets  []set
	kind  media.Kind // empty: all
	json  bool
	files []source
}

// set is a set of rules with the words that name it.
type set struct {
	rules, use string
	media.Rules
}

// kinds are those that a set has a verdict on: the one asked for if it knows it, or all that it knows.
func (s set) kinds(asked media.Kind) []media.Kind {
	switch {
	case asked == "":
		return s.Kinds()
	case s.For(asked).IsZero():
		return nil
	}
	return []media.Kind{asked}
}

// choice is a flag whose value is one of a few words.
func choice(flags *flag.FlagSet, to *string, name, usage string, words ...string) {
	usage += ": " + strings.Join(words, "|")
	flags.Func(name, usage, func(s string) error {
		if !slices.Contains(words, s) {
			return fmt.Errorf("one of %s", strings.Join(words, " "))
		}
		*to = s
		return nil
	})
}

// parse reads the command line. Where it is wrong, or asks for help, the usage goes to stderr.
func parse(args []string, stderr io.Writer) (options, error) {
	flags := flag.NewFlagSet("mediacheck", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	var o options
	var rules, use, kind string
	choice(flags, &rules, "rules", "only this edition of the rules", "documented", "current")
	choice(flags, &use, "use", "only this use", "upload", "broadcast")
	choice(flags, &kind, "kind", "only this kind of media", "image", "voice", "video", "thumb", "audio")
	flags.BoolVar(&o.json, "json", false, "one JSON object a line")
	err := flags.Parse(args)
	if err == nil {
		o.kind = media.Kind(kind)
		o.sets, err = choose(rules, use, o.kind)
	}
	if err != nil {
		flags.SetOutput(stderr)
		fmt.Fprintln(stderr, "usage: mediacheck [flags] FILE…")
		flags.PrintDefaults()
		return options{}, err
	}
	for _, name := range flags.Args() {
		o.files = append(o.files, onDisk(name))
	}
	if len(o.files) == 0 {
		o.files, err = ownFiles()
	}
	return o, err
}

// choose picks the sets of rules that have one on the kind.
func choose(rules, use string, kind media.Kind) ([]set, error) {
	var sets []set
	for _, edition := range []wechat.RuleSet{wechat.Documented, wechat.Current} {
		name := "documented"
		if edition == wechat.Current {
			name = "current"
		}
		for _, u := range []media.Use{media.Upload, media.Broadcast} {
			s := set{name, string(u), media.RulesFor(edition, u)}
			if (rules == "" || rules == name) && (use == "" || use == string(u)) && len(s.kinds(kind)) > 0 {
				sets = append(sets, s)
			}
		}
	}
	if len(sets) == 0 {
		return nil, fmt.Errorf("no rule on -kind %s in what -rules and -use choose", kind)
	}
	return sets, nil
}
