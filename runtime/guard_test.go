package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

const messages = `
rule Status
on outbound message Case
update Case where Id = record.Id
  set Seen__c = event.id
when Sent, Failed
  update Case where Id = record.Id
    set Survey_Status__c = distribution.status
`

func TestStatusJoinsItsMessage(t *testing.T) {
	for name, c := range map[string]struct{ first, second, of string }{
		"message first, by event":  {"message", "status", "m1"},
		"message first, by record": {"message", "status", caseID},
		"15 characters":            {"message", "status", caseID[:15]},
		"status first":             {"status", "message", "m1"},
		"status first, by record":  {"status", "message", caseID},
		"both at once":             {"both", "", "m1"},
		"both at once, turned":     {"turned", "", "m1"},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, messages)
			events := map[string][]string{
				"message": {message("m1", caseID, "")}, "status": {status("s1", c.of, "Sent")},
				"both": {message("m1", caseID, ""), status("s1", c.of, "Sent")}, "turned": {status("s1", c.of, "Sent"), message("m1", caseID, "")}, "": nil,
			}
			b.run(events[c.first]...)
			if c.first == "status" {
				if r := b.of("s1"); r.Outcome != store.Waiting || !strings.Contains(r.Reason, "has not arrived") || r.NotBefore.IsZero() {
					t.Errorf("parked %+v", r)
				}
			}
			b.reopen()
			b.run(events[c.second]...)
			b.expectRows(`update Case `+caseID+` {"Seen__c":"m1"}`, `update Case `+caseID+` {"Survey_Status__c":"Sent"}`)
			runs, err := b.store.Runs().Get(context.Background(), "ev/s1")
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range runs {
				if r.Outcome == store.Waiting || r.Rule != "" && r.Arm != "Sent, Failed" {
					t.Errorf("run %+v", r)
				}
			}
		})
	}
}

func TestStatusGivesUpAfterAWeek(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, messages, func(c *runtime.Config) { c.MaxWait = 8 * 24 * time.Hour })
		b.run(status("s1", "nothing", "Sent"))
		if r := b.of("s1"); r.Outcome != store.Failed || r.Cause != "record_not_found" || r.Advice == "" {
			t.Errorf("run %+v", r)
		}
		b.store.Close()
	})
}

func TestStaleNewsIsSkipped(t *testing.T) {
	b := start(t, updates)
	b.run(response("new", 1, 9, "2026-11-20T14:00:00Z"), response("old", 1, 1, "2026-11-20T13:00:00Z"),
		response("old elsewhere", 2, 2, "2026-11-20T13:00:00Z"), response("timeless", 1, 3))
	if r := b.of("old"); r.Outcome != store.Skipped || !strings.Contains(r.Reason, "2026-11-20T14:00:00Z") {
		t.Errorf("run %+v", r)
	}
	b.reopen() // it is remembered
	b.run(response("older", 1, 4, "2026-11-20T13:59:59Z"), response("same", 1, 5, "2026-11-20T15:00:00+01:00"))
	if r := b.of("older"); r.Outcome != store.Skipped {
		t.Errorf("run %+v", r)
	}
	if got := len(b.org.lines()); got != 4 {
		t.Errorf("%d rows: %v", got, b.org.lines())
	}
}

// A wrong date does not keep later news from its record.
func TestNewsFromTheFuture(t *testing.T) {
	b := start(t, updates)
	b.run(response("wrong", 1, 9, "2199-11-20T14:00:00Z"), response("right", 1, 1, "2026-11-20T13:00:00Z"), response("late", 1, 2, "2026-11-20T12:00:00Z"))
	if r := b.of("right"); r.Outcome != store.Synced {
		t.Errorf("run %+v", r)
	}
	if r := b.of("late"); r.Outcome != store.Skipped || !strings.Contains(r.Reason, "2026-11-20T13:00:00Z") {
		t.Errorf("run %+v", r)
	}
}

func TestOwnEchoIsSkipped(t *testing.T) {
	b := start(t, messages).run(
		message("mine", caseID, `,"LastModifiedById":"005000000000001"`),
		message("other", caseID, `,"LastModifiedById":"005000000000002AAA"`))
	b.expectRows(`update Case ` + caseID + ` {"Seen__c":"other"}`)
	if r := b.of("mine"); r.Outcome != store.Skipped || !strings.Contains(r.Reason, "own echo") {
		t.Errorf("run %+v", r)
	}
}

func TestLoopBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, messages, func(c *runtime.Config) { c.LoopRuns = 3; c.LoopWindow = time.Minute })
		var events []string
		for i := range 5 {
			events = append(events, message(fmt.Sprint("m", i), caseID, ""))
		}
		b.run(append(events, message("quiet", "500000000000002AAA", ""))...)
		if n := len(b.org.lines()); n != 4 {
			t.Errorf("%d rows: %v", n, b.org.lines())
		}
		if r := b.of("m3"); r.Outcome != store.Waiting || r.Why != store.WhyLoopBreaker || r.Writes[0].Why != store.WhyLoopBreaker || r.NotBefore.Before(time.Now()) {
			t.Errorf("run %+v", r)
		}
		time.Sleep(2 * time.Minute)
		b.run()
		if r := b.of("m4"); r.Outcome != store.Synced || len(b.org.lines()) != 6 {
			t.Errorf("%d rows, run %+v", len(b.org.lines()), r)
		}
		b.store.Close()
	})
}

func TestQuotaWaitsAndLooksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates)
		b.org.usage = salesforce.Usage{Used: 81, Max: 100, At: time.Now()}
		b.run(response("r", 1, 1))
		r := b.of("r")
		if r.Outcome != store.Waiting || r.Cause != "rate_limited" || !strings.Contains(r.Reason, "81 of the org's 100") || time.Until(r.NotBefore) < 14*time.Minute {
			t.Errorf("run %+v", r)
		}
		b.org.call = func(salesforce.Op, []salesforce.Row) *salesforce.Error {
			b.org.mu.Lock()
			b.org.usage = salesforce.Usage{Used: 70, Max: 100, At: time.Now()}
			b.org.mu.Unlock()
			return nil
		}
		time.Sleep(20 * time.Minute)
		b.run(response("r2", 2, 2))
		if r := b.of("r"); r.Outcome != store.Synced || len(b.org.lines()) != 2 {
			t.Errorf("run %+v", r)
		}
		b.store.Close()
	})
}

func TestConnectionTroubleHoldsAllAndBurnsNothing(t *testing.T) {
	for name, trouble := range map[string]*salesforce.Error{
		"auth":        {Cause: salesforce.Auth, Code: "INVALID_SESSION_ID", HTTPStatus: 401, Whole: true},
		"daily limit": {Cause: salesforce.RateLimited, Code: "REQUEST_LIMIT_EXCEEDED", Message: "TotalRequests Limit exceeded.", HTTPStatus: 403, Whole: true},
		"unavailable": {Cause: salesforce.Unavailable, HTTPStatus: 503, Whole: true, InDoubt: true},
		"network":     {Cause: salesforce.Network, Whole: true, InDoubt: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, updates, func(c *runtime.Config) { c.Pace = nil; c.MaxWait = 12 * time.Hour })
				healed := time.Now().Add(2 * time.Hour)
				b.org.call = func(salesforce.Op, []salesforce.Row) *salesforce.Error {
					if time.Now().Before(healed) {
						return trouble
					}
					return nil
				}
				var events []string
				for i := range 200 {
					events = append(events, response(fmt.Sprint("r", i), i%50, i%100))
				}
				b.run(events...)
				for _, r := range b.runs() {
					if r.Outcome != store.Synced {
						t.Fatalf("run %+v", r)
					}
				}
				last := map[string]string{}
				for _, s := range b.org.rows {
					last[s.row.ID] = s.body
				}
				for i := 150; i < 200; i++ {
					if got, want := last[contactID(i%50)], fmt.Sprintf(`{"NPS__c":%d}`, i%100); got != want {
						t.Errorf("contact %d ends with %s, want %s", i%50, got, want)
					}
				}
				if n := b.org.numCalls(); n > 150 {
					t.Errorf("%d calls", n)
				}
				b.store.Close()
			})
		})
	}
}

func TestConnectionThatCannotBeHad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ready := false
		b := start(t, updates, func(c *runtime.Config) { c.Pace = nil })
		b.config.Org = func(context.Context, string) (runtime.Org, error) {
			if !ready {
				return runtime.Org{}, errDown
			}
			return runtime.Org{Client: b.org}, nil
		}
		b.reopen()
		b.run(response("r", 1, 1))
		if r := b.of("r"); r.Outcome != store.Waiting || r.Cause != "auth" || r.Reason != errDown.Error() {
			t.Errorf("run %+v", r)
		}
		ready = true
		time.Sleep(time.Hour)
		b.run()
		if r := b.of("r"); r.Outcome != store.Synced {
			t.Errorf("run %+v", r)
		}
		b.store.Close()
	})
}
