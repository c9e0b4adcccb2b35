package wechat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
)

// Codes that the pipeline itself acts upon.
const (
	codeBusy       = -1
	codeSecret     = 40001 // also: the token was superseded
	codeBadToken   = 40014
	codeExpired    = 42001
	codeDailyQuota = 45009
	codePerMinute  = 45011
)

// settle turns what came back into a result or an error. It reads and closes the body.
func (k *call) settle(resp *http.Response, err error) {
	k.err, k.doubt, k.unsent, k.passing, k.wait, k.status, k.received = nil, false, false, false, 0, 0, 0
	if err != nil {
		k.settleTransport(err)
		return
	}
	defer resp.Body.Close()
	k.status = resp.StatusCode
	if k.sink != nil && resp.StatusCode == http.StatusOK {
		k.receive(resp)
		return
	}
	body, err := k.read(resp.Body)
	switch {
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		k.bad(nil, ErrUnexpectedRedirect, nil)
	case errors.Is(err, ErrResponseTooLarge):
		k.bad(nil, ErrResponseTooLarge, fmt.Errorf("more than %d bytes", k.limit))
	case err != nil:
		k.bad(nil, ErrBadResponse, clean(err, k.secrets()...))
		k.passing = true
	case resp.StatusCode != http.StatusOK:
		k.settleStatus(resp, body)
	default:
		k.settleBody(body)
	}
}

// read reads an answer, bounded, into a buffer that lives as long as the call.
func (k *call) read(body io.Reader) ([]byte, error) {
	if k.buffer == nil {
		k.buffer = buffers.Get().(*bytes.Buffer)
	}
	k.buffer.Reset()
	limited := io.LimitedReader{R: body, N: k.limit + 1}
	n, err := k.buffer.ReadFrom(&limited)
	k.received = n
	if n > k.limit {
		return nil, ErrResponseTooLarge
	}
	return k.buffer.Bytes(), err
}

// settleTransport judges a request that got no answer.
func (k *call) settleTransport(err error) {
	if k.upload != nil {
		if source := k.upload.failure(); source != nil {
			// The announced length was never reached, so the platform had nothing to carry out.
			k.err = &Error{Op: k.op(), kinds: []error{ErrSourceChanged}, cause: source}
			return
		}
	}
	k.unsent = k.trace.unsent()
	k.doubt = !k.unsent && !k.class.harmless()
	k.passing = true
	k.err = &Error{Op: k.op(), cause: clean(err, k.secrets()...)}
	if k.doubt {
		k.err.kinds = []error{ErrOutcomeUnknown}
	}
}

// settleStatus judges an answer that is not 200. Whatever stands in it, a proxy may have written it.
func (k *call) settleStatus(resp *http.Response, body []byte) {
	kind := ErrBadResponse
	k.passing = resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		kind = ErrRateLimited
	case resp.StatusCode >= 500:
		kind = ErrBusy
	}
	k.bad(body, kind, nil)
	if envelope, _, err := wire.Scan(body); err == nil && envelope.Code != 0 {
		k.err.Code = envelope.Code
		k.err.explain(strike(envelope.Message(), k.secrets()...))
	}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		if wait, ok := retryAfter(resp.Header.Get("Retry-After"), time.Now()); ok {
			k.wait = wait
			k.err.retryAt = time.Now().Add(wait)
		}
	}
}

// settleBody judges a complete answer with status 200.
func (k *call) settleBody(body []byte) {
	envelope, fixed, err := wire.Scan(body)
	switch {
	case err != nil:
		k.bad(body, ErrBadResponse, err)
		k.passing = true
	case envelope.Code != 0:
		k.settleCode(envelope, body)
	case k.out == nil:
		if !envelope.HasCode || !wire.Valid(fixed) {
			k.bad(body, ErrBadResponse, errors.New("no errcode in the answer"))
			k.passing = true
		}
	case envelope.Members == 0:
		k.bad(body, ErrBadResponse, errors.New("empty object"))
		k.passing = true
	default:
		if err := decode(fixed, k.out); err != nil {
			k.bad(body, ErrBadResponse, err)
			k.passing = true
		}
	}
}

func decode(body []byte, out any) error {
	if err := wire.Unmarshal(body, out); err != nil {
		return err
	}
	if c, ok := out.(checker); ok {
		return c.Check()
	}
	return nil
}

// settleCode judges an answer with an errcode.
func (k *call) settleCode(envelope wire.Envelope, body []byte) {
	k.err = &Error{Op: k.op(), Code: envelope.Code, HTTPStatus: k.status, Answer: k.answer(body)}
	k.err.explain(strike(envelope.Message(), k.secrets()...))
	switch envelope.Code {
	case codeBusy:
		k.passing = true
		k.doubt = !k.class.harmless()
	case codeDailyQuota:
		k.client.spent.Store(k.path, k.err.retryAt)
	case codeSecret:
		if !k.open {
			k.err.kinds = []error{ErrTokenRejected}
		}
	}
	if k.doubt {
		k.err.kinds = append(k.err.kinds, ErrOutcomeUnknown)
	}
}

// bad makes an error of an answer that no document describes.
func (k *call) bad(body []byte, kind, cause error) {
	k.err = &Error{Op: k.op(), HTTPStatus: k.status, kinds: []error{kind}, cause: cause, Answer: k.answer(body)}
	if errors.Is(kind, ErrResponseTooLarge) || errors.Is(kind, ErrUnexpectedRedirect) {
		k.err.kinds = append(k.err.kinds, ErrBadResponse)
	}
	if k.doubt = !k.class.harmless(); k.doubt {
		k.err.kinds = append(k.err.kinds, ErrOutcomeUnknown)
	}
}

// answer keeps a failed answer without what is secret.
func (k *call) answer(body []byte) []byte {
	if len(body) == 0 || k.path == pathStableToken {
		return nil
	}
	return []byte(strike(string(body[:min(len(body), maxAnswer)]), k.secrets()...))
}

const (
	maxAttempts = 3
	firstWait   = 200 * time.Millisecond
	longestWait = 5 * time.Second
	maxWait     = 60 * time.Second
)

// again decides whether there is another attempt, and after which pause: first by what happened and the
// class, then by the budget and the deadline.
func (k *call) again() bool {
	if k.err == nil {
		k.client.budget.earn()
		return false
	}
	if k.ctx.Err() != nil || k.client.closed.Load() {
		return false
	}
	if k.tokenRefused() {
		return true
	}
	if k.repeats+1 >= maxAttempts || !k.mayRepeat() {
		return false
	}
	if k.wait == 0 {
		ceiling := min(longestWait, firstWait<<k.repeats)
		k.wait = jitter(time.Millisecond, ceiling)
	}
	if deadline, ok := k.ctx.Deadline(); ok && time.Until(deadline) <= k.wait {
		if !k.err.retryAt.IsZero() && !errors.Is(k.err, ErrRateLimited) {
			k.err.kinds = append(k.err.kinds, ErrRateLimited)
		}
		k.wait = 0
		return false
	}
	cost := int64(budgetRepeat)
	if errors.Is(k.err, context.DeadlineExceeded) {
		cost = budgetTimeout
	}
	if !k.client.budget.take(cost) {
		return false
	}
	k.repeats++
	return true
}

// tokenRefused tells the one case in which every class is sent again: the platform refuses tokens before
// it carries anything out.
func (k *call) tokenRefused() bool {
	switch k.err.Code {
	case codeSecret, codeBadToken, codeExpired:
		if k.open || k.refused != "" || k.status != http.StatusOK {
			return false
		}
		k.refused = k.token
		return true
	}
	return false
}

// mayRepeat asks the class.
func (k *call) mayRepeat() bool {
	switch k.class {
	case ClassRead, ClassReplace:
		if k.err.Code == codePerMinute && k.given {
			k.wait = time.Until(k.err.retryAt) + jitter(0, time.Second)
			return true
		}
		return k.passing && (k.sink == nil || !k.sink.started)
	case ClassUpload:
		return k.unsent || (k.doubt && k.repeats == 0)
	case ClassScarce:
		return false
	default:
		return k.unsent
	}
}

// retryAfter reads a Retry-After header: seconds or a date, never 0 and at most a minute.
func retryAfter(header string, now time.Time) (time.Duration, bool) {
	if header == "" {
		return 0, false
	}
	wait := maxWait
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		if seconds < int64(maxWait/time.Second) {
			wait = time.Duration(seconds) * time.Second
		}
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	} else {
		return 0, false
	}
	return min(max(wait, firstWait), maxWait), true
}

// jitter is a random time from low to high.
func jitter(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + rand.N(high-low)
}

// sleep waits, or not as long as the context lives.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
