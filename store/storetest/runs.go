package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sfsync/sfsync/store"
)

var runTests = map[string]func(*testing.T, Open){
	"comes back whole":                runWhole,
	"is replaced by a retry":          runReplaced,
	"never stays waiting":             runLeftWaiting,
	"is listed newest first":          runOrder,
	"is filtered":                     runFilter,
	"is paged":                        runPages,
	"is found by id, prefix, event":   runGet,
	"is pruned by day":                runPruned,
	"may be written while being read": runWhileReading,
}

func list(t testing.TB, s store.Store, f store.Filter) []store.Run {
	t.Helper()
	var all []store.Run
	for r, err := range s.Runs().List(t.Context(), f) {
		must(t, err)
		all = append(all, r)
	}
	return all
}

// settleAll runs every queued event of all partitions.
func settleAll(t testing.TB, s store.Store, runs func(store.Item) []store.Run) {
	t.Helper()
	for _, c := range claims(t, s) {
		for {
			items := next(t, c, 500)
			if len(items) == 0 {
				break
			}
			var sets []store.Settlement
			for _, item := range items {
				sets = append(sets, done(item.Seq, runs(item)...))
			}
			must(t, c.Settle(t.Context(), sets...))
		}
	}
}

func runWhole(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, event(1))
	at := event(1).At
	want := store.Run{
		Event: "om/1", Type: "survey.response", Received: at, Time: at.Add(-time.Second),
		Connection: "production", Rule: "Answers on the contact", RuleFile: "rules.sfsync", RuleLine: 28, Arm: "Responded",
		Trigger: "survey response post-purchase-nps", Outcome: store.Failed, Reason: "one of two writes failed", Cause: "invalid_value",
		Advice: "correct the value", Attempts: 2, APICalls: 1, Started: at.Add(time.Second), Ended: at.Add(2 * time.Second),
		Writes: []store.Write{{
			Op: "update", Object: "Contact", MatchField: "Id", MatchValue: "0035g00000AbCdEAAV", Outcome: store.Failed, Cause: "invalid_value",
			Code: "INVALID_TYPE_ON_FIELD_IN_RECORD", Message: "Naïve “quotes” <b>", Attempts: 2,
			Fields: []store.Field{
				{Name: "NPS_Score__c", Value: json.RawMessage(`4.50`), File: "rules.sfsync", Line: 31, Source: "answers.nps"},
				{Name: "Customer_Comment__c", Note: "skipped: answers.comment is null"},
			},
		}, {Op: "create", Object: "Case", Outcome: store.Synced, RecordID: "5003000000D8cuIAAR", Created: true, Attempts: 1}},
	}
	settleAll(t, s, func(store.Item) []store.Run { return []store.Run{want} })
	for range 2 {
		got := list(t, s, store.Filter{})
		if len(got) != 1 || got[0].ID == "" {
			t.Fatalf("runs: %+v", got)
		}
		want.ID = got[0].ID
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Errorf("run changed (-settled +listed):\n%s", diff)
		}
		must(t, s.Close())
		s = open(t, dir)
	}
}

func runReplaced(t *testing.T, open Open) {
	dir := t.TempDir()
	s := open(t, dir)
	appendAll(t, s, event(1))
	c := claimOf(t, s, key)
	seq := next(t, c, 1)[0].Seq
	set := wait(seq, time.Now(), 1)
	set.Runs = []store.Run{{Rule: "a", Outcome: store.Synced}, {Rule: "b", Outcome: store.Waiting, Reason: "locked"}}
	must(t, c.Settle(t.Context(), set))
	before := list(t, s, store.Filter{})
	if len(before) != 2 || before[1].Outcome != store.Waiting {
		t.Fatalf("after the wait: %+v", before)
	}
	must(t, s.Close())
	s = open(t, dir)
	c = claimOf(t, s, key)
	must(t, c.Settle(t.Context(), done(await(t, c, 1)[0].Seq, store.Run{Rule: "b", Outcome: store.Failed}, store.Run{Rule: "c", Outcome: store.Skipped})))
	after := list(t, s, store.Filter{})
	got := ""
	for _, r := range after {
		got += " " + r.Rule + ":" + string(r.Outcome)
	}
	if want := " a:synced b:failed c:skipped"; got != want {
		t.Errorf("runs of the event:%s, want%s", got, want)
	}
	for i, r := range before {
		if after[i].ID != r.ID {
			t.Errorf("the run of rule %s has got another id", r.Rule)
		}
	}
	if waiting := list(t, s, store.Filter{Outcome: store.Waiting}); len(waiting) != 0 {
		t.Errorf("still waiting: %+v", waiting)
	}
}

// runLeftWaiting: a rule may be gone from the files when its event is tried again.
func runLeftWaiting(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	appendAll(t, s, event(1))
	c := claimOf(t, s, key)
	must(t, c.Settle(t.Context(), wait(next(t, c, 1)[0].Seq, time.Now(), 1)))
	must(t, c.Settle(t.Context(), done(await(t, c, 1)[0].Seq)))
	got := list(t, s, store.Filter{})
	if len(got) != 1 || got[0].Outcome != store.Skipped || got[0].Reason == "" {
		t.Errorf("the run of a rule that was left waiting: %+v", got)
	}
}

// spread appends n events a minute apart over several days and keys, and
// settles each with one run or two.
func spread(t testing.TB, s store.Store, n int) {
	t.Helper()
	var batch []store.Event
	for i := range n {
		e := event(i)
		e.At = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 20 * time.Minute)
		e.Key = e.ID
		batch = append(batch, e)
	}
	appendAll(t, s, batch...)
	settleAll(t, s, func(item store.Item) []store.Run {
		var i int
		fmt.Sscanf(item.ID, "om/%d", &i)
		run := store.Run{Rule: "first", Outcome: store.Synced, Writes: []store.Write{
			{Op: "update", Object: "Case", RecordID: fmt.Sprintf("5003000000D%04dAAR", i%10), Outcome: store.Synced}}}
		if i%3 == 0 {
			run.Outcome, run.Writes[0].Outcome, run.Writes[0].Cause, run.Cause = store.Failed, store.Failed, "duplicate", "record_locked"
		}
		runs := []store.Run{run}
		if i%2 == 0 {
			runs = append(runs, store.Run{Rule: "second", Outcome: store.Skipped,
				Writes: []store.Write{{Op: "update", Object: "Contact", MatchField: "Id", MatchValue: fmt.Sprintf("0035g00000A%04d", i%10)}}})
		}
		return runs
	})
}

func runOrder(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	spread(t, s, 300)
	all := list(t, s, store.Filter{})
	if len(all) != 450 {
		t.Fatalf("%d runs, want 450", len(all))
	}
	for i := 1; i < len(all); i++ {
		if all[i].Received.After(all[i-1].Received) {
			t.Fatalf("run %d was received %v, after %v before it", i, all[i].Received, all[i-1].Received)
		}
		if all[i].ID[:20] > all[i-1].ID[:20] {
			t.Fatalf("ids do not sort as times: %s after %s", all[i].ID, all[i-1].ID)
		}
	}
}

func runFilter(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	spread(t, s, 200)
	everything := list(t, s, store.Filter{})
	middle := time.Date(2026, 11, 2, 3, 0, 0, 0, time.UTC)
	for name, f := range map[string]store.Filter{
		"since":        {Since: middle},
		"until":        {Until: middle},
		"both":         {Since: middle, Until: middle.Add(time.Hour)},
		"rule":         {Rule: "second"},
		"object":       {Object: "Contact"},
		"object case":  {Object: "contact"},
		"record 18":    {RecordID: "5003000000D0003AAR"},
		"record 15":    {RecordID: "5003000000D0003"},
		"record match": {RecordID: "0035g00000A0004AAA"},
		"event":        {Event: "om/42"},
		"outcome":      {Outcome: store.Failed},
		"cause of run": {Cause: "record_locked"},
		"of write":     {Cause: "duplicate"},
		"all at once":  {Since: middle, Rule: "first", Object: "Case", Outcome: store.Failed},
		"nothing":      {Rule: "none"},
	} {
		var want []store.Run
		for _, r := range everything {
			if f.Match(&r) {
				want = append(want, r)
			}
		}
		if (len(want) == 0) != (name == "nothing") || len(want) == len(everything) {
			t.Fatalf("%s: the case says nothing", name)
		}
		if diff := cmp.Diff(want, list(t, s, f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func runPages(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	spread(t, s, 150)
	want := list(t, s, store.Filter{})
	for _, limit := range []int{1, 7, 64, 1000} {
		var got []store.Run
		for after := ""; ; {
			page := list(t, s, store.Filter{Limit: limit, After: after})
			if len(page) == 0 {
				break
			}
			if len(page) > limit {
				t.Fatalf("%d runs with a limit of %d", len(page), limit)
			}
			got = append(got, page...)
			after = page[len(page)-1].ID
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d (-at once +in pages):\n%s", limit, diff)
		}
	}
	for _, err := range s.Runs().List(t.Context(), store.Filter{After: "nonsense"}) {
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("after nonsense: %v, want ErrInvalid", err)
		}
	}
}

func runGet(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	spread(t, s, 20)
	ctx := t.Context()
	all := list(t, s, store.Filter{})
	for _, r := range all {
		got, err := s.Runs().Get(ctx, r.ID)
		if err != nil || len(got) != 1 || got[0].ID != r.ID {
			t.Errorf("get %s: %+v, %v", r.ID, got, err)
		}
	}
	two, err := s.Runs().Get(ctx, "om/4")
	if err != nil || len(two) != 2 || two[0].Event != "om/4" || two[1].Event != "om/4" {
		t.Errorf("by event: %+v, %v", two, err)
	}
	for n := 20; n > 0; n-- {
		prefix := all[0].ID[:n]
		others := false
		for _, r := range all {
			others = others || r.Event != all[0].Event && strings.HasPrefix(r.ID, prefix)
		}
		got, err := s.Runs().Get(ctx, prefix)
		if others && !errors.Is(err, store.ErrAmbiguous) || !others && (err != nil || got[0].Event != all[0].Event) {
			t.Errorf("prefix %q, shared %v: %+v, %v", prefix, others, got, err)
		}
	}
	for _, ref := range []string{"", "none", "om/999", all[0].ID[:20] + "-99", strings.Repeat("v", 20), strings.Repeat("v", 21), "-1", "ÄÖ"} {
		if got, err := s.Runs().Get(ctx, ref); !errors.Is(err, store.ErrNotFound) || len(got) != 0 {
			t.Errorf("get %q: %+v, %v; want ErrNotFound", ref, got, err)
		}
	}
}

func runPruned(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	spread(t, s, 300) // 72 a day, from November 1
	must(t, s.Prune(t.Context(), time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC)))
	all := list(t, s, store.Filter{})
	first := all[len(all)-1].Received
	if want := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC); !first.Equal(want) {
		t.Errorf("the oldest run left is of %v, want %v", first, want)
	}
	if len(all) != (300-2*72)*3/2 {
		t.Errorf("%d runs left, want %d", len(all), (300-2*72)*3/2)
	}
}

func runWhileReading(t *testing.T, open Open) {
	s := open(t, t.TempDir())
	spread(t, s, 200)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	n := 0
	for _, err := range s.Runs().List(ctx, store.Filter{}) {
		must(t, err)
		if n++; n%100 == 0 {
			e := event(1000 + n)
			if _, err := s.Append(ctx, []store.Event{e}); err != nil {
				t.Fatalf("append while a list is open: %v", err)
			}
		}
	}
	if n != 300 {
		t.Errorf("%d runs, want 300", n)
	}
}
