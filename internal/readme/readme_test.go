package readme_test

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root is the module's root, seen from this folder.
const root = "../.."

func TestGoBlocksAreTheirSources(t *testing.T) {
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		t.Run(name, func(t *testing.T) {
			shown := 0
			for _, b := range readBlocks(t, name) {
				if b.lang != "go" && b.lang != "golang" {
					continue
				}
				shown++
				want, err := sourceOf(b)
				if err != nil {
					t.Errorf("%s:%d: %v", name, b.line, err)
				} else if diff := cmp.Diff(want, b.body); diff != "" {
					t.Errorf("%s:%d: block differs from %s (-source +README):\n%s", name, b.line, b.from, diff)
				}
			}
			if shown == 0 {
				t.Errorf("%s shows no Go code", name)
			}
		})
	}
}

func TestBothReadmesShowTheSameBlocks(t *testing.T) {
	english, chinese := readBlocks(t, "README.md"), readBlocks(t, "README.zh-CN.md")
	anywhere := cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".line" }, cmp.Ignore())
	if diff := cmp.Diff(english, chinese, cmp.AllowUnexported(block{}), anywhere); diff != "" {
		t.Errorf("code blocks (-README.md +README.zh-CN.md):\n%s", diff)
	}
}

func TestRelativeLinksLeadSomewhere(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(root, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no Markdown file at the root")
	}
	for _, name := range names {
		_, prose, err := split(readFile(t, filepath.Base(name)))
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
		for line, targets := range links(prose) {
			for _, target := range targets {
				if err := exists(target); err != nil {
					t.Errorf("%s:%d: link %q: %v", filepath.Base(name), line, target, err)
				}
			}
		}
	}
}

func TestBlocksWithoutACompiledSourceAreRefused(t *testing.T) {
	tests := []struct{ from, err string }{
		{"", "no comment above the block names its source: <!-- from: path#region -->"},
		{"CONTRIBUTING.md", "source CONTRIBUTING.md is not a Go file that this module compiles"},
		{"../other/main.go", "source ../other/main.go is not a Go file that this module compiles"},
		{"media/testdata/main.go", "source media/testdata/main.go is not a Go file that this module compiles"},
		{"internal/readme/doc.go#gone", "internal/readme/doc.go: no region gone"},
		{"internal/readme/doc.go", ""},
	}
	for _, test := range tests {
		text, err := sourceOf(block{from: test.from})
		if said := errorText(err); said != test.err || (err == nil) != strings.Contains(text, "package readme") {
			t.Errorf("sourceOf(from %q) = %q, %q, want error %q", test.from, text, said, test.err)
		}
	}
	if _, err := sourceOf(block{from: "gone/main.go"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("sourceOf of a missing file = %v, want %v", err, os.ErrNotExist)
	}
}

// sourceOf reads what the source of a block says now.
func sourceOf(b block) (string, error) {
	if b.from == "" {
		return "", errors.New("no comment above the block names its source: <!-- from: path#region -->")
	}
	file, name, _ := strings.Cut(b.from, "#")
	if path.Ext(file) != ".go" || !filepath.IsLocal(file) || strings.Contains(file, "testdata/") {
		return "", fmt.Errorf("source %s is not a Go file that this module compiles", file)
	}
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return "", err
	}
	text, err := region(string(source), name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return text, nil
}

// exists tells whether the target of a link is a file or folder of the repository.
func exists(target string) error {
	target = strings.TrimPrefix(target, "/")
	if !filepath.IsLocal(filepath.FromSlash(target)) {
		return errors.New("leads out of the repository")
	}
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(target)))
	return err
}

func readBlocks(t *testing.T, name string) []block {
	t.Helper()
	blocks, _, err := split(readFile(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return blocks
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
