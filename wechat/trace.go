package wechat

import (
	"net/http/httptrace"
	"sync/atomic"
)

// trace tells whether one request left; another attempt needs another trace. net/http asks for a connection (GetConn) and gets one (GotConn)
// before it writes; where the first was seen and the second not, nothing was sent. A transport that fires
// neither has told nothing.
type trace struct {
	httptrace.ClientTrace
	asked, got atomic.Bool
}

func newTrace() *trace {
	t := new(trace)
	t.GetConn = func(string) { t.asked.Store(true) }
	t.GotConn = func(httptrace.GotConnInfo) { t.got.Store(true) }
	return t
}

func (t *trace) unsent() bool { return t != nil && t.asked.Load() && !t.got.Load() }
