package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// Two writes of one event to one record keep their order when the first is put off, as
// those of two events do.
func TestWritesOfOneEventToOneRecordKeepTheirOrder(t *testing.T) {
	rules := "rule One\non survey response\nupdate Contact where Id = profile.contact\n set Stage__c: asked\n\n" +
		"rule Two\non survey response\nupdate Contact where Id = profile.contact\n set Stage__c: answered\n"
	for name, wait := range map[string]time.Duration{"retried soon": time.Millisecond, "retried after a restart": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := start(t, rules, func(c *runtime.Config) {
					c.Pace = func(e *salesforce.Error) salesforce.Retry {
						r := e.Retry()
						r.First, r.Max, r.For = wait, wait, 0
						return r
					}
				})
				refused := 0
				b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
					if strings.Contains(string(r.Body), "asked") && refused < 2 {
						refused++
						return locked()
					}
					return nil
				}
				b.run(response("r", 1, 5))
				for range 3 {
					time.Sleep(2 * wait)
					b.reopen()
					b.drain()
				}
				b.expectRows(`update Contact `+contactID(1)+` {"Stage__c":"asked"}`, `update Contact `+contactID(1)+` {"Stage__c":"answered"}`)
				for _, r := range b.runs() {
					if r.Outcome != store.Synced {
						t.Errorf("run %+v", r)
					}
				}
				b.store.Close()
			})
		})
	}
}

// How long a failure may last counts from when it first happened, not from when the
// write began to wait for something else.
func TestPatienceCountsFromTheFailureItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &faulty{err: signedOut()}
		b := start(t, updates, func(c *runtime.Config) { c.Pace = nil; c.MaxWait = time.Hour })
		b.org.call = f.call
		refused := 0
		b.org.row = func(salesforce.Op, salesforce.Row) *salesforce.Error {
			if refused++; refused == 1 {
				return locked()
			}
			return nil
		}
		stop := b.serve()
		b.submit(response("r", 1, 5))
		time.Sleep(5 * time.Hour)
		f.set(nil)
		time.Sleep(2 * time.Hour)
		if r := b.of("r"); r.Outcome != store.Synced {
			t.Errorf("%s: %s", r.Outcome, r.Reason)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}

// What waited behind a write goes on as soon as that one is given up.
func TestDiscardLetsThoseBehindGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, running := range []bool{true, false} {
			b := waiting(t)
			b.run(response("r2", 1, 8), response("r3", 1, 9))
			if r := b.runs(); r[len(r)-1].Why != store.WhyEarlierWrite {
				t.Fatalf("run %+v", r)
			}
			b.reopen()
			discard := b.engine.Discard
			stop := func() error { return nil }
			if running {
				stop = b.serve()
			} else {
				discard = func(ctx context.Context, events []string, reason string) ([]runtime.Discarded, error) {
					return runtime.Discard(ctx, b.store, events, reason)
				}
			}
			if answers, err := discard(t.Context(), []string{"ev/r1"}, "x"); err != nil || answers[0].Reason != "" {
				t.Fatalf("%+v, %v", answers, err)
			}
			if !running {
				b.reopen()
				stop = b.serve()
			}
			time.Sleep(time.Second)
			for _, r := range b.runs() {
				if r.Event != "ev/r1" && r.Outcome != store.Synced {
					t.Errorf("%s: %s: %s, for %s", r.Event, r.Outcome, r.Reason, time.Until(r.NotBefore))
				}
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			b.store.Close()
		}
	})
}

// Messages that have waited for other reasons are no loop.
func TestLoopBreakerCountsItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, messages, func(c *runtime.Config) { c.LoopRuns = 3; c.LoopWindow = time.Minute; c.MaxWait = time.Hour })
		var events []string
		for i := range 8 {
			events = append(events, message(fmt.Sprint("m", i), caseID, ""))
		}
		b.submit(events...)
		time.Sleep(50 * time.Hour) // nobody was there to run them
		b.reopen()
		b.drain()
		for _, r := range b.runs() {
			if r.Outcome != store.Synced {
				t.Errorf("%s: %s: %s", r.Event, r.Outcome, r.Reason)
			}
		}
		b.store.Close()
	})
}

// What is on disk of an event that is half done includes the news that it brought.
func TestNewsOfAHalfDoneEventIsRemembered(t *testing.T) {
	b := start(t, updates+"\nrule Cases\non survey response\ncreate Case\n set Score__c = answers.nps\nupdate Account where Id = vars.account\n set Last__c = answers.nps\n")
	const account = "001000000000001AAA"
	at := func(id string, nps int, when string) string {
		return fmt.Sprintf(`{"id":%q,"type":"survey.response","time":%q,"response":{"id":%q},"answers":{"nps":%d},"profile":{"contact":%q},"vars":{"account":%q}}`, id, when, id, nps, contactID(1), account)
	}
	b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
		if r.ID == account {
			return locked()
		}
		return nil
	}
	saved := make(chan struct{})
	b.org.call = func(op salesforce.Op, rows []salesforce.Row) *salesforce.Error {
		if rows[0].ID == account {
			<-saved
			b.crash()
		}
		return nil
	}
	go func() {
		defer close(saved)
		for range 500 { // until the note is on disk that the create was done
			time.Sleep(time.Millisecond)
			if b.org.numCalls() == 3 {
				time.Sleep(50 * time.Millisecond)
				return
			}
		}
	}()
	b.submit(at("new", 9, "2026-11-20T14:00:00Z"))
	_ = b.engine.Drain(t.Context())
	b.org.call, b.org.row = nil, nil
	b.open()
	b.run(at("old", 1, "2026-11-20T13:00:00Z"))
	for _, line := range b.org.lines() {
		if strings.Contains(line, `{"NPS__c":1}`) {
			t.Errorf("stale news was written: %v", b.org.lines())
		}
	}
}

// Of two messages of one record, statuses of the record are about the later one,
// whichever took longer.
func TestStatusIsOfTheLatestMessage(t *testing.T) {
	rules := "rule Status\non outbound message Case\nupdate Account where Id = record.AccountId if record.Slow\n set Seen__c = event.id\nwhen Sent\n update Case where Id = record.Id\n set Of__c = record.Nth\n"
	nth := func(id string, n int, slow bool) string {
		return message(id, caseID, fmt.Sprintf(`,"Nth":%d,"Slow":%t,"AccountId":"001000000000001AAA"`, n, slow))
	}
	for name, refusals := range map[string]int{"slow": 0, "put off": 3} {
		t.Run(name, func(t *testing.T) {
			b := start(t, rules)
			b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
				if r.Object == "Account" {
					time.Sleep(20 * time.Millisecond)
					if refusals--; refusals >= 0 {
						return locked()
					}
				}
				return nil
			}
			b.run(nth("m1", 1, true), nth("m2", 2, false))
			b.run(status("s", caseID, "Sent"))
			if lines := b.org.lines(); lines[len(lines)-1] != `update Case `+caseID+` {"Of__c":2}` {
				t.Errorf("org got %v", lines)
			}
		})
	}
}

// Dates that no clock shows are no news, and break nothing.
func TestTimesBeyondAllClocks(t *testing.T) {
	b := start(t, updates)
	b.run(response("now", 1, 1, "2026-11-20T14:00:00Z"))
	for i, when := range []string{"9999-12-31T23:59:59-23:00", "0000-01-01T00:00:00+23:00", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2400-01-01T00:00:00Z"} {
		id := fmt.Sprint("r", i)
		b.run(response(id, 1, i, when))
		if r := b.of(id); r.Outcome != store.Synced {
			t.Errorf("%s: %s: %s", when, r.Outcome, r.Reason)
		}
	}
}

// A record that very many events write holds up those events, and no others.
func TestBusyRecordHoldsNobodyElseUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, updates, func(c *runtime.Config) { c.MaxWrites = 200 })
		b.org.latency = 200 * time.Millisecond
		stop := b.serve()
		var events []string
		for i := range 600 {
			events = append(events, response(fmt.Sprint("busy", i), 1, i))
		}
		b.submit(events...)
		time.Sleep(time.Second)
		b.submit(response("other", 2, 1))
		time.Sleep(5 * time.Second)
		if r := b.of("other"); r.Outcome != store.Synced {
			t.Errorf("%s: %s", r.Outcome, r.Reason)
		}
		time.Sleep(time.Hour)
		rows := b.org.lines()
		if len(rows) != 601 {
			t.Errorf("%d writes took effect", len(rows))
		}
		last := -1
		for _, s := range b.org.rows {
			if s.row.ID == contactID(1) {
				n := int(gjson.Get(s.body, "NPS__c").Int())
				if n <= last {
					t.Fatalf("%d after %d", n, last)
				}
				last = n
			}
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}
