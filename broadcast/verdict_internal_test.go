package broadcast

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/seed-a9908ced/wechat-go/wechat"
)

// The table of codes, as the promises of this package state it.
func TestVerdictOfEachCode(t *testing.T) {
	want := map[int]verdict{}
	for _, code := range []int{
		40007, 40008, 40130, 40152, 40215, 41040, 43002, 44001, 44002, 44003, 44004, 44005, 44006,
		45002, 45067, 45162, 47001, 48008, 48021, 48022,
	} {
		want[code] = refusedNow
	}
	for _, code := range []int{40001, 40014, 41001, 42001, 40164, 61004, 45009, 45011, 45028, 48001, 48004, 50002, 50004} {
		want[code] = unsentNow
	}
	const op = "POST " + pathSendAll
	for code := -1; code < 100_000; code++ {
		if code == 0 {
			continue
		}
		o := judge(op, sendAnswer{}, &wechat.Error{Op: op, Code: code})
		if o.verdict != want[code] || o.code != code || o.spent != (code == 45028) {
			t.Errorf("errcode %d: %+v, want verdict %d", code, o, want[code])
		}
	}
}

func TestVerdictOfWhatIsNoCode(t *testing.T) {
	const op = "POST " + pathSendAll
	lost := fmt.Errorf("%w: EOF", wechat.ErrOutcomeUnknown)
	for name, tc := range map[string]struct {
		answer sendAnswer
		err    error
		want   verdict
	}{
		"accepted":                         {sendAnswer{MsgID: 1}, nil, acceptedNow},
		"a lost answer":                    {sendAnswer{}, lost, maybe},
		"a code in doubt":                  {sendAnswer{}, errors.Join(&wechat.Error{Op: op, Code: 40007}, lost), maybe},
		"never left":                       {sendAnswer{}, &wechat.Error{Op: op}, unsentNow},
		"refused here":                     {sendAnswer{}, &wechat.InputError{}, unsentNow},
		"the token call's error":           {sendAnswer{}, &wechat.Error{Op: op + ": POST /cgi-bin/stable_token", Code: 40125}, unsentNow},
		"the token call's error, in doubt": {sendAnswer{}, errors.Join(&wechat.Error{Op: op + ": GET /token"}, lost), unsentNow},
		"an ended context":                 {sendAnswer{}, context.Canceled, unsentNow},
		"an early repeat":                  {sendAnswer{}, &wechat.Error{Op: op, Code: 45066}, maybe},
		"a repeat without a number":        {sendAnswer{}, &wechat.Error{Op: op, Code: 45065, Answer: []byte(`{"errcode":45065}`)}, maybe},
		"a repeat with a broken number":    {sendAnswer{}, &wechat.Error{Op: op, Code: 45065, Answer: []byte(`{"msg_id":-5}`)}, maybe},
	} {
		if o := judge(op, tc.answer, tc.err); o.verdict != tc.want || o.earlier {
			t.Errorf("%s: %+v, want verdict %d", name, o, tc.want)
		}
	}
	for _, answer := range []string{`{"errcode":45065,"msg_id":5}`, `{"errcode":45065,"msg_id":"5"}`} {
		if o := judge(op, sendAnswer{}, &wechat.Error{Op: op, Code: 45065, Answer: []byte(answer)}); !o.earlier || o.msgID != 5 || o.verdict != maybe {
			t.Errorf("%s: %+v, want a msg_id to verify, and doubt until then", answer, o)
		}
	}
}
