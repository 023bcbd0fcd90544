package runtime_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func TestRunEntrySaysEverything(t *testing.T) {
	b := start(t, updates).run(response("r1", 1, 9, "2026-11-20T14:03:00Z"))
	b.expectRows(`update Contact ` + contactID(1) + ` {"NPS__c":9}`)
	r := b.of("r1")
	if r.Outcome != store.Synced || r.Rule != "Answers" || r.RuleFile != "rules.sfsync" || r.RuleLine != 1 || r.Attempts != 1 || r.APICalls != 1 ||
		r.Trigger == "" || r.Started.IsZero() || r.Ended.IsZero() || r.Time.Hour() != 14 {
		t.Errorf("run %+v", r)
	}
	w := r.Writes[0]
	if w.Op != "update" || w.Object != "Contact" || w.RecordID != contactID(1) || w.Outcome != store.Synced || w.Attempts != 1 {
		t.Errorf("write %+v", w)
	}
	f := w.Fields[0]
	if f.Name != "NPS__c" || string(f.Value) != "9" || f.File != "rules.sfsync" || f.Line != 4 || f.Source != "answers.nps" {
		t.Errorf("field %+v", f)
	}
}

func TestSubmitAnswersEachEvent(t *testing.T) {
	b := start(t, updates)
	got := b.submit(response("a", 1, 1), `{"id":"x"}`, response("a", 1, 1), "{", response("b", 1, 2))
	want := []runtime.Status{runtime.Accepted, runtime.Rejected, runtime.Duplicate, runtime.Rejected, runtime.Accepted}
	for i, s := range got {
		if s.Status != want[i] || (s.Status == runtime.Rejected) != (s.Reason != "") {
			t.Errorf("event %d: %+v, want %s", i, s, want[i])
		}
	}
	b.drain()
	if again := b.submit(response("a", 1, 1)); again[0].Status != runtime.Duplicate {
		t.Errorf("a second delivery is %s", again[0].Status)
	}
	b.run()
	b.expectRows(`update Contact `+contactID(1)+` {"NPS__c":1}`, `update Contact `+contactID(1)+` {"NPS__c":2}`)
}

func TestWritesOfOneRecordKeepTheirOrder(t *testing.T) {
	b := start(t, updates+"\nrule Twice\non survey response\nupdate Contact where Id = profile.contact\n set Copy__c = answers.nps\n")
	b.org.latency = 200 * time.Microsecond
	var events []string
	for i := range 300 {
		events = append(events, response(fmt.Sprint("r", i), i%7, i%100))
	}
	b.run(events...)
	last := map[string]int{}
	for _, s := range b.org.rows {
		var n, place int
		if _, err := fmt.Sscanf(s.body, `{"NPS__c":%d}`, &n); err != nil {
			if _, err := fmt.Sscanf(s.body, `{"Copy__c":%d}`, &n); err != nil {
				t.Fatal(s)
			}
			place = 1
		}
		key := s.row.ID
		// The values of one contact go i, i+7, … modulo 100, each first as NPS__c.
		if prev, ok := last[key]; ok {
			want := prev + 1
			if want%2 == 0 {
				if n != (prev/2+7)%100 || place != 0 {
					t.Fatalf("%s: %d after %d", key, n, prev/2)
				}
			} else if n != prev/2 || place != 1 {
				t.Fatalf("%s: copy of %d after %d", key, n, prev/2)
			}
		}
		last[key] = n*2 + place
	}
	if len(b.org.rows) != 600 || len(b.org.overlap) > 0 {
		t.Errorf("%d rows, in two calls at once: %v", len(b.org.rows), b.org.overlap)
	}
}

func TestBatches(t *testing.T) {
	b := start(t, updates)
	var events []string
	for i := range 1000 {
		events = append(events, response(fmt.Sprint("r", i), i, 1))
	}
	b.org.latency = 5 * time.Millisecond
	b.run(events...)
	if n := b.org.numCalls(); n > 12 {
		t.Errorf("%d calls for 1,000 writes: %v", n, b.org.calls)
	}
	calls := 0
	for _, r := range b.runs() {
		calls += r.APICalls
	}
	if calls != b.org.numCalls() {
		t.Errorf("the run log counts %d calls of %d", calls, b.org.numCalls())
	}
}

func TestLockHealsAndHoldsUpOnlyItsRecord(t *testing.T) {
	b := start(t, updates)
	tries := 0
	b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
		if r.ID == contactID(1) && tries < 3 {
			tries++
			return locked()
		}
		return nil
	}
	b.run(response("a", 1, 1), response("b", 2, 2), response("c", 1, 3), response("d", 3, 4))
	lines := b.org.lines()
	at := func(s string) int {
		for i, l := range lines {
			if strings.Contains(l, s) {
				return i
			}
		}
		t.Fatalf("%s is missing in %v", s, lines)
		return 0
	}
	if len(lines) != 4 || at(`"NPS__c":1}`) > at(`"NPS__c":3}`) || at(`"NPS__c":2}`) > at(`"NPS__c":1}`) || at(`"NPS__c":4}`) > at(`"NPS__c":1}`) {
		t.Errorf("got %v", lines)
	}
	if r := b.of("a"); r.Outcome != store.Synced || r.Attempts != 4 || r.Writes[0].Cause != "" {
		t.Errorf("run %+v", r)
	}
}

func TestOutcomes(t *testing.T) {
	validation := &salesforce.Error{Cause: salesforce.ValidationRule, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", Message: "no"}
	busy := &salesforce.Error{Cause: salesforce.Unavailable, Code: "UNKNOWN_EXCEPTION", HTTPStatus: 500}
	for name, c := range map[string]struct {
		rules   string
		err     *salesforce.Error
		times   int // that it strikes; 0 for always
		outcome store.Outcome
		cause   string
		sent    int // rows that took effect
	}{
		"permanent stops at once":           {updates, validation, 0, store.Failed, "validation_rule", 0},
		"a lock that stays is given up":     {updates, locked(), 0, store.Failed, "record_locked", 0},
		"an internal error is given up":     {updates, busy, 0, store.Failed, "unavailable", 0},
		"a lost answer of a create":         {creates, lost(), 1, store.InDoubt, "network", 1},
		"a lost answer of an update":        {updates, lost(), 1, store.Synced, "", 2},
		"a create that was refused is sent": {creates, locked(), 2, store.Synced, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, c.rules)
			n := 0
			b.org.row = func(salesforce.Op, salesforce.Row) *salesforce.Error {
				if n++; c.times > 0 && n > c.times {
					return nil
				}
				return c.err
			}
			b.run(response("r", 1, 5))
			r := b.of("r")
			if r.Outcome != c.outcome || r.Cause != c.cause || len(b.org.rows) != c.sent {
				t.Errorf("%s (%s), %d rows sent: %+v", r.Outcome, r.Cause, len(b.org.rows), r)
			}
			if (c.outcome == store.Synced) != (r.Advice == "") || c.outcome != store.Synced && r.Reason == "" {
				t.Errorf("reason %q, advice %q", r.Reason, r.Advice)
			}
		})
	}
}

func TestGravestOutcomeWins(t *testing.T) {
	b := start(t, "rule Both\non survey response\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\nupdate Contact where Id = profile.nobody\n set NPS__c = 1\ncreate Case if answers.nps > 9\n set Score__c = 1\n")
	b.run(response("r", 1, 5))
	r := b.of("r")
	if r.Outcome != store.Failed || r.Cause != "record_not_found" || r.Advice == "" || len(r.Writes) != 3 ||
		r.Writes[0].Outcome != store.Synced || r.Writes[1].Outcome != store.Failed || r.Writes[2].Outcome != store.Skipped {
		t.Errorf("run %+v", r)
	}
}

func TestEveryEventShows(t *testing.T) {
	b := start(t, "rule One\non survey response s if answers.nps > 5\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\n")
	other := strings.Replace(response("other", 1, 9), `{"id":"s"}`, `{"id":"t"}`, 1)
	b.run(other, response("guarded", 1, 1), message("om", caseID, ""))
	for event, want := range map[string]string{"other": "no rule", "guarded": "guard", "om": "no rule"} {
		if r := b.of(event); r.Outcome != store.Skipped || !strings.Contains(r.Reason, want) {
			t.Errorf("%s: %s, %q", event, r.Outcome, r.Reason)
		}
	}
}

func TestChildWaitsForItsParent(t *testing.T) {
	b := start(t, `
rule Family
on survey response
upsert Account where Key__c = response.id
  set Name: A
create Case
  set Account__r.Key__c = response.id
create Task
  set Subject: no parent
`)
	b.org.latency = 2 * time.Millisecond
	n := 0
	b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
		if r.Object == "Account" && n < 2 {
			n++
			return locked()
		}
		return nil
	}
	b.run(response("r", 1, 5))
	b.expectRows(`create Task {"Subject":"no parent"}`, `upsert Account r {"Name":"A"}`, `create Case {"Account__r":{"Key__c":"r"}}`)
	if r := b.of("r"); r.Outcome != store.Synced {
		t.Errorf("run %+v", r)
	}
}

func TestPlanIsSwapped(t *testing.T) {
	b := start(t, updates).run(response("a", 1, 1))
	b.engine.SetPlan(compile(t, "rule New\non survey response\nupdate Contact where Id = profile.contact\n set New__c = answers.nps\n"))
	b.run(response("b", 1, 2))
	b.expectRows(`update Contact `+contactID(1)+` {"NPS__c":1}`, `update Contact `+contactID(1)+` {"New__c":2}`)
}

func TestRunStopsAndSubmitWakesIt(t *testing.T) {
	done := make(chan string, 10)
	b := start(t, updates, func(c *runtime.Config) {
		c.Observe = func(r runtime.Report) { done <- r.Event + " " + string(r.Runs[0].Outcome) }
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- b.engine.Run(ctx) }()
	for i := range 3 {
		b.submit(response(fmt.Sprint("r", i), i, 1))
		if got, want := <-done, fmt.Sprintf("ev/r%d synced", i); got != want {
			t.Errorf("observed %q, want %q", got, want)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestBoundedMemoryStreamsABacklog(t *testing.T) {
	var most, now atomic.Int64
	b := start(t, updates, func(c *runtime.Config) { c.MaxWrites = 100 })
	b.org.call = func(_ salesforce.Op, rows []salesforce.Row) *salesforce.Error {
		most.Store(max(most.Load(), now.Add(int64(len(rows)))))
		time.Sleep(time.Millisecond)
		now.Add(-int64(len(rows)))
		return nil
	}
	var events []string
	for i := range 3000 {
		events = append(events, response(fmt.Sprint("r", i), i, 1))
	}
	b.run(events...)
	if len(b.org.rows) != 3000 || most.Load() > 100 {
		t.Errorf("%d rows, at most %d at once", len(b.org.rows), most.Load())
	}
}
