package main

import (
	"cmp"
	"slices"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

// tally counts what became of events. It is told of one settlement at a time.
type tally struct {
	Outcomes map[store.Outcome]int // of runs that have ended
	Writes   int                   // that reached Salesforce
	Verified verification
	causes   map[string]*causeTally
	waiting  map[string][]store.Run // by event
}

// causeTally is what failed, or waits, for one cause.
type causeTally struct {
	Cause   string
	Failed  int
	Waiting int
	Runs    []store.Run // the first few
}

// maxExamples is how many runs are shown of each cause.
const maxExamples = 3

func newTally() *tally {
	return &tally{Outcomes: map[store.Outcome]int{}, causes: map[string]*causeTally{}, waiting: map[string][]store.Run{}}
}

func (t *tally) add(r runtime.Report) {
	for i := range r.Runs {
		r.Runs[i].Event = r.Event // which the store fills in for itself alone
	}
	if !r.Done {
		t.waiting[r.Event] = r.Runs
		return
	}
	delete(t.waiting, r.Event)
	for _, run := range r.Runs {
		t.Outcomes[run.Outcome]++
		for _, w := range run.Writes {
			if w.Outcome == store.Synced {
				t.Writes++
			}
		}
		t.Verified.add(run)
		if run.Outcome == store.Failed || run.Outcome == store.InDoubt {
			of := t.of(run.Cause)
			of.Failed++
			of.example(run)
		}
	}
}

func (t *tally) of(cause string) *causeTally {
	if t.causes[cause] == nil {
		t.causes[cause] = &causeTally{Cause: cause}
	}
	return t.causes[cause]
}

func (c *causeTally) example(run store.Run) {
	if len(c.Runs) < maxExamples {
		c.Runs = append(c.Runs, run)
	}
}

// finish counts what still waits. Nothing is added afterwards.
func (t *tally) finish() {
	for _, runs := range t.waiting {
		for _, run := range runs {
			t.Outcomes[run.Outcome]++
			if run.Outcome == store.Waiting {
				of := t.of(run.Cause)
				of.Waiting++
				of.example(run)
			}
		}
	}
	t.waiting = nil
}

// sortedCauses are the causes, the most frequent first.
func (t *tally) sortedCauses() []*causeTally {
	var all []*causeTally
	for _, of := range t.causes {
		all = append(all, of)
	}
	slices.SortFunc(all, func(a, b *causeTally) int {
		return cmp.Or(cmp.Compare(b.Failed+b.Waiting, a.Failed+a.Waiting), cmp.Compare(a.Cause, b.Cause))
	})
	return all
}
