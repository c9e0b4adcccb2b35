package wechat_test

import (
	"io"
	"log"
)

// quiet is for servers whose complaints are part of a test.
var quiet = log.New(io.Discard, "", 0)
