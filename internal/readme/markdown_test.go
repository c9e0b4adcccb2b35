package readme_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// A block is a fenced block of a Markdown file.
type block struct {
	line int    // of the opening fence, from 1
	lang string // first word of the info string
	from string // what the comment above it names, if there is one
	body string // ends in a newline unless empty
}

var (
	fence     = regexp.MustCompile("^ {0,3}(`{3,}|~{3,})[ \t]*([^ \t`]*)")
	fromMark  = regexp.MustCompile(`^\s*<!--\s*from:\s*(\S+)\s*-->\s*$`)
	codeSpan  = regexp.MustCompile("``.*?``|`[^`]*`")
	inline    = regexp.MustCompile(`\]\(\s*<?([^()<>\s]*(?:\([^()\s]*\)[^()<>\s]*)*)`)
	reference = regexp.MustCompile(`^ {0,3}\[[^\]^]+\]:\s*<?([^<>\s]+)`)
	attribute = regexp.MustCompile(`\b(?:src|href)="([^"]*)"`)
)

// split parts a Markdown text into its fenced blocks and the prose around them, in which the lines of blocks
// are left empty.
func split(text string) (blocks []block, prose []string, err error) {
	var open string // the fence that ends the block we are in
	var from string // named by the last line that was not blank
	for i, line := range strings.Split(text, "\n") {
		mark := fence.FindStringSubmatch(line)
		switch {
		case open == "" && mark != nil:
			open = mark[1]
			blocks = append(blocks, block{line: i + 1, lang: mark[2], from: from})
			from = ""
		case open == "":
			prose = append(prose, line)
			if m := fromMark.FindStringSubmatch(line); m != nil {
				from = m[1]
			} else if strings.TrimSpace(line) != "" {
				from = ""
			}
			continue
		case mark != nil && strings.HasPrefix(mark[1], open) && strings.Trim(line, " \t"+open[:1]) == "":
			open = ""
		default:
			blocks[len(blocks)-1].body += line + "\n"
		}
		prose = append(prose, "")
	}
	if open != "" {
		return nil, nil, fmt.Errorf("line %d: the block has no end", blocks[len(blocks)-1].line)
	}
	return blocks, prose, nil
}

// region cuts out what a README shows of a source: the lines between "// README:name" and "// README:end",
// dedented, or the whole source for an empty name.
func region(source, name string) (string, error) {
	if name == "" {
		return source, nil
	}
	var lines []string
	found, open := false, false
	for line := range strings.Lines(source) {
		mark, isMark := strings.CutPrefix(strings.TrimSpace(line), "// README:")
		switch {
		case open && isMark && mark == "end":
			open = false
		case open && isMark:
			return "", fmt.Errorf("region %s holds the mark of another, %s", name, mark)
		case open:
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		case isMark && mark == name && found:
			return "", fmt.Errorf("region %s stands there twice", name)
		case isMark && mark == name:
			found, open = true, true
		}
	}
	switch {
	case !found:
		return "", fmt.Errorf("no region %s", name)
	case open:
		return "", fmt.Errorf("region %s has no end", name)
	case len(lines) == 0:
		return "", fmt.Errorf("region %s is empty", name)
	}
	return dedent(lines), nil
}

// dedent takes the leading tabs away that all lines have which are not blank.
func dedent(lines []string) string {
	depth := -1
	for _, line := range lines {
		if tabs := len(line) - len(strings.TrimLeft(line, "\t")); tabs < len(line) && (depth < 0 || tabs < depth) {
			depth = tabs
		}
	}
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(line[min(max(depth, 0), len(line)):] + "\n")
	}
	return b.String()
}

// links lists the relative targets of the links and images in prose, by line from 1, without fragments.
func links(prose []string) map[int][]string {
	found := map[int][]string{}
	for i, line := range prose {
		line = codeSpan.ReplaceAllString(line, "")
		for _, pattern := range []*regexp.Regexp{inline, reference, attribute} {
			for _, m := range pattern.FindAllStringSubmatch(line, -1) {
				u, err := url.Parse(m[1])
				if err != nil {
					found[i+1] = append(found[i+1], m[1]) // no such file, so the test will name it
				} else if u.Scheme == "" && u.Host == "" && u.Path != "" {
					found[i+1] = append(found[i+1], u.Path)
				}
			}
		}
	}
	return found
}
