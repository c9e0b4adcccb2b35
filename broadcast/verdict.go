package broadcast

import (
	"encoding/json"
	"errors"

	"github.com/seed-a9908ced/wechat-go/internal/wire"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// verdict is what an answer says about whether a broadcast was made.
type verdict uint8

const (
	// maybe: it may have been accepted.
	maybe verdict = iota
	// acceptedNow: it was accepted.
	acceptedNow
	// refusedNow: the platform checked it and refused it as it is.
	refusedNow
	// unsentNow: it was not carried out, for a reason that may pass.
	unsentNow
)

// outcome is what one request came to.
type outcome struct {
	verdict   verdict
	msgID     int64
	msgDataID int64
	code      int
	reason    string
	conflict  string
	// spent: the platform says that the allowance is used up.
	spent bool
	// earlier: the platform knows the key, and gives the msg_id of an earlier job (45065).
	earlier bool
}

// verdicts tells the codes that mean "not carried out", since the platform checks them before it makes a
// job. A code that is not here means maybe: 45065 and 45066 in particular may answer the very first request
// of a broadcast that is then sent.
var verdicts = map[int]verdict{
	// What is said, or to whom, is refused.
	40007: refusedNow, 40008: refusedNow, 40130: refusedNow, 40152: refusedNow, 40215: refusedNow, 41040: refusedNow,
	44001: refusedNow, 44002: refusedNow, 44003: refusedNow, 44004: refusedNow, 44005: refusedNow, 44006: refusedNow,
	45002: refusedNow, 45067: refusedNow, 45162: refusedNow, 47001: refusedNow, 43002: refusedNow,
	48008: refusedNow, 48021: refusedNow, 48022: refusedNow,
	// The account, its token, address or limits stand in the way.
	40001: unsentNow, 40014: unsentNow, 41001: unsentNow, 42001: unsentNow, 40164: unsentNow, 61004: unsentNow,
	45009: unsentNow, 45011: unsentNow, 45028: unsentNow,
	48001: unsentNow, 48004: unsentNow, 50002: unsentNow, 50004: unsentNow,
}

const (
	codeSpent   = 45028
	codeEarlier = 45065
)

// sendAnswer is what sendall says when it accepts.
type sendAnswer struct {
	MsgID     wire.Int `json:"msg_id"`
	MsgDataID wire.Int `json:"msg_data_id"`
}

// Check refuses an acceptance without a number: nobody could tell later what became of it.
func (a *sendAnswer) Check() error {
	if a.MsgID <= 0 {
		return errors.New("no msg_id in the answer")
	}
	return nil
}

// judge says what a request came to. op is the request's own operation: an error of another one (the
// token's) means that the request never left.
func judge(op string, a sendAnswer, err error) outcome { //nolint:unparam // it is pure
	if err == nil {
		return outcome{verdict: acceptedNow, msgID: int64(a.MsgID), msgDataID: int64(a.MsgDataID)}
	}
	o := outcome{reason: err.Error()}
	e, ok := errors.AsType[*wechat.Error](err)
	switch {
	case ok && e.Op != op:
		o.verdict = unsentNow
	case errors.Is(err, wechat.ErrOutcomeUnknown):
		if ok {
			o.code = e.Code
		}
	case !ok || e.Code == 0:
		o.verdict = unsentNow
	default:
		o.code = e.Code
		o.verdict = verdicts[e.Code]
		o.spent = e.Code == codeSpent
		if e.Code == codeEarlier {
			var earlier sendAnswer
			if json.Unmarshal(e.Answer, &earlier) == nil {
				o.msgID, o.earlier = int64(earlier.MsgID), earlier.MsgID > 0
			}
		}
	}
	return o
}
