package wechattest

import (
	"crypto/sha256"
	"encoding/hex"
)

// keep is how many bytes of one upload are worth keeping: none is longer and accepted.
func (p *Platform) keep() int64 { return min(p.mediaCap, mediaRules["image"].limit) }

// shelf keeps contents of media up to a total, the newest ones.
type shelf struct {
	items []*media
	total int64
}

// put keeps the content of m, and drops the oldest contents until all fit.
func (s *shelf) put(m *media, limit int64) {
	s.items = append(s.items, m)
	s.total += int64(len(m.content))
	for s.total > limit {
		s.total -= int64(len(s.items[0].content))
		s.items[0].content = nil
		s.items = s.items[1:]
	}
}

// shelve gives a medium an id. Temporary media of the account that are gone make room. The platform is
// locked.
func (c *Console) shelve(m Medium, content []byte) *media {
	for len(c.temporary) > 0 && c.temporary[0].gone(m.Created) {
		delete(c.p.media, c.temporary[0].ID)
		c.temporary = c.temporary[1:]
	}
	m.ID = c.p.draw(web64, 64)
	kept := &media{Medium: m, acct: c, content: content}
	c.p.media[m.ID] = kept
	if !m.Expires.IsZero() {
		c.temporary = append(c.temporary, kept)
	}
	if content != nil {
		c.p.shelf.put(kept, c.p.mediaCap)
	}
	return kept
}

// Medium returns what the platform knows of a media_id of the account, and false if it does not exist or
// is gone.
func (c *Console) Medium(id string) (Medium, bool) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	m, ok := c.p.media[id]
	if !ok || m.acct != c || m.gone(c.p.now()) {
		return Medium{}, false
	}
	return m.Medium, true
}

// AddMaterial puts a permanent medium into the account's library and returns its media_id. The kind is
// "image", "voice", "video" or "thumb". Menus name such media, and broadcasts can. The limits of the library
// are not asked.
func (c *Console) AddMaterial(kind, name string, content []byte) string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	sum := sha256.Sum256(content)
	return c.collect(Medium{
		Kind: kind, Name: name, Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:]), Created: c.p.now(),
	}, content).ID
}

// AddDraft puts a draft into the account's library and returns its media_id, for a broadcast of kind mpnews.
// The draft is gone when it has been sent.
func (c *Console) AddDraft(title string) string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	return c.shelve(Medium{Kind: "news", Name: title, Created: c.p.now()}, nil).ID
}
