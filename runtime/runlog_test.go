package runtime_test

import (
	"context"
	"testing"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// stillFailed are the events of the runs that failed and were not tried again since.
func (b *bench) stillFailed() (events []string) {
	b.t.Helper()
	for run, err := range runtime.RunLog(b.store).List(context.Background(), store.Filter{Outcome: store.Failed}) {
		if err != nil {
			b.t.Fatal(err)
		}
		if run.Again == "" {
			events = append(events, run.Event)
		}
	}
	return events
}

func (b *bench) again(id string) string {
	b.t.Helper()
	runs, err := runtime.RunLog(b.store).Get(context.Background(), id)
	if err != nil || len(runs) != 1 {
		b.t.Fatal(runs, err)
	}
	return runs[0].Again
}

func TestRunLogTellsWhatWasTriedAgain(t *testing.T) {
	b := start(t, updates)
	broken := true
	b.org.row = func(salesforce.Op, salesforce.Row) *salesforce.Error {
		if broken {
			return refused()
		}
		return nil
	}
	expect := func(when string, want ...string) {
		t.Helper()
		got := b.stillFailed()
		if len(got) != len(want) {
			t.Fatalf("%s: %q are open, not %q", when, got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: %q are open, not %q", when, got, want)
			}
		}
	}
	b.run(response("r", 1, 7), response("other", 2, 7))
	expect("at first", "ev/other", "ev/r")
	b.retry(false, b.of("r"))
	expect("while it is only accepted again", "ev/other", "ev/r")
	b.drain()
	expect("after it failed again", "ev/r#2", "ev/other")
	broken = false
	b.retry(false, b.of("r#2"))
	b.drain()
	b.reopen()
	expect("after it went well", "ev/other")
	if first, second, third := b.again("ev/r"), b.again("ev/r#2"), b.again("ev/r#3"); first != "ev/r#3" || second != "ev/r#3" || third != "" {
		t.Errorf("tried again as %q, %q, %q", first, second, third)
	}
}

// One rule of an event does not speak for another.
func TestRunLogTellsRulesApart(t *testing.T) {
	b := start(t, "rule One\non survey response\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\n\n"+
		"rule Two\non survey response\nupdate Contact where Id = profile.contact\n set Copy__c = answers.nps\n")
	b.org.row = func(salesforce.Op, salesforce.Row) *salesforce.Error { return refused() }
	b.run(response("r", 1, 7))
	b.org.row = nil
	b.retry(false, byRule(t, b.runs(), "One"))
	b.drain()
	runs, err := runtime.RunLog(b.store).Get(context.Background(), "ev/r")
	if err != nil {
		t.Fatal(err)
	}
	if one, two := byRule(t, runs, "One"), byRule(t, runs, "Two"); one.Again != "ev/r#2" || two.Again != "" {
		t.Errorf("tried again as %q and %q", one.Again, two.Again)
	}
}
