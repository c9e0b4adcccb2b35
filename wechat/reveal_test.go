package wechat_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// reveals lists where this package itself takes a value out of a Secret, and why it must.
var reveals = map[string]string{
	"Equal":              "compares digests of it",
	"IsZero":             "asks whether there is one",
	"check":              "judges the form of the AppSecret when a client is made",
	"Token":              "gives a static token to the client",
	"fetchToken":         "sends the AppSecret, in the body, for a token",
	"ClearQuotaBySecret": "sends the AppSecret, in the body, for a reset",
	"secrets":            "knows what to strike from errors",
}

// TestSecretsAreRevealedInFewPlaces counts the calls of Reveal in the module's shipped code: in this package
// those of the list, once each function, and one at most in every other package.
func TestSecretsAreRevealedInFewPlaces(t *testing.T) {
	sites := map[string][]string{} // package → functions
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 2 && d.Name()[0] == '.'):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(path))
		for _, decl := range file.Decls {
			name := "a variable"
			if f, ok := decl.(*ast.FuncDecl); ok {
				name = f.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				// Not only calls: a method value would carry the way out elsewhere.
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "Reveal" {
					sites[pkg] = append(sites[pkg], name)
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	own := slices.Compact(slices.Sorted(slices.Values(sites["../wechat"])))
	for _, name := range own {
		if reveals[name] == "" {
			t.Errorf("%s reveals a secret and is not on the list", name)
		}
	}
	if len(own) != len(reveals) || len(sites["../wechat"]) != len(reveals)+1 { // Equal has two secrets
		t.Errorf("secrets are revealed in %q, the list is %v", sites["../wechat"], reveals)
	}
	delete(sites, "../wechat")
	for pkg, names := range sites {
		if len(names) > 1 {
			t.Errorf("%s reveals secrets in %q: one place has to do", strings.TrimPrefix(pkg, "../"), names)
		}
	}
}
