package readme_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplitFindsBlocksAndTheirSources(t *testing.T) {
	text := strings.Join([]string{
		"# Title",
		"<!-- from: a/main.go#send -->",
		"",
		"```go title",
		"x := 1",
		"",
		"```",
		"<!-- from: b.go -->",
		"Words in between take the source away.",
		"~~~~go",
		"```",
		"~~~",
		"~~~~",
		"```sh",
		"```",
		"The end.",
	}, "\n")
	blocks, prose, err := split(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []block{
		{line: 4, lang: "go", from: "a/main.go#send", body: "x := 1\n\n"},
		{line: 10, lang: "go", body: "```\n~~~\n"},
		{line: 14, lang: "sh"},
	}
	if diff := cmp.Diff(want, blocks, cmp.AllowUnexported(block{})); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
	if len(prose) != 16 || prose[4] != "" || prose[15] != "The end." {
		t.Errorf("prose = %q, want 16 lines with those of blocks empty", prose)
	}
}

func TestSplitRefusesABlockWithoutEnd(t *testing.T) {
	if _, _, err := split("a\n```go\nb\n``\n"); err == nil || err.Error() != "line 2: the block has no end" {
		t.Errorf("split = %v, want an error that names line 2", err)
	}
}

func TestRegion(t *testing.T) {
	source := strings.Join([]string{
		"package main",
		"",
		"func main() {",
		"\t// README:send",
		"\tif ok {",
		"\t\tsend()",
		"",
		"\t}",
		"\t// README:end",
		"\t// README:open",
		"\tstop()",
		"\t// README:void",
		"\t// README:end",
		"}",
		"// README:twice",
		"one",
		"// README:end",
		"// README:twice",
		"// README:end",
		"// README:last",
		"",
	}, "\n")
	tests := []struct{ name, want, err string }{
		{name: "", want: source},
		{name: "send", want: "if ok {\n\tsend()\n\n}\n"},
		{name: "sen", err: "no region sen"},
		{name: "open", err: "region open holds the mark of another, void"},
		{name: "void", err: "region void is empty"},
		{name: "twice", err: "region twice stands there twice"},
		{name: "last", err: "region last has no end"},
	}
	for _, test := range tests {
		got, err := region(source, test.name)
		if said := errorText(err); got != test.want || said != test.err {
			t.Errorf("region(%q) = %q, %q, want %q, %q", test.name, got, said, test.want, test.err)
		}
	}
}

func TestDedentKeepsRelativeIndentation(t *testing.T) {
	tests := []struct {
		lines []string
		want  string
	}{
		{[]string{"a", "\tb"}, "a\n\tb\n"},
		{[]string{"\t\ta", "", "\t\t\tb"}, "a\n\n\tb\n"},
		{[]string{"\t\ta", "\t"}, "a\n\n"},
		{[]string{"", ""}, "\n\n"},
		{[]string{"\t a"}, " a\n"},
	}
	for _, test := range tests {
		if got := dedent(test.lines); got != test.want {
			t.Errorf("dedent(%q) = %q, want %q", test.lines, got, test.want)
		}
	}
}

func TestLinksAreTheRelativeOnes(t *testing.T) {
	got := links([]string{
		"See [a](docs/a.md#part), [b](<b.md> \"title\") and ![c](pic_(1).png).",
		"[web](https://go.dev/x) [mail](mailto:a@example.com) [part](#part) [host](//go.dev)",
		"`[code](gone.md)` and ``[more `code`](gone.md)``",
		"[ref]: wechat/store",
		"[^1]: footnote",
		`<img src="d.png"> <a href="https://go.dev">x</a>`,
		"[space](a%20b.md) [bad](%zz)",
	})
	want := map[int][]string{
		1: {"docs/a.md", "b.md", "pic_(1).png"},
		4: {"wechat/store"},
		6: {"d.png"},
		7: {"a b.md", "%zz"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
