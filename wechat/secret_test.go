package wechat_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

const plantedSecret = "c0ffee11deadbeef22facade33badcab"

// holders are the places that a secret can be put into.
type (
	exported   struct{ Secret wechat.Secret }
	unexported struct{ secret wechat.Secret }
	pointer    struct{ secret *wechat.Secret }
	embedded   struct{ wechat.Secret }
	deep       struct {
		name string
		in   []map[string]unexported
	}
)

func TestSecretLeaksThroughNoRoute(t *testing.T) {
	s := wechat.NewSecret(plantedSecret)
	holders := map[string]any{
		"value": s, "pointer": &s, "exported field": exported{s}, "unexported field": unexported{s},
		"pointer to a holder": &unexported{s}, "pointer field": pointer{&s}, "embedded": embedded{s}, "map": map[string]wechat.Secret{"k": s},
		"slice": []wechat.Secret{s, s}, "array": [1]wechat.Secret{s}, "interface": []any{s, &s},
		"deep": deep{"n", []map[string]unexported{{"k": {s}}}}, "credentials": wechat.Credentials{AppID: "wx0123456789abcdef", AppSecret: s},
		"method value": s.Reveal, "token source": wechat.StaticToken(plantedSecret),
	}
	for where, v := range holders {
		for _, verb := range []string{
			"%v", "%+v", "%#v", "%s", "%q", "%#q", "%x", "%X", "% x", "%#x", "%d", "%T", "%t", "%c", "%U", "%e", "%b", "%o", "%p", "%w", "%!", "%5.3v", "%-40s",
		} {
			wantNoLeak(t, where+" by "+verb, fmt.Sprintf(verb, v), plantedSecret)
			wantNoLeak(t, where+" in an error by "+verb, fmt.Errorf("x: "+verb, v).Error(), plantedSecret)
		}
		wantNoLeak(t, where+" by Sprint", fmt.Sprint(v, v)+fmt.Sprintln(v), plantedSecret)
		for name, text := range encodings(v) {
			wantNoLeak(t, where+" by "+name, text, plantedSecret)
		}
		wantNoLeak(t, where+" in a panic", panicText(v), plantedSecret)
	}
}

// encodings are what encoders and loggers make of a value, errors included.
func encodings(v any) map[string]string {
	out := map[string]string{}
	j, err := json.Marshal(v)
	out["json"] = string(j) + fmt.Sprint(err)
	j, err = json.MarshalIndent(map[string]any{"v": v}, "", " ")
	out["json indented"] = string(j) + fmt.Sprint(err)
	x, err := xml.Marshal(v)
	out["xml"] = string(x) + fmt.Sprint(err)
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(v)
	out["gob"] = b.String() + fmt.Sprint(err)
	for name, h := range map[string]func() slog.Handler{
		"slog text": func() slog.Handler { return slog.NewTextHandler(&b, nil) },
		"slog json": func() slog.Handler { return slog.NewJSONHandler(&b, nil) },
	} {
		b.Reset()
		log := slog.New(h()).With("with", v).WithGroup("g")
		log.Info("m", "arg", v, "group", slog.GroupValue(slog.Any("in", v)), "error", fmt.Errorf("x: %v", v))
		out[name] = b.String()
	}
	b.Reset()
	err = template.Must(template.New("").Parse(`{{.}} {{printf "%v" .}} {{.|js}}`)).Execute(&b, v)
	out["template"] = b.String() + fmt.Sprint(err)
	return out
}

// panicText is how a panic with v reads, in a recover and wrapped in an error.
func panicText(v any) (text string) {
	defer func() {
		r := recover()
		text = fmt.Sprintf("%v %+v %#v %s", r, r, r, fmt.Errorf("recovered: %v", r))
	}()
	panic(v)
}

func TestSecretLeaksThroughNoDiff(t *testing.T) {
	const other = "0badc0de44feedface5511decade66aa"
	a, b := wechat.NewSecret(plantedSecret), wechat.NewSecret(other)
	for where, diff := range map[string]string{
		"value":    cmp.Diff(a, b),
		"field":    cmp.Diff(exported{a}, exported{b}),
		"inside":   cmp.Diff(unexported{a}, unexported{b}, cmp.AllowUnexported(unexported{})),
		"walked":   cmp.Diff(wechat.Credentials{AppSecret: a}, wechat.Credentials{AppSecret: b}, cmp.Exporter(func(reflect.Type) bool { return true })),
		"map":      cmp.Diff(map[string]wechat.Secret{"k": a}, map[string]wechat.Secret{"k": b}),
		"against":  cmp.Diff(any(a), any(other[:4])),
		"reported": cmp.Diff([]any{a, 1}, []any{b, 2}),
	} {
		if diff == "" {
			t.Errorf("%s: no difference", where)
		}
		wantNoLeak(t, "the diff of a "+where, diff, plantedSecret, other)
	}
	if diff := cmp.Diff(exported{a}, exported{wechat.NewSecret(plantedSecret)}); diff != "" {
		t.Errorf("equal secrets differ:\n%s", diff)
	}
}

func TestSecretLeaksThroughNoErrorChain(t *testing.T) {
	s := wechat.NewSecret(plantedSecret)
	err := fmt.Errorf("outer: %w", errors.Join(
		&url.Error{Op: "Get", URL: "https://host/?s=" + s.String(), Err: fmt.Errorf("inner %v", s)},
		wechat.Refuse("x", []wechat.Problem{{Field: "f", Message: fmt.Sprint(s)}}),
	))
	for _, verb := range []string{"%v", "%+v", "%#v", "%q"} {
		wantNoLeak(t, verb, fmt.Sprintf(verb, err), plantedSecret)
	}
}

func TestSecretReadsRedacted(t *testing.T) {
	s := wechat.NewSecret(plantedSecret)
	j, err := json.Marshal(exported{s})
	for got, want := range map[string]string{
		fmt.Sprint(s):           "[redacted]",
		fmt.Sprintf("%#v", s):   "[redacted]",
		fmt.Sprintf("%d", &s):   "[redacted]",
		s.String():              "[redacted]",
		s.GoString():            "[redacted]",
		s.LogValue().String():   "[redacted]",
		string(j):               `{"Secret":"[redacted]"}`,
		fmt.Sprint(exported{s}): "{[redacted]}",
	} {
		if got != want || err != nil {
			t.Errorf("got %q, want %q (%v)", got, want, err)
		}
	}
}

func TestSecretRevealsOnlyWhenAsked(t *testing.T) {
	s := wechat.NewSecret(plantedSecret)
	if got := s.Reveal(); got != plantedSecret {
		t.Errorf("Reveal() = %q", got)
	}
	if s.IsZero() {
		t.Error("IsZero() of a secret")
	}
	copied := s
	if !copied.Equal(s) {
		t.Error("a copy is not equal")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if s.Reveal() != plantedSecret || !s.Equal(copied) || fmt.Sprint(s) != "[redacted]" {
					t.Error("not safe for concurrent use")
				}
			}
		})
	}
	wg.Wait()
}

func TestZeroSecretIsSafe(t *testing.T) {
	var zero wechat.Secret
	if !zero.IsZero() || zero.Reveal() != "" || zero.String() != "[redacted]" {
		t.Errorf("zero secret: %v %q", zero.IsZero(), zero.Reveal())
	}
	if empty := wechat.NewSecret(""); !empty.IsZero() || !empty.Equal(zero) || !zero.Equal(empty) {
		t.Error("the empty secret is not the zero secret")
	}
	if zero.Equal(wechat.NewSecret("x")) {
		t.Error("zero equals something")
	}
	var none *wechat.Secret
	if got := fmt.Sprintf("%v", none); strings.Contains(got, "PANIC") {
		t.Errorf("nil pointer prints %q", got)
	}
	for name, text := range encodings(exported{}) {
		if strings.Contains(text, "PANIC") || strings.Contains(text, "nil pointer") {
			t.Errorf("%s of the zero secret: %s", name, text)
		}
	}
}

func TestSecretEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"a", "a", true}, {"a", "b", false}, {"a", "aa", false}, {"", "a", false}, {plantedSecret, plantedSecret, true}, {plantedSecret, plantedSecret[1:], false}} {
		if got := wechat.NewSecret(c.a).Equal(wechat.NewSecret(c.b)); got != c.want {
			t.Errorf("%q equals %q: %v", c.a, c.b, got)
		}
	}
}

// TestSecretsDoNotCompare stands for `a == b` and `map[wechat.Secret]bool`, neither of which compiles: the
// language forbids both for types that are not comparable.
func TestSecretsDoNotCompare(t *testing.T) {
	for _, typ := range []reflect.Type{
		reflect.TypeFor[wechat.Secret](), reflect.TypeFor[wechat.Credentials](), reflect.TypeFor[unexported](),
	} {
		if typ.Comparable() {
			t.Errorf("== of %v compiles", typ)
		}
	}
}

func TestSecretCannotBeReadFromData(t *testing.T) {
	var e exported
	err := json.Unmarshal([]byte(`{"Secret":"`+plantedSecret+`"}`), &e)
	if err == nil || !e.Secret.IsZero() {
		t.Errorf("decoded %v, error %v", e, err)
	}
	wantNoLeak(t, "the decoder's error", fmt.Sprint(err), plantedSecret)
}
