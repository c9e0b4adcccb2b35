package imports_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the module's root, seen from this folder.
const root = "../.."

// A source is one Go file of the module. Its package is a path relative to the root.
type source struct {
	file, pkg string
	inTest    bool
	imports   []string
}

func TestImportsGoDownward(t *testing.T) {
	self := modulePath(t)
	for _, src := range readSources(t) {
		if _, _, ok := place(src.pkg); !ok {
			t.Errorf("%s: package %s has no place in the house", src.file, src.pkg)
		}
		for _, target := range src.imports {
			target, ours := strings.CutPrefix(target, self+"/")
			if why := verdict(src.pkg, target, ours, src.inTest); why != "" {
				t.Errorf("%s imports %q: %s", src.file, target, why)
			}
		}
	}
}

// A program that stands on the roof links what all floors below it link; testing and the helpers for tests
// would come in through one of them.
func TestShippedPackagesLinkOnlyTheCoreModules(t *testing.T) {
	roof, _, _ := place("account")
	var pkgs []string
	for _, src := range readSources(t) {
		f, _, _ := place(src.pkg)
		if !src.inTest && (f.name == roof.name || slices.Contains(roof.ours, f.name)) {
			pkgs = append(pkgs, "./"+src.pkg)
		}
	}
	slices.Sort(pkgs)
	args := []string{"list", "-e", "-deps", "-f", "{{.ImportPath}}\t{{with .Module}}{{.Path}}{{end}}"}
	args = append(args, slices.Compact(pkgs)...)
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}

	self := modulePath(t)
	allowed := append([]string{"", self}, linked...)
	for line := range strings.Lines(string(out)) {
		pkg, module, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !slices.Contains(allowed, module) || pkg == "testing" {
			t.Errorf("a program that imports account would link %s %s", pkg, module)
		}
	}
	if !strings.Contains(string(out), self) {
		t.Errorf("go list named no package of %s:\n%s", self, out)
	}
}

func TestVerdicts(t *testing.T) {
	tests := []struct {
		pkg, target  string
		ours, inTest bool
		want         string
	}{
		{pkg: "media", target: "wechat", ours: true},
		{pkg: "media", target: "account", ours: true, want: "media must not import account"},
		{pkg: "media", target: "menu", ours: true, want: "media must not import menu"},
		{pkg: "media", target: "menu", ours: true, inTest: true, want: "media must not import menu"},
		{pkg: "media/internal/mp4", target: "media/internal/box", ours: true},
		{pkg: "menu", target: "wechat/wechattest", ours: true, want: "menu must not import wechat/wechattest"},
		{pkg: "menu", target: "wechat/wechattest", ours: true, inTest: true},
		{pkg: "wechat", target: "internal/wire", ours: true},
		{pkg: "wechat", target: "media", ours: true, want: "wechat must not import media"},
		{pkg: "wechat", target: "wechat/user", ours: true, want: "wechat must not import wechat/user"},
		{pkg: "wechat/user", target: "wechat", ours: true},
		{pkg: "wechat/user", target: "wechat/article", ours: true, want: "wechat/user must not import wechat/article"},
		{pkg: "wechat/store", target: "wechat", ours: true, want: "wechat/store must not import wechat"},
		{pkg: "wechat/store/sqlitestore", target: "wechat/store", ours: true},
		{pkg: "wechat/store/sqlitestore", target: "internal/wire", ours: true, want: "wechat/store/sqlitestore must not import internal"},
		{pkg: "wechat/store/sqlitestore", target: "wechat/store/storetest", ours: true, want: "wechat/store/sqlitestore must not import wechat/store/storetest"},
		{pkg: "wechat/store/sqlitestore", target: "wechat/store/storetest", ours: true, inTest: true},
		{pkg: "wechat/wechattest", target: "wechat", ours: true, inTest: true, want: "wechat/wechattest must not import wechat"},
		{pkg: "broadcast", target: "quota", ours: true},
		{pkg: "broadcast", target: "wechat/article", ours: true},
		{pkg: "broadcast", target: "wechat/user", ours: true, want: "broadcast must not import wechat/user"},
		{pkg: "broadcast", target: "menu", ours: true, want: "broadcast must not import menu"},
		{pkg: "account", target: "wechat/user", ours: true},
		{pkg: "account", target: "wechat/store/sqlitestore", ours: true, want: "account must not import wechat/store/sqlitestore"},
		{pkg: "account", target: "wechat/wechattest", ours: true, want: "account must not import wechat/wechattest"},
		{pkg: "examples/quickstart", target: "account", ours: true},
		{pkg: "examples/quickstart", target: "examples/other", ours: true, want: "examples/quickstart must not import examples/other"},
		{pkg: "internal/canary", target: "account", ours: true, inTest: true},
		{pkg: "internal/wire", target: "wechat", ours: true, want: "internal must not import wechat"},
		{pkg: "shiny", target: "wechat", ours: true, want: "package shiny has no place in the house"},
		{pkg: "account", target: "shiny", ours: true, want: "package shiny has no place in the house"},

		{pkg: "media", target: "net/http"},
		{pkg: "media", target: "testing", want: "testing would be linked into production"},
		{pkg: "media", target: "testing", inTest: true},
		{pkg: "wechat/store/storetest", target: "testing"},
		{pkg: "wechat", target: "golang.org/x/time/rate"},
		{pkg: "media", target: "golang.org/x/time/rate", want: "media must not import module golang.org/x/time"},
		{pkg: "media", target: "golang.org/x/text", want: "module of golang.org/x/text is not in the table of modules"},
		{pkg: "wechat/store/sqlitestore", target: "modernc.org/sqlite"},
		{pkg: "wechat/store", target: "modernc.org/sqlite", want: "wechat/store must not import module modernc.org/sqlite"},
		{pkg: "quota", target: "github.com/google/go-cmp/cmp", inTest: true},
		{pkg: "quota", target: "github.com/google/go-cmp/cmp", want: "quota must not import module github.com/google/go-cmp"},
	}
	for _, test := range tests {
		if got := verdict(test.pkg, test.target, test.ours, test.inTest); got != test.want {
			t.Errorf("verdict(%q, %q, ours %t, inTest %t) = %q, want %q",
				test.pkg, test.target, test.ours, test.inTest, got, test.want)
		}
	}
}

// readSources reads the imports of every Go file of the module. Reading the files here, rather than through
// the go command, also tells the test cache which files the result depends on.
func readSources(t *testing.T) []source {
	t.Helper()
	var sources []source
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && skipped(name):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		src := source{file: rel, pkg: path.Dir(rel), inTest: strings.HasSuffix(rel, "_test.go")}
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			src.imports = append(src.imports, target)
		}
		sources = append(sources, src)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return sources
}

// skipped reports whether the go command would leave a folder out of "./...".
func skipped(dir string) bool {
	base := filepath.Base(dir)
	if base == "testdata" || base == "vendor" || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// modulePath reads the module's path from go.mod.
func modulePath(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if p, ok := strings.CutPrefix(line, "module "); ok {
			return strings.TrimSpace(p)
		}
	}
	t.Fatal("go.mod names no module")
	return ""
}
