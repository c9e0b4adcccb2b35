package media_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-a9908ced/wechat-go/media"
)

// TestTemporaryItemsLive72Hours: R-75.
func TestTemporaryItemsLive72Hours(t *testing.T) {
	created := time.Unix(1_700_000_000, 0)
	item := media.Item{ID: "x", CreatedAt: created}
	for planned, want := range map[time.Duration]bool{
		0: true, 72*time.Hour - 1: true, 72 * time.Hour: false, 73 * time.Hour: false,
	} {
		if got := item.UsableAt(created.Add(planned)); got != want {
			t.Errorf("usable after %v: %t, want %t", planned, got, want)
		}
	}
	if got, want := item.ExpiresAt(), created.Add(72*time.Hour); !got.Equal(want) {
		t.Errorf("ExpiresAt = %v, want %v", got, want)
	}
	item.Permanent = true
	if !item.ExpiresAt().IsZero() || !item.UsableAt(created.AddDate(99, 0, 0)) {
		t.Error("a permanent item expires")
	}
	if unknown := (media.Item{ID: "x"}); unknown.UsableAt(created) || !unknown.ExpiresAt().IsZero() {
		t.Error("a temporary item of unknown age is usable")
	}
}

func TestItemsAreKeptAsJSON(t *testing.T) {
	for _, item := range []media.Item{
		{
			ID: "a", Kind: media.Voice, CreatedAt: time.Unix(1_700_000_000, 0).UTC(), Name: "x.amr", Format: media.AMR,
			Bytes: 9, Duration: media.Lasting(1020 * time.Millisecond), SHA256: "00",
		},
		{ID: "b", Kind: media.Image, Permanent: true, URL: "http://mmbiz.qpic.cn/x"},
	} {
		b, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		var got media.Item
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(item, got, cmp.Comparer(compareDurations)); diff != "" {
			t.Errorf("through %s (-want +got):\n%s", b, diff)
		}
	}
}
