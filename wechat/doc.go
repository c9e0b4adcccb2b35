// Package wechat is a client for the server API of WeChat Official Accounts: service accounts (服务号) and
// subscription accounts (公众号, formerly 订阅号).
//
// Most programs start at package account, which puts this client together with media, menus, quotas and
// broadcasts for one brand account. This package is what they all sit on, and what to use for a call that
// none of them has:
//
//	credentials, err := wechat.ParseCredentials(appID, appSecret)
//	client, err := wechat.New(credentials, wechat.WithStore(st))
//	defer client.Close()
//	tags, err := wechat.Get[Tags](ctx, client, "/cgi-bin/tags/get", nil)
//
// # What it takes care of
//
// Tokens. The client fetches access tokens with the AppSecret from stable_token, whose normal mode gives
// every process the same token, and shares them through its [store.Store]. One process of a fleet fetches
// at a time; a token is renewed in the platform's own overlap without holding a call up. A token that the
// platform refuses heals within one repeat, and at most one fetch in 30 seconds follows from refusals.
//
// Repeats. Whether a request may be repeated is a property of the operation, its [Class], and never of the
// HTTP method: a menu may be set twice, a broadcast may not. A write whose answer was lost is
// [ErrOutcomeUnknown], neither failed nor done: it is repeated only if it provably never left.
//
// Limits. Calls wait for a place in a bucket per account and group of endpoints; a wait that would end
// after the context's deadline fails at once. A daily quota that the platform calls used up is not asked
// again before midnight, UTC+8.
//
// Errors. The platform reports errors inside HTTP 200. Every one is an [*Error] with the errcode, its
// meaning, who can mend it, when to try again, and the rid by which the platform finds the call; it
// unwraps to a few kinds ([ErrQuota], [ErrIPNotAllowed] …). Input that breaks a rule is an [*InputError]
// that lists every problem, and nothing was sent.
//
// Secrets. Neither the AppSecret nor an access token is in any error, log, hook or formatted value, nor any
// URL, since the token is in each. The AppSecret is sent in request bodies only.
//
// Deadlines. A call whose context has none gets one by its class: 15 s, 60 s for broadcasts, 120 s for
// uploads and downloads.
package wechat
