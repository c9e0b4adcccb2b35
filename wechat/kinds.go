package wechat

import "errors"

// The kinds of failure. Every [*Error] unwraps to one or more of them, so errors.Is works through any
// wrapping; [*Error] has the details.
var (
	// ErrCredentials: the AppID or AppSecret is wrong, frozen or reset.
	ErrCredentials = errors.New("credentials refused")
	// ErrTokenRejected: the platform refused the access token, and a renewed one as well.
	ErrTokenRejected = errors.New("access token rejected")
	// ErrIPNotAllowed: the caller's address is not on the account's IP whitelist; Error.IP gives it.
	ErrIPNotAllowed = errors.New("IP address not allowed")
	// ErrRateLimited: too many calls just now; Error.RetryAt says when to try again.
	ErrRateLimited = errors.New("rate limited")
	// ErrQuota: an allowance of a day or month is used up; RetryAt says when it renews.
	ErrQuota = errors.New("quota exhausted")
	// ErrForbidden: the account may not use this call, or a guard refused it.
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: what the call names does not exist.
	ErrNotFound = errors.New("not found")
	// ErrBusy: the platform failed or was busy; nothing is wrong with the request.
	ErrBusy = errors.New("platform busy")
	// ErrOutcomeUnknown: the request may have been carried out, and repeating it could do it twice.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrBadResponse: the answer is not one that the platform's documents describe.
	ErrBadResponse = errors.New("bad response")
	// ErrResponseTooLarge: the answer is larger than this call can have.
	ErrResponseTooLarge = errors.New("response too large")
	// ErrUnexpectedRedirect: the API host answered with a redirect, which is never followed.
	ErrUnexpectedRedirect = errors.New("unexpected redirect")
	// ErrSourceChanged: the source of an upload is not as long as was announced.
	ErrSourceChanged = errors.New("upload source changed")
	// ErrClosed: the client was closed.
	ErrClosed = errors.New("client closed")
)
