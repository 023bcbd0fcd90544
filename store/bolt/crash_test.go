package bolt_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// crashDir makes the test binary a writer to be killed, instead of running tests.
const crashDir = "SFSYNC_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		writeUntilKilled(dir)
	}
	os.Exit(m.Run())
}

// writeUntilKilled appends from several goroutines and prints what is
// acknowledged, one line each, while another settles and prints that.
func writeUntilKilled(dir string) {
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(3)
	}
	ctx := context.Background()
	start := time.Now().UnixNano()
	var mu sync.Mutex
	say := func(format string, args ...any) {
		line := fmt.Appendf(nil, format+"\n", args...)
		mu.Lock()
		os.Stdout.Write(line)
		mu.Unlock()
	}
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%d/%d/%d", start, w, i)
				if _, err := s.Append(ctx, []store.Event{{ID: id, Key: id, Body: bytes.Repeat([]byte(id), 20)}}); err != nil {
					say("error %v", err)
					os.Exit(3)
				}
				say("appended %s", id)
			}
		}()
	}
	claims, err := s.Claims(ctx, "child")
	if err != nil {
		say("error %v", err)
		os.Exit(3)
	}
	for c := range claims {
		go func() {
			for {
				items, _, err := c.Next(ctx, 10)
				if err != nil {
					say("error %v", err)
					os.Exit(3)
				}
				if len(items) == 0 {
					<-c.Ready()
					continue
				}
				for _, item := range items {
					say("seen %s", item.ID)
					run := store.Run{Rule: "r", Outcome: store.Synced}
					if err := c.Settle(ctx, store.Settlement{Seq: item.Seq, Do: store.Done, Runs: []store.Run{run}}); err != nil {
						say("error %v", err)
						os.Exit(3)
					}
					say("settled %s", item.ID)
				}
			}
		}()
	}
	select {}
}

// TestKill kills a process in the middle of its writes, again and again over the
// same files: no event it acknowledged may be missing, none may have two
// outcomes, and none it settled may come back.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a killed process may leave its files locked for a while")
	}
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	dir := t.TempDir()
	appended, settled := map[string]bool{}, map[string]bool{}
	for round := range rounds {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), crashDir+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		n, limit := 0, 300+round*137
		for lines.Scan() {
			word, id, _ := strings.Cut(lines.Text(), " ")
			switch word {
			case "appended":
				appended[id] = true
			case "settled":
				if settled[id] {
					t.Errorf("%s was settled twice", id)
				}
				settled[id] = true
			case "seen":
				if settled[id] {
					t.Errorf("%s was handed out after it was settled", id)
				}
			default:
				t.Errorf("the writer says: %s", lines.Text())
			}
			if n++; n == limit {
				child.Process.Kill() // and read on: what is in the pipe was said before
			}
		}
		child.Wait()
		if t.Failed() {
			return
		}
	}

	s := openWith(t, dir, bolt.Options{})
	outcomes := map[string]int{}
	for r, err := range s.Runs().List(t.Context(), store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		outcomes[r.Event]++
	}
	queued := map[string]bool{}
	claims, err := s.Claims(t.Context(), "parent")
	if err != nil {
		t.Fatal(err)
	}
	for range store.Partitions {
		items, _, err := (<-claims).Next(t.Context(), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			if want := strings.Repeat(item.ID, 20); string(item.Body) != want {
				t.Errorf("the body of %s has changed", item.ID)
			}
			queued[item.ID] = true
		}
	}
	for id := range appended {
		if (outcomes[id] == 1) == queued[id] || outcomes[id] > 1 {
			t.Errorf("%s has %d outcomes, queued %v", id, outcomes[id], queued[id])
		}
		if receipts, err := s.Append(t.Context(), []store.Event{{ID: id, Key: id}}); err != nil || !receipts[0].Duplicate {
			t.Fatalf("%s is not known any more: %+v, %v", id, receipts, err)
		}
	}
	for id := range settled {
		if outcomes[id] != 1 {
			t.Errorf("%s was settled and has %d outcomes", id, outcomes[id])
		}
	}
	t.Logf("%d kills, %d acknowledged, %d settled, %d outcomes, %d queued", rounds, len(appended), len(settled), len(outcomes), len(queued))
	if len(appended) < rounds*50 || len(settled) == 0 {
		t.Error("the writer wrote too little to prove anything")
	}
}
