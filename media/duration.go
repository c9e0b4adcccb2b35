package media

import (
	"math"
	"math/bits"
	"strconv"
	"time"
)

// Duration is a playing time, or that it is not known: a file that is cut, streamed or says nothing has
// no playing time of zero. The zero Duration is unknown. Durations can be compared with ==.
//
// What is known was computed in integers, to the nanosecond, rounded up.
type Duration struct {
	d     time.Duration
	known bool
}

// Lasting is a known playing time. A negative one counts as unknown.
func Lasting(d time.Duration) Duration {
	if d < 0 {
		return Duration{}
	}
	return Duration{d: d, known: true}
}

// Get gives the playing time, and whether it is known.
func (d Duration) Get() (time.Duration, bool) { return d.d, d.known }

// Known reports whether the playing time is known.
func (d Duration) Known() bool { return d.known }

// Milliseconds gives the playing time in milliseconds, rounded up, and whether it is known.
func (d Duration) Milliseconds() (int64, bool) {
	ms := int64(d.d / time.Millisecond)
	if d.d%time.Millisecond > 0 {
		ms++
	}
	return ms, d.known
}

// String gives seconds, to the millisecond and rounded up: "60.02 s"; or "unknown".
func (d Duration) String() string {
	if !d.known {
		return "unknown"
	}
	return secondsText(d.d)
}

// MarshalJSON gives the milliseconds, rounded up, or null.
func (d Duration) MarshalJSON() ([]byte, error) {
	ms, ok := d.Milliseconds()
	if !ok {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, ms, 10), nil
}

// UnmarshalJSON takes what MarshalJSON gives.
func (d *Duration) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*d = Duration{}
		return nil
	}
	ms, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil {
		return err
	}
	*d = Lasting(time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond)
	return nil
}

// secondsText writes seconds to the millisecond, rounded up, without trailing zeros.
func secondsText(d time.Duration) string {
	ms, _ := Duration{d: d, known: true}.Milliseconds()
	return strconv.FormatFloat(float64(ms)/1000, 'f', -1, 64) + " s"
}

// believable is the longest playing time that a header is believed. Longer ones are lies or mistakes, and
// come out as unknown; a time that was counted out of the data is never too long to be believed.
const believable = 24 * time.Hour

// counted is the time that n units last of which there are rate in a second. A rate of zero gives unknown.
func counted(n, rate uint64) Duration {
	if rate == 0 {
		return Duration{}
	}
	return Lasting(time.Duration(min(scaled(n, uint64(time.Second), rate), math.MaxInt64)))
}

// scaled is n·by/over in 128 bits, rounded up; too large a result comes out as the largest. over is not zero.
func scaled(n, by, over uint64) uint64 {
	hi, lo := bits.Mul64(n, by)
	if hi >= over {
		return math.MaxUint64
	}
	q, r := bits.Div64(hi, lo, over)
	if r > 0 && q < math.MaxUint64 {
		q++
	}
	return q
}

// stated is [counted] for numbers that a header merely states.
func stated(n, rate uint64) Duration {
	if d := counted(n, rate); d.d <= believable {
		return d
	}
	return Duration{}
}

// longer gives the longer of two playing times; one that is unknown gives way.
func longer(a, b Duration) Duration {
	if !a.known || b.known && b.d > a.d {
		return b
	}
	return a
}
