package media_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
)

func TestUnknownDurationIsNotZero(t *testing.T) {
	zero, unknown := media.Lasting(0), media.Duration{}
	if zero == unknown || !zero.Known() || unknown.Known() {
		t.Error("unknown is zero")
	}
	if _, ok := unknown.Get(); ok {
		t.Error("unknown has a value")
	}
	if media.Lasting(-1) != unknown {
		t.Error("a negative playing time is known")
	}
}

func TestDurationIsWrittenRoundedUp(t *testing.T) {
	for d, want := range map[media.Duration][2]string{
		{}:                                    {"unknown", "null"},
		media.Lasting(0):                      {"0 s", "0"},
		media.Lasting(time.Minute):            {"60 s", "60000"},
		media.Lasting(time.Minute + 1):        {"60.001 s", "60001"},
		media.Lasting(1500 * 1e6):             {"1.5 s", "1500"},
		media.Lasting(math.MaxInt64):          {"9223372036.855 s", "9223372036855"},
		media.Lasting(20 * time.Hour):         {"72000 s", "72000000"},
		media.Lasting(time.Microsecond):       {"0.001 s", "1"},
		media.Lasting(999 * time.Millisecond): {"0.999 s", "999"},
	} {
		b, err := json.Marshal(d)
		if err != nil || d.String() != want[0] || string(b) != want[1] {
			t.Errorf("%q %s %v, want %q", d, b, err, want)
		}
	}
}

func TestDurationIsReadFromJSON(t *testing.T) {
	for s, want := range map[string]media.Duration{
		"null": {}, "0": media.Lasting(0), "60000": media.Lasting(time.Minute), "-1": {},
		"9223372036854775807": media.Lasting(time.Duration(math.MaxInt64).Truncate(time.Millisecond)),
	} {
		d := media.Lasting(time.Hour)
		if err := json.Unmarshal([]byte(s), &d); err != nil || d != want {
			t.Errorf("%s is %v, %v, want %v", s, d, err, want)
		}
	}
	var d media.Duration
	for _, s := range []string{`"x"`, "1.5", "{}"} {
		if json.Unmarshal([]byte(s), &d) == nil {
			t.Errorf("%s is taken", s)
		}
	}
}
