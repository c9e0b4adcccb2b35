package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/store/storetest"
)

// sealKey makes a key for tests.
func sealKey(n byte) []byte { return bytes.Repeat([]byte{n, 0xa5}, 16) }

func sealed(tb testing.TB, s store.Store, key []byte, older ...[]byte) store.Store {
	tb.Helper()
	out, err := store.Sealed(s, key, older...)
	if err != nil {
		tb.Fatal(err)
	}
	return out
}

func TestSealedKeepsTheContract(t *testing.T) {
	t.Parallel()
	memories := map[store.Store]*store.Memory{}
	open := func(t *testing.T) store.Store {
		t.Helper()
		m := store.NewMemory()
		s := sealed(t, m, sealKey(1), sealKey(2))
		memories[s] = m
		return s
	}
	reopen := func(t *testing.T, s store.Store) store.Store {
		t.Helper()
		m := memories[s] // what is restarted is the sealing, with the keys changed
		again := sealed(t, m, sealKey(3), sealKey(1))
		memories[again] = m
		return again
	}
	damage := func(t *testing.T, s store.Store, key string) {
		t.Helper()
		tamper(t, memories[s], key, func(v []byte) []byte { v[len(v)/2] ^= 1; return v })
	}
	storetest.Run(t, open, storetest.WithMaxValue(store.MaxSealed), storetest.WithReopen(reopen), storetest.WithDamage(damage))
}

// tamper changes what is kept.
func tamper(tb testing.TB, m store.Store, key string, change func([]byte) []byte) {
	tb.Helper()
	r, err := m.Get(tb.Context(), key)
	if err != nil {
		tb.Fatal(err)
	}
	must(tb, m, key, r.Version, string(change(r.Value)), time.Hour)
}

func TestSealedValuesCannotBeRead(t *testing.T) {
	m := store.NewMemory()
	s := sealed(t, m, sealKey(1))
	value := strings.Repeat("access token ", 10)
	must(t, s, "wx/a", 0, value, 0)
	must(t, s, "wx/b", 0, value, 0)
	a, _ := m.Get(t.Context(), "wx/a")
	b, _ := m.Get(t.Context(), "wx/b")
	if bytes.Contains(a.Value, []byte("access")) {
		t.Error("the kept value holds the plain one")
	}
	if bytes.Equal(a.Value, b.Value) || bytes.Equal(a.Value[1:13], b.Value[1:13]) {
		t.Error("two sealed values share their nonce")
	}
	if got := len(a.Value) - len(value); got != store.SealOverhead {
		t.Errorf("sealing adds %d bytes, want %d", got, store.SealOverhead)
	}
}

func TestSealedValuesDoNotOpenElsewhere(t *testing.T) {
	m := store.NewMemory()
	s := sealed(t, m, sealKey(1))
	must(t, s, "wx/a", 0, "a", 0)
	must(t, m, "wx/plain", 0, "written without sealing, and longer than what sealing adds", 0)
	must(t, m, "wx/short", 0, "\x01", 0)
	kept, err := m.Get(t.Context(), "wx/a")
	if err != nil {
		t.Fatal(err)
	}
	must(t, m, "wx/moved", 0, string(kept.Value), 0)
	must(t, m, "wx/format", 0, "\x02"+string(kept.Value[1:]), 0)
	must(t, sealed(t, m, sealKey(2)), "wx/stranger", 0, "a", 0)
	for _, key := range []string{"wx/plain", "wx/short", "wx/moved", "wx/format", "wx/stranger"} {
		if r, err := s.Get(t.Context(), key); !errors.Is(err, store.ErrCorrupt) || r.Value != nil {
			t.Errorf("Get(%q) = %v, %v, want store.ErrCorrupt", key, r, err)
		}
		if r, swapped, err := s.Swap(t.Context(), key, 0, []byte("x"), 0); !errors.Is(err, store.ErrCorrupt) || swapped {
			t.Errorf("Swap(%q, 0) = %v, %t, %v, want store.ErrCorrupt", key, r, swapped, err)
		}
	}
	if r, err := s.Get(t.Context(), "wx/a"); err != nil || string(r.Value) != "a" {
		t.Errorf("Get of the original = %q, %v", r.Value, err)
	}
}

func TestSealedKeysCanBeChanged(t *testing.T) {
	m := store.NewMemory()
	before := must(t, sealed(t, m, sealKey(1)), "wx/a", 0, "old", 0)
	changing := sealed(t, m, sealKey(2), sealKey(1))
	r, err := changing.Get(t.Context(), "wx/a")
	if err != nil || string(r.Value) != "old" || r.Version != before.Version {
		t.Fatalf("with the old key second: %q, %v", r.Value, err)
	}
	if _, err := sealed(t, m, sealKey(2)).Get(t.Context(), "wx/a"); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("without the old key: %v, want store.ErrCorrupt", err)
	}
	must(t, changing, "wx/a", r.Version, "new", 0)
	if r, err := sealed(t, m, sealKey(2)).Get(t.Context(), "wx/a"); err != nil || string(r.Value) != "new" {
		t.Errorf("written again, with the new key alone: %q, %v", r.Value, err)
	}
}

func TestSealedTakesOnlyWholeKeys(t *testing.T) {
	for _, keys := range [][][]byte{
		{nil},
		{sealKey(1)[:16]},
		{append(sealKey(1), 0)},
		{sealKey(1), sealKey(2)[:31]},
	} {
		s, err := store.Sealed(store.NewMemory(), keys[0], keys[1:]...)
		if err == nil || s != nil {
			t.Errorf("Sealed with keys of %d bytes and more = %v, %v, want an error", len(keys[0]), s, err)
		}
	}
	if s, err := store.Sealed(nil, sealKey(1)); err == nil || s != nil {
		t.Errorf("Sealed(nil) = %v, %v, want an error", s, err)
	}
}

func TestSealedHidesItsKeys(t *testing.T) {
	key := []byte("0123456789abcdefGHIJKLMNOPQRSTUV")
	s := sealed(t, store.NewMemory(), key, sealKey(2))
	must(t, s, "wx/a", 0, "value", 0)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, s); strings.Contains(got, "0123456789abcdef") || strings.Contains(got, "3031323334") ||
			strings.Contains(got, "48 49 50 51") {
			t.Errorf("Sprintf(%q) of a sealed store shows its key: %s", verb, got)
		}
	}
	if where := find(reflect.ValueOf(s), key[:8], map[uintptr]bool{}, "store"); where != "" {
		t.Errorf("reflection finds the key at %s", where)
	}
	// The caller may wipe the key after use.
	clear(key)
	if r, err := s.Get(t.Context(), "wx/a"); err != nil || string(r.Value) != "value" {
		t.Errorf("Get after the key was wiped = %q, %v", r.Value, err)
	}
}

// find walks through everything reflection can reach and says where needle is.
func find(v reflect.Value, needle []byte, seen map[uintptr]bool, path string) string {
	switch v.Kind() {
	case reflect.Interface:
		return find(v.Elem(), needle, seen, path)
	case reflect.Pointer:
		if v.IsNil() || seen[v.Pointer()] {
			return ""
		}
		seen[v.Pointer()] = true
		return find(v.Elem(), needle, seen, path)
	case reflect.Struct:
		for i := range v.NumField() {
			if where := find(v.Field(i), needle, seen, path+"."+v.Type().Field(i).Name); where != "" {
				return where
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if where := find(it.Value(), needle, seen, path+"[]"); where != "" {
				return where
			}
		}
	case reflect.String:
		if strings.Contains(v.String(), string(needle)) {
			return path
		}
	case reflect.Slice, reflect.Array:
		var flat []byte
		for i := range v.Len() {
			switch e := v.Index(i); e.Kind() {
			case reflect.Uint8:
				flat = append(flat, byte(e.Uint()))
			case reflect.Uint32:
				w := uint32(e.Uint())
				flat = append(flat, byte(w>>24), byte(w>>16), byte(w>>8), byte(w))
			default:
				if where := find(e, needle, seen, path+"[]"); where != "" {
					return where
				}
			}
		}
		if bytes.Contains(flat, needle) {
			return path
		}
	default:
	}
	return ""
}

// The walk above would find a key that is held in the open.
func TestFindFindsAKeyInTheOpen(t *testing.T) {
	key := sealKey(1)
	type inner struct{ keys [][]byte }
	if find(reflect.ValueOf(&struct{ any }{&inner{[][]byte{key}}}), key[:8], map[uintptr]bool{}, "v") == "" {
		t.Error("a key in a slice in a struct behind an interface was not found")
	}
}

// Whatever is kept, opening it never panics, and what was not sealed as it stands is corrupt.
func FuzzSealedOpen(f *testing.F) {
	m := store.NewMemory()
	must(f, sealed(f, m, sealKey(1)), "wx/a", 0, "value", 0)
	genuine, err := m.Get(f.Context(), "wx/a")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{}, uint16(0), byte(1))
	f.Add([]byte{1}, uint16(0), byte(0))
	f.Add(bytes.Repeat([]byte{1}, store.SealOverhead), uint16(3), byte(0))
	f.Add(bytes.Repeat([]byte{1}, store.SealOverhead+1), uint16(20), byte(0x80))
	f.Add(genuine.Value, uint16(0), byte(0))
	f.Fuzz(func(t *testing.T, kept []byte, at uint16, flip byte) {
		m := store.NewMemory()
		s := sealed(t, m, sealKey(1), sealKey(2))
		read := func(key string) (store.Record, error) { return s.Get(t.Context(), key) }

		if len(kept) > 0 && len(kept) <= store.MaxValue {
			must(t, m, "wx/foreign", 0, string(kept), 0)
			if r, err := read("wx/foreign"); !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("what was never sealed for its key opened: %v, %v", r, err)
			}
		}
		if len(kept) == 0 || len(kept) > store.MaxSealed {
			return
		}
		must(t, s, "wx/own", 0, string(kept), 0)
		if r, err := read("wx/own"); err != nil || !bytes.Equal(r.Value, kept) {
			t.Fatalf("sealed and opened, %q became %q, %v", kept, r.Value, err)
		}
		if flip == 0 {
			return
		}
		tamper(t, m, "wx/own", func(v []byte) []byte { v[int(at)%len(v)] ^= flip; return v })
		if r, err := read("wx/own"); !errors.Is(err, store.ErrCorrupt) {
			t.Fatalf("byte %d tampered with: %v, %v, want store.ErrCorrupt", int(at)%(len(kept)+store.SealOverhead), r, err)
		}
	})
}

func BenchmarkSealedGet(b *testing.B) {
	s := sealed(b, store.NewMemory(), sealKey(1))
	must(b, s, "wx0123456789abcdef/token", 0, strings.Repeat("t", 512), 0)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Get(b.Context(), "wx0123456789abcdef/token"); err != nil {
			b.Fatal(err)
		}
	}
}
