// Package wechattest is a fake WeChat platform: it behaves as api.weixin.qq.com does towards a service
// account or a subscription account, so that code which talks to WeChat can be tested without an account,
// without a network and without waiting.
//
//	p := wechattest.New()
//	acct := p.AddAccount(wechattest.Account{Type: wechattest.Service, Verified: true})
//	client := p.Client() // any http.Client or RoundTripper will do; hand it to what you test
//	…
//	if n := p.Executions("/cgi-bin/message/mass/sendall"); n != 1 { … }
//
// [Platform.Transport] answers in process. It fires the hooks of net/http/httptrace, gives the errors that
// net/http gives, streams bodies, and works in a bubble of testing/synctest: the platform's only clock is
// time.Now, so that days and months pass in no time. It takes any host name for the platform's.
// [Platform.Listen] serves the same platform on a loopback port.
//
// # What it keeps
//
// State, not scripts: token generations of both families with their overlaps, IP whitelists, secrets frozen
// and reset, menus as both calls show them, temporary media that die after three days, the library of permanent ones, followers and tags,
// broadcasts with their allowances and the memory of clientmsgid, daily and per-minute quotas, rids. The
// [Console] that [Platform.AddAccount] returns is what the account's administrator has: it sets and reads
// that state, and makes it fail: [Console.FlapTokens], [Console.FreezeSecret], [Console.SetWhitelist].
//
// # Faults
//
// [Platform.Fault] plants a [Fault] on a path: connections that are refused, cut or left hanging before or
// after the request was carried out, answers that are cut, slow, huge or malformed, error codes, redirects.
// [EveryFault] lists one of each. Because carrying out a request and receiving it are different things,
// [Platform.Executions] counts apart from [Platform.Requests].
//
// # What it does not imitate
//
//   - Callbacks: nothing is pushed, no messages, menu events or MASSSENDJOBFINISH. mass/get tells the state.
//   - Drafts and publishing have no endpoints here; [Console.AddDraft] makes what a broadcast can name, and
//     [Console.AddArticles] articles as they lie in the library from the time when they could be added.
//     Permanent thumbs are neither counted nor listed, and what was added last is listed first; the pages say
//     nothing of either. Media content is told by its first bytes and its size: it is neither decoded nor
//     measured in seconds, and nothing is reviewed.
//   - Broadcasts to all never wait for an administrator, no content is judged, and a broadcast is taken to
//     reach every follower that it may. Text has no greatest length.
//   - Personalised menus can be made and deleted, but menu/trymatch is missing, as are the blacklist,
//     remarks, customer-service messages, templates, QR codes, web authorisation and data analysis.
//   - A frozen secret and a changed whitelist take effect at once, not after some minutes. The whitelist
//     is asked on every call; the platform's pages disagree on whether it is only for tokens.
//   - Counters are exact; the platform's may be off by about one per cent. Days and months turn at
//     midnight of UTC+8, which its pages do not say but its behaviour suggests.
//   - Quotas are those of a new account and do not grow with the number of followers ([Console.SetQuota]
//     changes them). A path without a published quota has 100,000 calls a day.
//   - Third-party platforms, signed API requests, TLS and HTTP/2.
//
// A path that it does not have answers errcode 40066.
package wechattest
