package storetest

import (
	"errors"
	"slices"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

func valueLength(k *kit) {
	key := account + "large"
	most := sized(k.maxValue)
	r := k.put(key, most, 0)
	k.is("Swap", r, most)
	k.holds(key, most)
	ctx, cancel := k.limit()
	defer cancel()
	for _, over := range []int{1, k.maxValue} {
		now, swapped, err := k.store.Swap(ctx, key, r.Version, []byte(most+most[:over]), 0)
		if !errors.Is(err, store.ErrTooLarge) || swapped {
			k.Fatalf("Swap of %d bytes = %v, %t, %v, want store.ErrTooLarge", k.maxValue+over, now, swapped, err)
		}
	}
	if now := k.holds(key, most); now.Version != r.Version {
		k.Fatalf("a refused value changed the version from %d to %d", r.Version, now.Version)
	}
	k.put(key, "small", 0)
	k.holds(key, "small")
}

func valueBytes(k *kit) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for i, value := range []string{
		string(all), "\x00", "\x00\x00", "a\x00", "\x00a", " ", " a ", "\r\n", "'; --", "\xff\xfe", "\xef\xbb\xbf{}",
		"0", "null", "公众号", "1e3", "\\x00", `"`,
	} {
		key := name(i)
		k.is("Swap", k.put(key, value, 0), value)
		k.holds(key, value)
	}
}

func valueCopies(k *kit) {
	key := account + "token"
	ctx, cancel := k.limit()
	defer cancel()

	given := []byte("original")
	swapped, ok, err := k.store.Swap(ctx, key, 0, given, 0)
	if err != nil || !ok {
		k.Fatalf("Swap(%q, 0) = %t, %v", key, ok, err)
	}
	scribble(given)
	k.is("Swap", swapped, "original")
	k.holds(key, "original")

	scribble(swapped.Value)
	k.holds(key, "original")
	scribble(k.get(key).Value)
	k.holds(key, "original")
	refused, _ := k.swap(key, 0, "other", 0)
	scribble(refused.Value)
	k.holds(key, "original")
	for _, r := range k.list(account, "") {
		scribble(r.Value)
	}
	k.holds(key, "original")

	// Nor do two copies share what lies behind them.
	one, two := k.get(key), k.get(key)
	_ = append(one.Value, "one"...)
	if grown := append(two.Value, "two"...); !strings.HasSuffix(string(grown), "two") {
		k.Fatalf("two copies share memory: %q", grown)
	}
	k.holds(key, "original")
}

// scribble overwrites a slice up to its capacity.
func scribble(b []byte) {
	b = b[:cap(b)]
	copy(b, slices.Repeat([]byte{'!'}, len(b)))
}
