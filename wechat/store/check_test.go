package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

func TestRefusedKeysSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ key, want string }{
		{"", "key refused: key is empty"},
		{"token", "key refused: key has no slash after a partition"},
		{"/token", "key refused: key has an empty partition"},
		{"wx/to ken", "key refused: key has byte 0x20 at 5, allowed are [A-Za-z0-9._:/-]"},
		{"wx/公众号", "key refused: key has byte 0xe5 at 3, allowed are [A-Za-z0-9._:/-]"},
		{"wx/" + strings.Repeat("k", 198), "key refused: key of 201 bytes, at most 200"},
	} {
		err := store.CheckKey(c.key)
		if !errors.Is(err, store.ErrKey) || err.Error() != c.want {
			t.Errorf("CheckKey(%.20q) = %v, want %q", c.key, err, c.want)
		}
	}
	for _, key := range []string{"a/b", "wx/", "wx//", "a/" + strings.Repeat("k", 198)} {
		if err := store.CheckKey(key); err != nil {
			t.Errorf("CheckKey(%.20q) = %v", key, err)
		}
	}
}

// What is refused as a key may be a secret that was passed in the wrong place.
func TestRefusedKeysAreNotRepeated(t *testing.T) {
	const secret = "s3cret+Token=="
	for _, err := range []error{
		store.CheckKey(secret),
		store.CheckKey(secret + strings.Repeat(secret, 20)),
		store.CheckList(secret, ""),
		store.CheckList("wx/", secret),
		store.CheckValue([]byte(secret), 3),
	} {
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("error repeats what was refused: %v", err)
		}
	}
}

func TestListArgumentsAreChecked(t *testing.T) {
	long := strings.Repeat("k", store.MaxKey)
	for _, c := range []struct {
		prefix, after string
		ok            bool
	}{
		{"wx/", "", true},
		{"wx/job/", "wx/job/7", true},
		{"wx/", "a", true},
		{"wx/", "/", true},
		{"wx/", long, true},
		{"wx/", long + "k", false},
		{"wx/", "wx/ ", false},
		{"wx", "", false},
		{"", "", false},
		{"/", "", false},
		{"wx/*", "", false},
	} {
		if err := store.CheckList(c.prefix, c.after); (err == nil) != c.ok || (err != nil && !errors.Is(err, store.ErrKey)) {
			t.Errorf("CheckList(%q, %.20q) = %v, want it accepted: %t", c.prefix, c.after, err, c.ok)
		}
	}
}

func TestValuesAreCheckedAgainstTheLimit(t *testing.T) {
	for _, c := range []struct {
		size, limit int
		ok          bool
	}{{0, 0, true}, {1, 0, false}, {store.MaxValue, store.MaxValue, true}, {store.MaxValue + 1, store.MaxValue, false}} {
		if err := store.CheckValue(make([]byte, c.size), c.limit); (err == nil) != c.ok || (err != nil && !errors.Is(err, store.ErrTooLarge)) {
			t.Errorf("CheckValue(%d bytes, %d) = %v, want it accepted: %t", c.size, c.limit, err, c.ok)
		}
	}
}

// What CheckKey accepts can be written, read and listed in its place; what it refuses no call takes.
func FuzzKey(f *testing.F) {
	for _, seed := range [][2]string{
		{"wx0123456789abcdef/token", "wx0123456789abcdef/token/lease"},
		{"a/b", "a/B"},
		{"a/", "a-/"},
		{"a", "/"},
		{"", "\x00/"},
		{"wx/公众号", "wx/\xff"},
		{"a/" + strings.Repeat("z", 198), "a/" + strings.Repeat("z", 199)},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		ctx, s := t.Context(), store.NewMemory()
		partitions := map[string][]string{}
		for _, key := range []string{a, b, "a/m"} {
			checked := store.CheckKey(key)
			if legal := isKey(key); legal != (checked == nil) {
				t.Fatalf("CheckKey(%q) = %v, want it accepted: %t", key, checked, legal)
			}
			now, err := s.Get(ctx, key)
			if (err == nil) != (checked == nil) {
				t.Fatalf("Get(%q): %v, but CheckKey: %v", key, err, checked)
			}
			_, swapped, err := s.Swap(ctx, key, now.Version, []byte(key+"!"), 0)
			if swapped != (checked == nil) || (err == nil) != (checked == nil) {
				t.Fatalf("Swap(%q) = %t, %v, but CheckKey: %v", key, swapped, err, checked)
			}
			if checked != nil {
				continue
			}
			if r, err := s.Get(ctx, key); err != nil || string(r.Value) != key+"!" || r.Key != key {
				t.Fatalf("Get(%q) = %v, %v", key, r, err)
			}
			partition := key[:strings.IndexByte(key, '/')+1]
			if !slices.Contains(partitions[partition], key) {
				partitions[partition] = append(partitions[partition], key)
			}
		}
		for partition, want := range partitions {
			slices.Sort(want)
			var got []string
			for r, err := range s.List(ctx, partition, "") {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, r.Key)
			}
			if !slices.Equal(got, want) {
				t.Fatalf("List(%q) = %q, want %q", partition, got, want)
			}
		}
	})
}

// isKey says in another way what a key is.
func isKey(s string) bool {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-"
	return len(s) <= 200 && strings.Index(s, "/") > 0 && strings.Trim(s, allowed) == "" &&
		!slices.ContainsFunc([]byte(s), func(c byte) bool { return strings.IndexByte(allowed, c) < 0 })
}
