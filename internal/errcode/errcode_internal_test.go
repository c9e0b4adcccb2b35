package errcode

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestTableIsSortedAndUnique(t *testing.T) {
	for i, e := range table[1:] {
		if before := table[i].Code; e.Code <= before {
			t.Errorf("%d stands behind %d", e.Code, before)
		}
	}
	if len(table) < 500 {
		t.Errorf("only %d codes", len(table))
	}
}

func TestCausesAreOneLowerCasePhrase(t *testing.T) {
	names := []string{
		"API", "AppID", "AppSecret", "Content-Encoding", "GET", "HTTPS", "IP", "JSON", "OAuth", "OpenID", "POI", "POST",
		"SKU", "URL", "WeChat",
	}
	for _, e := range table {
		first, _, _ := strings.Cut(e.Cause, " ")
		first = strings.TrimSuffix(first, "s")
		switch {
		case len(e.Cause) < 8 || len(e.Cause) > 100:
			t.Errorf("%d: %q is %d bytes long", e.Code, e.Cause, len(e.Cause))
		case strings.TrimSpace(e.Cause) != e.Cause || strings.HasSuffix(e.Cause, ".") || strings.Contains(e.Cause, "failed to"):
			t.Errorf("%d: %q", e.Code, e.Cause)
		case unicode.IsUpper(rune(first[0])) && !slices.Contains(names, first):
			t.Errorf("%d: %q begins in upper case", e.Code, e.Cause)
		}
		if i := strings.IndexFunc(e.Cause, func(r rune) bool { return r > '~' || r < ' ' }); i >= 0 {
			t.Errorf("%d: %q holds more than ASCII", e.Code, e.Cause)
		}
	}
}

func TestWhoAndWhenAgree(t *testing.T) {
	for _, e := range table {
		if e.Kind > Busy || e.Fixer > Time || e.When > Later {
			t.Errorf("%d: %+v", e.Code, e)
		}
		// What only takes time must come back, and nobody mends a rate or a busy platform.
		switch {
		case e.Kind == Rate && (e.Fixer != Time || e.When == Never):
			t.Errorf("%d: a rate limit that is not over by itself: %+v", e.Code, e)
		case e.Kind == Busy && e.When == Never:
			t.Errorf("%d: busy for ever: %+v", e.Code, e)
		case e.When == Renew && e.Kind != Token:
			t.Errorf("%d: a new token mends what is no token error: %+v", e.Code, e)
		case e.When == Mended && e.Fixer != Admin:
			t.Errorf("%d: nobody is named who mends it: %+v", e.Code, e)
		}
	}
}

func TestLookup(t *testing.T) {
	for _, e := range table {
		if got, ok := Lookup(e.Code); !ok || got != e {
			t.Fatalf("Lookup(%d) = %+v, %v", e.Code, got, ok)
		}
	}
	for _, code := range []int{0, 1, -2, 40061, 99999, math.MaxInt, math.MinInt, table[len(table)-1].Code + 1} {
		if got, ok := Lookup(code); ok || got != (Entry{Code: code}) {
			t.Errorf("Lookup(%d) = %+v, %v; want nothing but the code", code, got, ok)
		}
	}
}

// TestCatalogue holds codes of each page that the client's packages live by; a table that lost one would
// explain nothing.
func TestCatalogue(t *testing.T) {
	for _, code := range []int{
		-1, 40001, 40002, 40003, 40004, 40005, 40006, 40007, 40008, 40013, 40014, 40015, 40016, 40017, 40018, 40019,
		40020, 40023, 40025, 40026, 40027, 40033, 40035, 40037, 40054, 40055, 40059, 40060, 40065, 40097, 40099, 40113, 40119,
		40120, 40121, 40125, 40130, 40132, 40137, 40152, 40155, 40164, 40201, 40202, 40203, 40243, 41001, 41002, 41004,
		41005, 41006, 41040, 42001, 43002, 43004, 43016, 43019, 44001, 44002, 44003, 44004, 44005, 45001, 45002, 45003, 45004, 45007, 45008, 45009,
		45010, 45011, 45015, 45028, 45047, 45056, 45057, 45058, 45059, 45064, 45065, 45066, 45067, 45157, 45158, 45159,
		46001, 46002, 46003, 46004, 47001, 47003, 48001, 48002, 48003, 48004, 48005, 48006, 48008, 48021, 48022, 50001, 50002, 50004,
		50005, 53503, 53504, 53505, 61004, 65301, 65303, 65304, 65305, 65306, 65307, 65308, 65316, 65317, 65318, 76001, 76002, 76003, 76021, 76022,
		88000, 88001, 88008, 89501, 89502, 89503, 89506, 89507, 9001002,
	} {
		if e, ok := Lookup(code); !ok || e.Cause == "" {
			t.Errorf("errcode %d is not in the table", code)
		}
	}
}
