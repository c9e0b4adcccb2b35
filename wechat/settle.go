package wechat

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
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
	doubted := k.doubt
	k.err, k.doubt, k.unsent, k.passing, k.wait, k.status, k.received = nil, false, false, false, 0, 0, 0
	if err != nil {
		k.settleTransport(err)
	} else {
		k.settleAnswer(resp)
	}
	if doubted && k.err != nil && !k.doubt {
		k.inDoubt() // whatever this attempt came to, the one before may have been carried out
	}
}

func (k *call) inDoubt() {
	k.doubt = true
	k.err.kinds = append(k.err.kinds, ErrOutcomeUnknown)
}

func (k *call) settleAnswer(resp *http.Response) {
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
	case err != nil && k.ctx.Err() != nil:
		k.settleTransport(err)
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
	if source := k.upload.failure(); source != nil {
		// The announced length was never reached, so the platform had nothing to carry out.
		k.err = &Error{Op: k.op(), kinds: source.kinds, cause: source.cause}
		return
	}
	k.unsent = k.trace.unsent()
	k.passing = true
	k.err = &Error{Op: k.op(), cause: clean(err, k.secrets()...)}
	if !k.unsent && !k.class.harmless() {
		k.inDoubt()
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
			k.bad(body, ErrBadResponse, clean(err, k.secrets()...))
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
	case codeDailyQuota:
		k.client.spent.Store(k.path, k.err.retryAt)
	case codeSecret:
		if !k.open {
			k.err.kinds = []error{ErrTokenRejected}
		}
	}
	if errors.Is(k.err, ErrBusy) && !k.class.harmless() {
		k.inDoubt()
	}
}

// bad makes an error of an answer that no document describes.
func (k *call) bad(body []byte, kind, cause error) {
	k.err = &Error{Op: k.op(), HTTPStatus: k.status, kinds: []error{kind}, cause: cause, Answer: k.answer(body)}
	if errors.Is(kind, ErrResponseTooLarge) || errors.Is(kind, ErrUnexpectedRedirect) {
		k.err.kinds = append(k.err.kinds, ErrBadResponse)
	}
	if !k.class.harmless() {
		k.inDoubt()
	}
}

// answer keeps a failed answer without what is secret.
func (k *call) answer(body []byte) []byte {
	if k.path == pathStableToken {
		return nil
	}
	return keepAnswer(body, k.secrets()...)
}
