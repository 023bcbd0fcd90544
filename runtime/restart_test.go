package runtime_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// crash closes the store under the running engine: what is on disk then is what a
// killed process leaves behind, and whatever a call does from here on is forgotten.
func (b *bench) crash() { b.store.Close() }

func TestCrashDuringCreateLeavesItInDoubt(t *testing.T) {
	b := start(t, creates)
	b.org.call = func(salesforce.Op, []salesforce.Row) *salesforce.Error {
		b.crash()
		return nil // it is created, but nobody is left to hear of it
	}
	b.submit(response("r", 1, 5))
	if err := b.engine.Drain(context.Background()); err == nil {
		t.Fatal("the engine did not notice that its store is gone")
	}
	b.org.call = nil
	b.open()
	b.drain()
	r := b.of("r")
	if r.Outcome != store.InDoubt || !strings.Contains(r.Advice, "Case") || len(b.org.rows) != 1 {
		t.Errorf("%d rows, run %+v", len(b.org.rows), r)
	}
}

// A create that was under way is not made under another name, nor forgotten, whatever
// has become of its rule, or of its event.
func TestDoubtOutlivesTheRules(t *testing.T) {
	const update = "update Contact where Id = profile.contact\n set NPS__c = answers.nps\n"
	for name, rules := range map[string]string{
		"as they were":   creates,
		"other order":    strings.Replace(creates, "create", update+"create", 1),
		"another object": strings.Replace(creates, "create Case", "create Task", 1),
		"renamed":        strings.Replace(creates, "Cases", "Complaints", 1),
		"without it":     updates,
		"none":           "rule Other\non outbound message Case\n" + strings.Replace(update, "profile.contact", "record.ContactId", 1),
		"discarded":      creates,
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, creates)
			b.org.call = func(salesforce.Op, []salesforce.Row) *salesforce.Error {
				b.crash()
				return nil
			}
			b.submit(response("r", 1, 5))
			b.engine.Drain(context.Background())
			b.org.call = nil
			b.config.Plan = compile(t, strings.ReplaceAll(rules, "answers.nps", "3"))
			b.open()
			if name == "discarded" {
				if answers, err := runtime.Discard(t.Context(), b.store, []string{"ev/r"}, "not wanted"); err != nil || answers[0].Reason != "" {
					t.Fatalf("%+v, %v", answers, err)
				}
			}
			b.drain()
			doubts := 0
			for _, r := range b.runs() {
				if r.Outcome == store.InDoubt {
					doubts++
					if !strings.Contains(r.Reason, "does not know whether") || r.Advice == "" {
						t.Errorf("run %+v", r)
					}
				}
			}
			n := 0
			for _, line := range b.org.lines() {
				if strings.HasPrefix(line, "create") {
					n++
				}
			}
			if doubts != 1 || n != 1 {
				t.Errorf("%d runs are in doubt, %d records were created: %+v", doubts, n, b.runs())
			}
		})
	}
}

func TestCrashDuringUpdateRepeatsIt(t *testing.T) {
	b := start(t, updates)
	b.org.call = func(salesforce.Op, []salesforce.Row) *salesforce.Error {
		b.crash()
		return nil
	}
	b.submit(response("r", 1, 5))
	b.engine.Drain(context.Background())
	b.org.call = nil
	b.open()
	b.drain()
	b.expectRows(`update Contact `+contactID(1)+` {"NPS__c":5}`, `update Contact `+contactID(1)+` {"NPS__c":5}`)
	if r := b.of("r"); r.Outcome != store.Synced {
		t.Errorf("run %+v", r)
	}
}

func TestWaitingWriteHoldsItsRecordAcrossRestarts(t *testing.T) {
	b := start(t, updates, func(c *runtime.Config) { c.MaxWait = -1 })
	b.org.row = func(salesforce.Op, salesforce.Row) *salesforce.Error { return locked() }
	b.config.Pace = func(e *salesforce.Error) salesforce.Retry {
		r := e.Retry()
		r.First, r.Max = 3e9, 3e9 // longer than the steps before the last one take
		return r
	}
	b.reopen()
	b.run(response("first", 1, 1))
	b.org.row = nil
	b.reopen()
	b.run(response("second", 1, 2), response("other", 2, 3))
	b.expectRows(`update Contact ` + contactID(2) + ` {"NPS__c":3}`)
	if r := b.of("second"); r.Outcome != store.Waiting || !strings.Contains(r.Reason, "earlier write") {
		t.Errorf("run %+v", r)
	}
	b.config.MaxWait = 30e9
	b.reopen()
	b.drain()
	b.expectRows(`update Contact `+contactID(2)+` {"NPS__c":3}`, `update Contact `+contactID(1)+` {"NPS__c":1}`, `update Contact `+contactID(1)+` {"NPS__c":2}`)
	for entry, err := range b.store.Marks().List(context.Background(), "hold/") {
		t.Errorf("%s is left behind (%v)", entry.Key, err)
	}
}

func TestRetryDoesNotRepeatWhatWasDone(t *testing.T) {
	b := start(t, "rule Both\non survey response\ncreate Case\n set Score__c = answers.nps\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\n")
	n := 0
	b.org.row = func(op salesforce.Op, _ salesforce.Row) *salesforce.Error {
		if op == salesforce.Update && n < 2 {
			n++
			return locked()
		}
		return nil
	}
	b.run(response("r", 1, 5))
	b.engine.SetPlan(compile(t, creates)) // what has begun ends as it began
	b.drain()
	b.expectRows(`create Case {"Score__c":5}`, `update Contact `+contactID(1)+` {"NPS__c":5}`)
	if r := b.of("r"); r.Outcome != store.Synced || r.Attempts != 3 || len(r.Writes) != 2 || !r.Writes[0].Created || r.Writes[0].RecordID == "" {
		t.Errorf("run %+v", r)
	}
}

func TestStopPutsProgressOnDisk(t *testing.T) {
	b := start(t, "rule Both\non survey response\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\nupdate Contact where Id = profile.contact\n set Copy__c = answers.nps\ncreate Case\n set Score__c = answers.nps\n")
	ctx, stop := context.WithCancel(context.Background())
	b.org.call = func(op salesforce.Op, _ []salesforce.Row) *salesforce.Error { stop(); return nil }
	b.submit(response("r", 1, 5))
	if err := b.engine.Run(ctx); err != nil {
		t.Fatal(err)
	}
	b.org.call = nil
	b.reopen()
	b.drain()
	if n := len(b.org.rows); n != 3 {
		t.Errorf("%d rows: %v", n, b.org.lines())
	}
	if r := b.of("r"); r.Outcome != store.Synced {
		t.Errorf("run %+v", r)
	}
}

// TestCrashes runs events with failures of all kinds and with crashes, and holds the
// result against what was promised: every record ends as the last event that wrote
// it says, between two crashes writes to a record never go back, no create is
// sent twice, and every event has one final outcome for each of its rules.
func TestCrashes(t *testing.T) {
	seeds := 8
	if testing.Short() {
		seeds = 2
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { crashes(t, seed) })
	}
}

func crashes(t *testing.T, seed uint64) {
	b := start(t, updates+"\nrule Order\non survey response\nupsert Order__c where Key__c = vars.order\n set Last__c = response.id\ncreate Case if vars.third\n set Subject = response.id\n")
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 7))
	epoch := 0
	type effect struct {
		epoch int
		body  string
	}
	effects := map[string][]effect{}
	created := map[string]int{}
	crashAt := 3 + rng.IntN(20)
	calls := 0
	b.org.row = func(op salesforce.Op, r salesforce.Row) *salesforce.Error {
		mu.Lock()
		defer mu.Unlock()
		n := rng.IntN(40)
		switch {
		case n < 4:
			return locked()
		case op == salesforce.Create:
			created[string(r.Body)]++
		default:
			effects[recordOf(r)] = append(effects[recordOf(r)], effect{epoch, string(r.Body)})
		}
		if n == 4 {
			return lost() // what it did is done
		}
		return nil
	}
	b.org.call = func(salesforce.Op, []salesforce.Row) *salesforce.Error {
		mu.Lock()
		calls++
		now := calls == crashAt
		mu.Unlock()
		if now {
			b.crash()
		}
		return nil
	}
	const events = 120
	place := map[string]int{} // of a body for a record, in the order of acceptance
	last := map[string]string{}
	submitted := 0
	for submitted < events {
		var batch []string
		for range min(1+rng.IntN(40), events-submitted) {
			contact := rng.IntN(12)
			batch = append(batch, response(fmt.Sprint("r", submitted), contact, submitted))
			note := func(record, body string) {
				place[record+body] = submitted
				last[record] = body
			}
			note("Contact"+contactID(contact), fmt.Sprintf(`{"NPS__c":%d}`, submitted))
			note(fmt.Sprintf("Order__cKey__c%d", submitted%5), fmt.Sprintf(`{"Last__c":"r%d"}`, submitted))
			submitted++
		}
		for {
			if _, err := b.engine.Submit(context.Background(), runtime.SourceEvents, batch); err == nil {
				if err := b.engine.Drain(context.Background()); err == nil {
					break
				}
			}
			mu.Lock()
			epoch++
			crashAt = calls + 1 + rng.IntN(25)
			mu.Unlock()
			b.store.Close()
			b.open()
		}
	}
	for record, list := range effects {
		for i := 1; i < len(list); i++ {
			if list[i].epoch == list[i-1].epoch && place[record+list[i].body] < place[record+list[i-1].body] {
				t.Errorf("%s: %s after %s", record, list[i].body, list[i-1].body)
			}
		}
		if got := list[len(list)-1].body; got != last[record] {
			t.Errorf("%s ends with %s, want %s", record, got, last[record])
		}
	}
	for body, n := range created {
		if n > 1 {
			t.Errorf("created %d times: %s", n, body)
		}
	}
	outcomes := map[string]int{}
	for _, r := range b.runs() {
		outcomes[r.Event]++
		if r.Outcome != store.Synced && r.Outcome != store.InDoubt {
			t.Errorf("%s: %s %s", r.Event, r.Outcome, r.Reason)
		}
	}
	for i := range events {
		if n := outcomes[fmt.Sprint("ev/r", i)]; n != 2 {
			t.Errorf("r%d has %d runs", i, n)
		}
	}
}
