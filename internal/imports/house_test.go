package imports_test

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// A floor is a package, or a family of siblings, and what may be imported there. Paths are relative to the
// module. A "*" in a name stands for one segment; what lies below a name belongs to it.
type floor struct {
	name string
	ours []string // floors or packages that shipped code may import
	test []string // those that tests may import besides; "*" is everything
}

// helpers are the packages made for tests.
var helpers = []string{"wechat/wechattest", "wechat/store", "wechat/store/storetest", "wechat/store/sqlitestore"}

// house lists the floors, the narrower name first.
var house = []floor{
	{name: "internal", test: []string{"*"}},
	{name: "wechat/store/*", ours: []string{"wechat/store"}, test: helpers},
	{name: "wechat/store", test: helpers},
	{name: "wechat/wechattest"},
	{name: "wechat/*", ours: []string{"internal", "wechat", "wechat/store"}, test: helpers},
	{name: "wechat", ours: []string{"internal", "wechat/store"}, test: helpers},
	{name: "media", ours: []string{"internal", "wechat", "wechat/store"}, test: helpers},
	{name: "menu", ours: []string{"internal", "wechat", "wechat/store"}, test: helpers},
	{name: "quota", ours: []string{"internal", "wechat", "wechat/store"}, test: helpers},
	{name: "broadcast", ours: []string{
		"internal", "wechat", "wechat/store", "media", "quota", "wechat/article", "wechat/callback",
	}, test: helpers},
	{name: "account", ours: []string{
		"internal", "wechat", "wechat/store", "media", "menu", "quota", "wechat/*", "broadcast",
	}, test: helpers},
	{name: "examples/*", ours: []string{
		"internal", "wechat", "wechat/store", "media", "menu", "quota", "wechat/*", "broadcast",
		"account", "wechat/wechattest", "wechat/store/*",
	}, test: helpers},
}

// modules lists the third-party modules and the packages that may import them in shipped code; tests of those
// packages may as well. A module without packages is for tests, anywhere.
var modules = map[string][]string{
	"github.com/anishathalye/porcupine":     nil,
	"github.com/google/go-cmp":              nil,
	"github.com/hashicorp/go-retryablehttp": {"wechat", "internal"},
	"github.com/jarcoal/httpmock":           nil,
	"go.uber.org/goleak":                    nil,
	"golang.org/x/time":                     {"wechat", "internal"},
	"modernc.org/sqlite":                    {"wechat/store/sqlitestore"},
}

// linked are the modules that a program which imports account may link besides this one.
var linked = []string{
	"github.com/hashicorp/go-cleanhttp",
	"github.com/hashicorp/go-retryablehttp",
	"golang.org/x/time",
}

// place finds the floor a package lives on and the subject it belongs to: the part of its path that the
// floor's name covers.
func place(pkg string) (f floor, subject string, ok bool) {
	parts := strings.Split(pkg, "/")
	for _, f := range house {
		n := strings.Count(f.name, "/") + 1
		if len(parts) < n {
			continue
		}
		subject := path.Join(parts[:n]...)
		if match, _ := path.Match(f.name, subject); match {
			return f, subject, true
		}
	}
	return floor{}, "", false
}

// verdict says why package pkg, or its tests, may not import target; "" means that it may. Paths of this module
// are relative to its root; ours tells them from import paths outside the module.
func verdict(pkg, target string, ours, inTest bool) string {
	from, subject, ok := place(pkg)
	if !ok {
		return fmt.Sprintf("package %s has no place in the house", pkg)
	}
	if !ours {
		return outside(from, subject, target, inTest)
	}
	to, toSubject, ok := place(target)
	switch {
	case !ok:
		return fmt.Sprintf("package %s has no place in the house", target)
	case subject == toSubject, slices.Contains(from.ours, to.name), slices.Contains(from.ours, toSubject):
		return ""
	case inTest && (slices.Contains(from.test, "*") || slices.Contains(from.test, toSubject)):
		return ""
	}
	return fmt.Sprintf("%s must not import %s", subject, toSubject)
}

// outside judges an import from the standard library or a third-party module.
func outside(from floor, subject, target string, inTest bool) string {
	if first, _, _ := strings.Cut(target, "/"); !strings.Contains(first, ".") {
		if target == "testing" && !inTest && subject != "wechat/store/storetest" {
			return "testing would be linked into production"
		}
		return ""
	}
	for module, homes := range modules {
		if target != module && !strings.HasPrefix(target, module+"/") {
			continue
		}
		if slices.Contains(homes, from.name) || slices.Contains(homes, subject) || homes == nil && inTest {
			return ""
		}
		return fmt.Sprintf("%s must not import module %s", subject, module)
	}
	return fmt.Sprintf("module of %s is not in the table of modules", target)
}
