package wechattest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxTags       = 100     // of an account, system tags left out
	maxTagName    = 30      // bytes
	maxTagsOfFan  = 20      // of one follower
	maxTagged     = 50      // followers in one call
	maxDeletable  = 100_000 // followers of a tag that can be deleted
	firstTag      = 100
	starTag       = 2 // the system's own tag
	lastSystemTag = 2
)

// tagBook is an account's tags by id.
type tagBook struct {
	names map[int64]string
	next  int64
}

func newTagBook() tagBook {
	return tagBook{names: map[int64]string{starTag: "星标组"}, next: firstTag}
}

func (t *tagBook) has(id int64) bool {
	_, ok := t.names[id]
	return ok
}

// check refuses a name for the tag id, which keeps its own name.
func (t *tagBook) check(id int64, name string) error {
	if strings.TrimSpace(name) == "" || !utf8.ValidString(name) {
		return refuse(45157)
	}
	if len(name) > maxTagName {
		return refuse(45158)
	}
	for other, taken := range t.names {
		if other != id && taken == name {
			return refuse(45157)
		}
	}
	return nil
}

// AddTag makes a tag and puts it on followers. It returns the tag's id, and panics if the name or the
// number of tags is against the platform's rules.
func (c *Console) AddTag(name string, openIDs ...string) int64 {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	id, err := c.addTag(name)
	if err != nil {
		panic("wechattest: tag: " + err.Error())
	}
	for _, openID := range openIDs {
		if f, ok := c.fans.byID[openID]; ok {
			f.tag(id)
		}
	}
	return id
}

func (c *Console) addTag(name string) (int64, error) {
	if err := c.tags.check(0, name); err != nil {
		return 0, err
	}
	if len(c.tags.names) > maxTags { // the system's own is not counted
		return 0, refuse(45056)
	}
	id := c.tags.next
	c.tags.next++
	c.tags.names[id] = name
	return id, nil
}

func (f *fan) tag(id int64) {
	if f.tags == nil {
		f.tags = map[int64]bool{}
	}
	f.tags[id] = true
}

// tagged counts the followers of a tag.
func (c *Console) tagged(id int64) (n int) {
	for _, f := range c.fans.list {
		if f.tags[id] {
			n++
		}
	}
	return n
}

var tagEndpoints = []endpoint{
	{path: "/cgi-bin/tags/create", method: http.MethodPost, service: verified, subscr: verified, handle: createTag},
	{path: "/cgi-bin/tags/get", method: http.MethodGet, service: verified, subscr: verified, handle: getTags},
	{path: "/cgi-bin/tags/update", method: http.MethodPost, service: verified, subscr: verified, handle: updateTag},
	{path: "/cgi-bin/tags/delete", method: http.MethodPost, service: verified, subscr: verified, handle: deleteTag},
	{path: "/cgi-bin/tags/members/batchtagging", method: http.MethodPost, service: verified, subscr: verified, handle: tagFans},
	{path: "/cgi-bin/tags/members/batchuntagging", method: http.MethodPost, service: verified, subscr: verified, handle: untagFans},
	{path: "/cgi-bin/tags/getidlist", method: http.MethodPost, service: verified, subscr: verified, handle: tagsOfFan},
	{path: "/cgi-bin/user/tag/get", method: http.MethodPost, service: verified, subscr: verified, handle: fansOfTag},
}

// tagBody is the body of the calls on one tag.
type tagBody struct {
	Tag struct {
		ID   number `json:"id"`
		Name string `json:"name"`
	} `json:"tag"`
}

// tagInfo is a tag as the platform shows it.
type tagInfo struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Count *int   `json:"count,omitempty"`
}

func createTag(c *call) (any, error) {
	var in tagBody
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	id, err := c.acct.addTag(in.Tag.Name)
	if err != nil {
		return nil, err
	}
	return struct {
		Tag tagInfo `json:"tag"`
	}{tagInfo{ID: id, Name: in.Tag.Name}}, nil
}

func getTags(c *call) (any, error) {
	var out struct {
		Tags []tagInfo `json:"tags"`
	}
	for _, id := range slices.Sorted(maps.Keys(c.acct.tags.names)) {
		out.Tags = append(out.Tags, tagInfo{id, c.acct.tags.names[id], new(c.acct.tagged(id))})
	}
	return out, nil
}

// ownTag reads a body that names a tag which the account may change.
func (c *call) ownTag() (tagBody, error) {
	var in tagBody
	if err := c.decode(&in); err != nil {
		return in, err
	}
	switch id := int64(in.Tag.ID); {
	case id >= 0 && id <= lastSystemTag:
		return in, refuse(45058)
	case !c.acct.tags.has(id):
		return in, refuse(45159)
	}
	return in, nil
}

func updateTag(c *call) (any, error) {
	in, err := c.ownTag()
	if err != nil {
		return nil, err
	}
	id := int64(in.Tag.ID)
	if err := c.acct.tags.check(id, in.Tag.Name); err != nil {
		return nil, err
	}
	c.acct.tags.names[id] = in.Tag.Name
	return success, nil
}

func deleteTag(c *call) (any, error) {
	in, err := c.ownTag()
	if err != nil {
		return nil, err
	}
	id := int64(in.Tag.ID)
	if c.acct.tagged(id) > maxDeletable {
		return nil, refuse(45057)
	}
	delete(c.acct.tags.names, id)
	for _, f := range c.acct.fans.list {
		delete(f.tags, id)
	}
	return success, nil
}

// batch reads a body that names a tag and some followers.
func (c *call) batch() (tag int64, list []*fan, err error) {
	var in struct {
		List  []string `json:"openid_list"`
		TagID number   `json:"tagid"`
	}
	if err := c.decode(&in); err != nil {
		return 0, nil, err
	}
	if len(in.List) == 0 || len(in.List) > maxTagged {
		return 0, nil, refuse(40032)
	}
	if !c.acct.tags.has(int64(in.TagID)) {
		return 0, nil, refuse(45159)
	}
	for _, id := range in.List {
		f, ok := c.acct.fans.byID[id]
		if !ok || f.left {
			return 0, nil, refuse(40003)
		}
		list = append(list, f)
	}
	return int64(in.TagID), list, nil
}

func tagFans(c *call) (any, error) {
	tag, list, err := c.batch()
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(list, func(f *fan) bool { return !f.tags[tag] && len(f.tags) >= maxTagsOfFan }) {
		return nil, refuse(45059)
	}
	for _, f := range list {
		f.tag(tag)
	}
	return success, nil
}

func untagFans(c *call) (any, error) {
	tag, list, err := c.batch()
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		delete(f.tags, tag)
	}
	return success, nil
}

func tagsOfFan(c *call) (any, error) {
	var in struct {
		OpenID string `json:"openid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	f, ok := c.acct.fans.byID[in.OpenID]
	if !ok {
		return nil, refuse(40003)
	}
	return struct {
		TagIDs []int64 `json:"tagid_list"`
	}{f.tagIDs()}, nil
}

func fansOfTag(c *call) (any, error) {
	var in struct {
		TagID number `json:"tagid"`
		Next  string `json:"next_openid"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	tag := int64(in.TagID)
	if !c.acct.tags.has(tag) {
		return nil, refuse(45159)
	}
	openIDs, err := c.acct.fans.page(in.Next, func(f *fan) bool { return f.tags[tag] })
	if err != nil {
		return nil, err
	}
	return pageOf(openIDs), nil
}
