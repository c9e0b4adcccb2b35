package quota_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed-a9908ced/wechat-go/quota"
	"github.com/seed-a9908ced/wechat-go/wechat"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
)

// childArg makes the test binary a process that reserves: its arguments are the database, the process's
// number, rounds and attempts. It prints how often it won in each round.
const childArg = "quota-child"

func child(args []string) int {
	ctx := context.Background()
	s, err := sqlitestore.Open(ctx, args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = s.Close() }()
	rounds, _ := strconv.Atoi(args[2])
	attempts, _ := strconv.Atoi(args[3])
	for round := range rounds {
		l := quota.New(s, wechat.AppID(fmt.Sprintf("wx%016d", round)), service)
		won := 0
		for i := range attempts {
			switch _, err := l.Reserve(ctx, toAll(args[1]+"-"+strconv.Itoa(i))); {
			case err == nil:
				won++
			case !errors.Is(err, quota.ErrExhausted):
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		fmt.Println(won)
	}
	return 0
}

// TestQ1ProcessesNeverOversell lets eight processes that share a database file try for four units.
// WECHAT_LONG=1 lets each try a thousand times in a hundred rounds.
func TestQ1ProcessesNeverOversell(t *testing.T) {
	rounds, attempts := 10, 50
	switch {
	case os.Getenv("WECHAT_LONG") != "":
		rounds, attempts = 100, 1000
	case testing.Short():
		rounds, attempts = 2, 20
	}
	path := filepath.Join(t.TempDir(), "ledger.db")
	won := make([]int, rounds)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for p := range 8 {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], childArg, path, strconv.Itoa(p), strconv.Itoa(rounds), strconv.Itoa(attempts))
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil {
				t.Errorf("process %d: %v\n%s", p, err, &stderr)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			for round, line := range strings.Fields(stdout.String()) {
				n, err := strconv.Atoi(line)
				if err != nil || round >= rounds {
					t.Errorf("process %d printed %q", p, line)
					return
				}
				won[round] += n
			}
		})
	}
	wg.Wait()
	for round, n := range won {
		if n != 4 {
			t.Errorf("round %d: %d reservations, want 4", round, n)
		}
	}
}
