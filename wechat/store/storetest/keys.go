package storetest

import (
	"errors"
	"slices"
	"strings"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
)

// accepts checks that keys can be written, read, listed and kept apart.
func (k *kit) accepts(keys ...string) {
	k.Helper()
	for _, key := range keys {
		if r, swapped := k.swap(key, 0, "value of "+key, 0); !swapped {
			k.Fatalf("Swap(%q, 0) did not create it; it returned %v", key, r)
		}
	}
	for _, key := range keys {
		k.holds(key, "value of "+key)
	}
}

// refuses checks that no call takes a key.
func (k *kit) refuses(key string) {
	k.Helper()
	ctx, cancel := k.limit()
	defer cancel()
	if r, err := k.store.Get(ctx, key); !errors.Is(err, store.ErrKey) {
		k.Errorf("Get(%s) = %v, %v, want store.ErrKey", short(key), r, err)
	}
	if r, swapped, err := k.store.Swap(ctx, key, 0, []byte("x"), 0); !errors.Is(err, store.ErrKey) || swapped {
		k.Errorf("Swap(%s) = %v, %t, %v, want store.ErrKey", short(key), r, swapped, err)
	}
	k.refusesList(key, "")
}

// refusesList checks that List yields store.ErrKey, once.
func (k *kit) refusesList(prefix, after string) {
	k.Helper()
	ctx, cancel := k.limit()
	defer cancel()
	n := 0
	for r, err := range k.store.List(ctx, prefix, after) {
		if n++; !errors.Is(err, store.ErrKey) {
			k.Errorf("List(%s, %s) yielded %v, %v, want store.ErrKey", short(prefix), short(after), r, err)
		}
	}
	if n != 1 {
		k.Errorf("List(%s, %s) yielded %d times, want store.ErrKey once", short(prefix), short(after), n)
	}
}

func keyLength(k *kit) {
	longest := account + strings.Repeat("k", store.MaxKey-len(account))
	sibling := longest[:store.MaxKey-1] + "l"
	k.accepts("a/b", longest, sibling, longest[:store.MaxKey-1])
	k.wantKeys(longest, "", []string{longest})
	k.wantKeys(account, longest, []string{sibling})
	k.refuses("")
	k.refuses(longest + "k")
	k.refuses(longest + strings.Repeat("k", 5000))
	k.refusesList(account, longest+"k")
}

func keyAlphabet(k *kit) {
	const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:/-"
	k.accepts(account+allowed, "._:-/x", account+"a//b", account+"a/", account)
	for c := range 256 {
		b := string([]byte{byte(c)})
		if strings.Contains(allowed, b) {
			k.accepts(account + "byte" + b)
			continue
		}
		k.refuses(account + "a" + b + "b")
		k.refuses(account + "a" + b)
		k.refuses("wx" + b + "/a")
		k.refusesList(account, account+b)
	}
	k.refuses(account + "公众号")
}

func keyPartition(k *kit) {
	for _, key := range []string{"a", "wx0123456789abcdef", "/", "/a", "//a", "a.b:c"} {
		k.refuses(key)
	}
}

func keyIdentity(k *kit) {
	k.accepts("wx/token", "wx/Token", "wx/TOKEN", "WX/token", "wx/token/", "wx/token//", "wx/token.", "wx/tokens",
		"wx/1", "wx/01", "wx/1.0", "wx/-1", "wx/1e0")
	k.swap("wx/token", k.get("wx/token").Version, "", 0)
	k.absent("wx/token")
	for _, key := range []string{"wx/Token", "WX/token", "wx/token/", "wx/tokens"} {
		k.holds(key, "value of "+key)
	}
}

func keyOrder(k *kit) {
	var want []string
	for c := range 256 {
		if b := string([]byte{byte(c)}); strings.Contains("-./09:AZ_az", b) {
			want = append(want, account+"k"+b, account+"k"+b+"b")
		}
	}
	want = append(want, account+"k", account+"K1", account+"k10", account+"k2", account+"k1")
	shuffled := slices.Clone(want)
	for i := range shuffled {
		j := (i*7 + 3) % len(shuffled)
		shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
	}
	k.accepts(shuffled...)
	slices.Sort(want)
	k.wantKeys(account, "", want)
}

func listPartition(k *kit) {
	k.accepts("a/", "a/1", "a/2", "a-/1", "a./1", "aa/1", "a0/1", "A/1", "a:/1", "b/1", "0/1")
	k.wantKeys("a/", "", []string{"a/", "a/1", "a/2"})
	k.wantKeys("a/", "a-/1", []string{"a/", "a/1", "a/2"})
	k.wantKeys("a/", "a/1", []string{"a/2"})
	k.wantKeys("a/", "aa/1", nil)
	k.wantKeys("aa/", "", []string{"aa/1"})
	k.wantKeys("A/", "", []string{"A/1"})
	k.wantKeys("c/", "", nil)
	for _, prefix := range []string{"a", "", "aa", "/", "/a"} {
		k.refusesList(prefix, "")
	}
}

func listPrefixLiteral(k *kit) {
	k.accepts("p/a_c", "p/abc", "p/a.c", "p/aXc", "p/a", "p/a/1", "p/job/1", "p/jobs/1", "p/joy")
	k.wantKeys("p/a_", "", []string{"p/a_c"})
	k.wantKeys("p/a.", "", []string{"p/a.c"})
	k.wantKeys("p/job/", "", []string{"p/job/1"})
	k.wantKeys("p/jo", "", []string{"p/job/1", "p/jobs/1", "p/joy"})
	k.wantKeys("p/A", "", nil)
	k.wantKeys("p/a", "", []string{"p/a", "p/a.c", "p/a/1", "p/aXc", "p/a_c", "p/abc"})
}
