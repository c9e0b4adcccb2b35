package media

import (
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// Lifetime is how long the platform keeps temporary material.
const Lifetime = 72 * time.Hour

// Item is media that the platform has: what an upload gives, and what a broadcast or a message is made of.
// It can be kept as JSON.
type Item struct {
	// ID is the platform's media_id.
	ID wechat.MediaID `json:"media_id"`
	// Kind is what it was uploaded as.
	Kind Kind `json:"kind"`
	// CreatedAt is when the platform took it, by its own clock.
	CreatedAt time.Time `json:"created_at"`
	// Permanent says that it is in the material library and does not expire.
	Permanent bool `json:"permanent,omitempty"`
	// Name is the file's name as it was uploaded.
	Name string `json:"name,omitempty"`
	// URL is where the platform shows a picture, if it said so.
	URL string `json:"url,omitempty"`

	// Format, Bytes and Duration are what was uploaded, as [File.Probe] saw it.
	Format   Format   `json:"format,omitempty"`
	Bytes    int64    `json:"bytes,omitempty"`
	Duration Duration `json:"duration_ms"`
	// SHA256 is the digest, in hexadecimal, of the bytes that were sent; see [WithoutDigest].
	SHA256 string `json:"sha256,omitempty"`
}

// ExpiresAt is when the platform forgets a temporary item: 72 hours after CreatedAt. It is the zero time
// for a permanent one, and for one whose creation is not known.
func (i Item) ExpiresAt() time.Time {
	if i.Permanent || i.CreatedAt.IsZero() {
		return time.Time{}
	}
	return i.CreatedAt.Add(Lifetime)
}

// UsableAt reports whether the item will still be there at a time: always if it is permanent, and before
// ExpiresAt, which itself is too late, if it is temporary. A temporary item of unknown age is not usable.
func (i Item) UsableAt(t time.Time) bool {
	return i.Permanent || t.Before(i.ExpiresAt())
}
