package prooftest

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// TestHundredThousandDuplicates sends the same events over and over. The sender sees
// that each was there before; nobody else sees anything, and nothing grows.
func TestHundredThousandDuplicates(t *testing.T) {
	copies := 100_000
	if raceEnabled {
		copies = 20_000
	}
	org := simulate(t, orgsim.Options{DailyLimit: -1})
	ids := contacts(t, org, 100)
	d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Real: true})
	d.change = func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "GOGC=100") } // so that garbage does not hide what grows
	d.run()
	l := newLoad(t, org, d)
	address, _ := d.address(t.Context())
	response := fmt.Sprintf(`{"id":"one","type":"survey.response","response":{"id":"one"},"profile":{"contact":%q},"vars":{"value":"one","case":true}}`+"\n", ids[0])
	var list []notification
	for i, id := range ids {
		list = append(list, notification{salesforceID("04l", i), salesforceID("500", i), [][2]string{{"ContactId", id}, {"Subject", fmt.Sprint("value ", i)}}})
	}
	if !l.post(address+"/v1/events", response, 1) || !l.post(address+"/soap/default", message(list), len(list)) {
		t.Fatal("the first are not accepted")
	}
	d.drain(30 * time.Second)
	before, _ := d.status("")
	calls := org.Stats().APIUsed

	events, messages := strings.Repeat(response, 100), message(list)
	begun := time.Now()
	var left atomic.Int64
	left.Store(int64(copies / 100))
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				path, body := "/v1/events", events
				if n%2 == 0 {
					path, body = "/soap/default", messages
				}
				if !l.post(address+path, body, 100) {
					t.Error("a duplicate is not acknowledged")
					return
				}
			}
		})
	}
	senders.Wait()
	elapsed := time.Since(begun)
	after, _ := d.status("")
	t.Logf("%d duplicates in %s; the heap went from %s to %s, the store from %d to %d bytes", copies, elapsed.Round(time.Millisecond), mb(before.Heap), mb(after.Heap), before.Used, after.Used)
	if after.Queued != 0 || after.Used > before.Used+1<<20 || after.Heap > before.Heap+50<<20 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if now := org.Stats().APIUsed; now != calls {
		t.Errorf("duplicates cost %d API calls", now-calls)
	}
	d.stop()
	runs := outcomes(t, d.set.Dir)
	if len(runs) != 101 || len(runs["ev/one"]) != 1 || len(org.Records("Case")) != 1 {
		t.Errorf("%d events have outcomes, the response %d, and %d cases were made", len(runs), len(runs["ev/one"]), len(org.Records("Case")))
	}
}
