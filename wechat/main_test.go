package wechat_test

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests and looks for goroutines that outlived them. The tests about fleets of processes
// start this binary again; it then is one of those processes and runs no test.
func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(beProcess(role))
	}
	goleak.VerifyTestMain(m)
}
