package wechattest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"
)

// call is a request that the platform is carrying out. The platform is locked for as long as it lasts.
type call struct {
	*request
	p        *Platform
	endpoint endpoint
	acct     *Console // nil while it is not known
	now      time.Time
	rid      string
}

// decode reads the request's JSON body into v. Members that v does not have are ignored, as the platform
// ignores them.
func (c *call) decode(v any) error {
	body := bytes.TrimSpace(c.body)
	if len(body) == 0 {
		return refuse(44002)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return refuse(47001)
	}
	return nil
}

// status is the head of an answer that can fail.
type status struct {
	ErrCode int    `json:"errcode"`
	ErrMsg  string `json:"errmsg"`
}

// success is the head of an answer of a call that cannot tell its success otherwise.
var success = status{ErrMsg: "ok"}

// encode makes the answer to a call from what its handler returned: an answer as it is, anything
// else as JSON.
func (c *call) encode(value any, err error) answer {
	if r, ok := errors.AsType[*refusal](err); ok {
		if r.status != 0 {
			return page(r.status, http.StatusText(r.status))
		}
		a := jsonAnswer(struct {
			status
			MsgID int64 `json:"msg_id,omitempty"`
		}{status{r.code, r.words() + " rid: " + c.rid}, r.msgID})
		if c.endpoint.plain {
			a.header.Set("Content-Type", "text/plain")
		}
		return a
	}
	if a, ok := value.(answer); ok {
		return a
	}
	return jsonAnswer(value)
}

// number is an integer that the platform takes as a JSON number or as a string of digits.
type number int64

// UnmarshalJSON reads a number in either form. An empty string is zero.
func (n *number) UnmarshalJSON(b []byte) error {
	s := string(bytes.Trim(b, `"`))
	if s == "" || s == "null" {
		return nil
	}
	v, err := strconv.ParseInt(s, 10, 64)
	*n = number(v)
	return err
}
