package wechat

// The identifiers of the platform. They are distinct types so that one cannot be passed for another.
type (
	// AppID identifies an account to the API: "wx" and 16 lower-case hexadecimal digits.
	AppID string
	// OriginalID is the account's original id (原始ID), "gh_" and 12 hexadecimal digits. Callbacks name
	// the account by it; the API does not take it.
	OriginalID string
	// OpenID identifies a follower of one account. The same person has another one at every account.
	OpenID string
	// UnionID identifies a person over all accounts bound to one Open Platform account.
	UnionID string
	// MediaID names a file, draft or article kept by the platform.
	MediaID string
	// TagID names a tag on followers.
	TagID int64
)
