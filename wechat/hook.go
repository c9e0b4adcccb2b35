package wechat

import (
	"log/slog"
	"time"
)

// Attempt is one request of a call, as a hook sees it. Nothing in it is secret.
type Attempt struct {
	// Op is the operation: "POST /cgi-bin/menu/create".
	Op string
	// Class is the operation's class.
	Class Class
	// N counts the attempts of a call from 1.
	N int
	// Status is the HTTP status, and 0 where no answer came.
	Status int
	// Code is the platform's errcode.
	Code int
	// Duration runs from the request to the last byte of the answer.
	Duration time.Duration
	// Sent and Received are the lengths of the bodies.
	Sent, Received int64
	// Err is nil where the attempt succeeded.
	Err error
	// Again tells whether another attempt follows, after Wait.
	Again bool
	// Wait is the pause before it.
	Wait time.Duration
}

func (k *call) report(again bool) {
	logs := k.client.log.Enabled(k.ctx, slog.LevelDebug)
	if k.client.hook == nil && !logs {
		return
	}
	a := Attempt{
		Op: k.op(), Class: k.class, N: k.attempt, Status: k.status, Duration: time.Since(k.started),
		Sent: k.sent(), Received: k.received, Again: again, Wait: k.wait,
	}
	if k.err != nil {
		a.Code, a.Err = k.err.Code, k.err
	}
	if k.client.hook != nil {
		k.client.hook(k.ctx, a)
	}
	if logs {
		k.client.log.LogAttrs(k.ctx, slog.LevelDebug, "wechat call", slog.String("op", a.Op),
			slog.String("class", a.Class.String()), slog.Int("attempt", a.N), slog.Int("status", a.Status),
			slog.Int("errcode", a.Code), slog.Duration("duration", a.Duration), slog.Int64("sent", a.Sent),
			slog.Int64("received", a.Received), slog.Bool("again", a.Again))
	}
}
