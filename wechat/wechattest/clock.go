package wechattest

import "time"

// Advance moves the platform's clock ahead of time.Now, for programs and tests that live in no synctest
// bubble and cannot wait. The Date header stays with time.Now.
func (p *Platform) Advance(d time.Duration) { p.ahead.Add(int64(d)) }

// now is the platform's clock: time.Now, so that a synctest bubble moves it, and what Advance has added.
func (p *Platform) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }

// beijing is the zone in which the platform's days and months turn.
var beijing = time.FixedZone("UTC+8", 8*60*60)

// dayOf numbers the calendar day of t: two times on the same day have the same number.
func dayOf(t time.Time) int {
	y, m, d := t.In(beijing).Date()
	return (y*100+int(m))*100 + d
}

// monthOf numbers the calendar month of t.
func monthOf(t time.Time) int {
	y, m, _ := t.In(beijing).Date()
	return y*100 + int(m)
}

// tally counts within one period and starts again in the next.
type tally struct{ period, n int }

// in is the count of the given period.
func (t *tally) in(period int) int {
	if t.period != period {
		return 0
	}
	return t.n
}

// add counts once in the given period.
func (t *tally) add(period int) {
	t.n = t.in(period) + 1
	t.period = period
}

// pace admits at most so many events in any window of one minute.
type pace struct{ last []time.Time }

// admit counts an event at now, unless limit events lie within the minute before it.
func (p *pace) admit(now time.Time, limit int) bool {
	old := 0
	for old < len(p.last) && now.Sub(p.last[old]) >= time.Minute {
		old++
	}
	p.last = append(p.last[:0], p.last[old:]...)
	if len(p.last) >= limit {
		return false
	}
	p.last = append(p.last, now)
	return true
}
