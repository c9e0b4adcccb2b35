package sqlitestore_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/wechat/store"
	"github.com/seed-a9908ced/wechat-go/wechat/store/sqlitestore"
)

// children are what the test binary does as a child of a test.
var children = map[string]func(args []string) int{
	"write": writeForEver,
	"count": countUp,
}

// spawn starts the test binary as the given child. Its errors go to the test's output.
func spawn(t *testing.T, child string, args ...string) (cmd *exec.Cmd, stdout io.Reader) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), childEnv+"="+child)
	cmd.Stderr = os.Stderr
	stdout, err = cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, stdout
}

// complain ends a child with an error.
func complain(err error) int {
	fmt.Fprintln(os.Stderr, "child:", err)
	return 1
}

// slots is how many keys a writing child goes round.
const slots = 8

func slot(partition string, i int) string { return fmt.Sprintf("%s/job/%d", partition, i%slots) }

// payload is the i-th value of a partition: of some length, and unlike any other.
func payload(partition string, i int) string {
	return strings.Repeat(fmt.Sprintf("%s:%d;", partition, i), 1+i*37%300)
}

// writeForEver writes records and acknowledges each on stdout once Swap has returned. Every third has a ttl.
func writeForEver(args []string) int {
	path, partition := args[0], args[1]
	ctx := context.Background()
	s, err := sqlitestore.Open(ctx, path)
	if err != nil {
		return complain(err)
	}
	versions := map[string]uint64{}
	for i := 0; ; i++ {
		key, ttl := slot(partition, i), time.Duration(0)
		if i%3 == 2 {
			ttl = time.Hour
		}
		now, swapped, err := s.Swap(ctx, key, versions[key], []byte(payload(partition, i)), ttl)
		if err != nil || !swapped {
			return complain(fmt.Errorf("write %d: %v, %t, %w", i, now, swapped, err))
		}
		versions[key] = now.Version
		if _, err := fmt.Println(i); err != nil {
			return complain(err)
		}
	}
}

func TestKilledWritersLoseNothingAcknowledged(t *testing.T) {
	const atOnce = 4
	kills := 200
	if testing.Short() {
		kills = 12
	}
	path := filepath.Join(t.TempDir(), "wechat.db")
	var written [atOnce]int
	for round := range kills / atOnce {
		var wg sync.WaitGroup
		last := [atOnce]int{}
		for c := range atOnce {
			cmd, stdout := spawn(t, "write", path, partition(round, c))
			wg.Go(func() {
				last[c] = killLater(t, cmd, stdout)
				written[c] += last[c] + 1
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		// Every other round somebody else has the file open while the writers die.
		s, err := sqlitestore.Open(t.Context(), path)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for c := range atOnce {
			checkSlots(t, s, partition(round, c), last[c])
		}
		if round%2 == 0 {
			err = s.Close()
		} else {
			t.Cleanup(func() { _ = s.Close() })
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, path)
	if n, err := s.Number(t.Context(), "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"); err != nil || n != 1 {
		t.Errorf("the file's integrity check: %d lines of ok, %v, want 1", n, err)
	}
	t.Logf("%d writers killed, acknowledged writes: %v", kills, written)
}

func partition(round, child int) string { return fmt.Sprintf("wx%dx%d", round, child) }

// killLater kills a writing child at a random moment and returns its last acknowledged write.
func killLater(t *testing.T, cmd *exec.Cmd, stdout io.Reader) (last int) {
	t.Helper()
	lines := bufio.NewScanner(stdout)
	if !lines.Scan() {
		t.Errorf("the child wrote nothing: %v, %v", lines.Err(), cmd.Wait())
		return 0
	}
	timer := time.AfterFunc(rand.N(25*time.Millisecond), func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	for more := true; more; more = lines.Scan() {
		if n, err := strconv.Atoi(lines.Text()); err == nil {
			last = n
		}
	}
	if err := cmd.Wait(); cmd.ProcessState.Exited() {
		t.Errorf("the child ended by itself: %v", err)
	}
	return last
}

// checkSlots checks that a partition holds all writes up to last, and at most the one after it.
func checkSlots(t *testing.T, s store.Store, partition string, last int) {
	t.Helper()
	for i := max(0, last-slots+2); i <= last+1; i++ {
		r, err := s.Get(t.Context(), slot(partition, i))
		if err != nil {
			t.Errorf("%s, write %d: %v", partition, i, err)
			continue
		}
		got, want := string(r.Value), payload(partition, i)
		if i == last+1 && got != want { // it was under way, so it may be as before
			want = ""
			if i >= slots {
				want = payload(partition, i-slots)
			}
		}
		if got != want {
			t.Errorf("%s, write %d of %d acknowledged: got %.30q (%d bytes), want %.30q (%d bytes)",
				partition, i, last+1, got, len(got), want, len(want))
		}
	}
}

// countUp adds one to a counter, again and again.
func countUp(args []string) int {
	ctx := context.Background()
	s, err := sqlitestore.Open(ctx, args[0], sqlitestore.WithBusyTimeout(time.Minute))
	if err != nil {
		return complain(err)
	}
	times, err := strconv.Atoi(args[1])
	if err != nil {
		return complain(err)
	}
	for range times {
		if err := add(ctx, s, "wx/counter", 1); err != nil {
			return complain(err)
		}
	}
	if err := s.Close(); err != nil {
		return complain(err)
	}
	return 0
}

// add adds n to a decimal counter.
func add(ctx context.Context, s store.Store, key string, n int) error {
	now, err := s.Get(ctx, key)
	for err == nil {
		was, _ := strconv.Atoi(string(now.Value))
		var swapped bool
		now, swapped, err = s.Swap(ctx, key, now.Version, []byte(strconv.Itoa(was+n)), 0)
		if swapped {
			return err
		}
	}
	return err
}

// The processes also race to make the file.
func TestProcessesLoseNoUpdate(t *testing.T) {
	const processes, each = 8, 100
	path := filepath.Join(t.TempDir(), "wechat.db")
	var cmds []*exec.Cmd
	for range processes {
		cmd, _ := spawn(t, "count", path, strconv.Itoa(each))
		cmds = append(cmds, cmd)
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Errorf("a process: %v", err)
		}
	}
	r, err := open(t, path).Get(t.Context(), "wx/counter")
	if want := strconv.Itoa(processes * each); err != nil || string(r.Value) != want {
		t.Errorf("%d processes counted to %s, %v, want %s", processes, r.Value, err, want)
	}
}
