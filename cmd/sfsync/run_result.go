package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// runResult is the JSON form of what a run of a file led to.
type runResult struct {
	Events struct {
		Read       int `json:"read"`
		Accepted   int `json:"accepted"`
		Duplicates int `json:"duplicates"` // accepted by an earlier run
		Broken     int `json:"broken"`
	} `json:"events"`
	Runs         map[store.Outcome]int `json:"runs"`
	Writes       int                   `json:"writes"`
	Verified     *verification         `json:"verified,omitempty"`
	APICalls     int64                 `json:"api_calls"`
	SchemaCalls  int64                 `json:"schema_calls"`
	Causes       []causeResult         `json:"causes"`
	BrokenEvents []eventProblem        `json:"broken_events"`
}

type causeResult struct {
	Cause   string   `json:"cause"`
	Failed  int      `json:"failed"`
	Waiting int      `json:"waiting"`
	Advice  string   `json:"advice"`
	Events  []string `json:"events"` // the first few
}

func (f *feeder) result() runResult {
	r := runResult{Runs: map[store.Outcome]int{}, Writes: f.tally.Writes, APICalls: f.job.apiCalls(), SchemaCalls: f.job.calls,
		Causes: []causeResult{}, BrokenEvents: orEmpty(f.problems)}
	r.Events.Read, r.Events.Accepted, r.Events.Duplicates, r.Events.Broken = f.read, f.accepted, f.duplicates, f.broken
	if f.tally.Verified.total() > 0 {
		r.Verified = &f.tally.Verified
	}
	for _, o := range store.Outcomes {
		r.Runs[o] = f.tally.Outcomes[o]
	}
	for _, of := range f.tally.sortedCauses() {
		c := causeResult{Cause: of.Cause, Failed: of.Failed, Waiting: of.Waiting, Advice: adviceOf(of)}
		for _, run := range of.Runs {
			c.Events = append(c.Events, runEvent(run.Event))
		}
		r.Causes = append(r.Causes, c)
	}
	return r
}

// adviceOf is what to do about a cause: the run's own advice, or the general one.
func adviceOf(of *causeTally) string {
	for _, run := range of.Runs {
		if run.Advice != "" {
			return run.Advice
		}
	}
	info, _ := salesforce.ExplainCause(salesforce.Cause(of.Cause))
	return info.Advice
}

// printResult shows at the end of a run what became of the events.
func (c *console) printResult(f *feeder) {
	for _, of := range f.tally.sortedCauses() {
		c.printCause(of)
		fmt.Fprintln(c.out)
	}
	c.printVerification(&f.tally.Verified)
	var t table
	t.row(cell{"events", c.style.bold}, strings.Join(f.eventCounts(), ", "))
	var runs []string
	for _, o := range store.Outcomes {
		if n := f.tally.Outcomes[o]; n > 0 || o == store.Synced || o == store.Failed {
			runs = append(runs, thousands(n)+" "+strings.ReplaceAll(string(o), "_", " "))
		}
	}
	t.row(cell{"runs", c.style.bold}, strings.Join(runs, ", "))
	calls := fmt.Sprintf("%s for %s", plural(int(f.job.apiCalls()), "API call"), plural(f.tally.Writes, "write"))
	if u := f.job.targets[0].client.Usage(); u.Max > 0 {
		calls += fmt.Sprintf("; the org has used %s of %s today", thousands(u.Used), thousands(u.Max))
	}
	t.row(cell{"calls", c.style.bold}, calls)
	if v := &f.tally.Verified; v.total() > 0 {
		t.row(cell{"verified", c.style.bold}, v.counts())
	}
	t.write(c.out, 0)
}

func (f *feeder) eventCounts() []string {
	counts := []string{thousands(f.read) + " read", thousands(f.accepted) + " accepted"}
	if f.duplicates > 0 {
		counts = append(counts, thousands(f.duplicates)+" known already (nothing is written twice)")
	}
	if f.broken > 0 {
		counts = append(counts, thousands(f.broken)+" broken")
	}
	return counts
}

// printCause shows why some runs failed or wait, and what to do about it.
func (c *console) printCause(of *causeTally) {
	var counts []string
	if of.Failed > 0 {
		counts = append(counts, thousands(of.Failed)+" failed")
	}
	if of.Waiting > 0 {
		counts = append(counts, thousands(of.Waiting)+" waiting")
	}
	title := cmp.Or(of.Cause, "not due yet")
	mark := c.style.red
	if of.Failed == 0 {
		mark = c.style.yellow
	}
	fmt.Fprintf(c.out, "%s  %s\n", mark(title), strings.Join(counts, ", "))
	for i := range of.Runs {
		run := &of.Runs[i]
		fmt.Fprintf(c.out, "  %s  %s\n", c.style.bold(oneLine(runEvent(run.Event))), oneLine(runRecord(run)))
		c.why("    ", whyOf(run), "")
	}
	if more := of.Failed + of.Waiting - len(of.Runs); more > 0 {
		fmt.Fprintf(c.out, "  and %s\n", plural(more, "more run"))
	}
	c.why("  ", adviceOf(of), "→ ")
}

// whyOf says in a clause why a run failed or waits: Salesforce's own words where
// there are any.
func whyOf(run *store.Run) string {
	why := run.Reason
	if w := worstWrite(run); w != nil {
		switch {
		case w.Code != "":
			why = w.Code + ": " + w.Message
		case w.Message != "":
			why = w.Message
		case why == "":
			why = w.Reason
		}
	}
	if run.Outcome == store.Waiting && !run.NotBefore.IsZero() {
		why = "until " + soon(run.NotBefore, time.Now()) + ": " + why
	}
	return why
}

// verdict is the exit of a run: a problem if something failed, was broken or reads back
// otherwise, the outside world's fault if something has to wait for it.
func (f *feeder) verdict() error {
	if f.broken > 0 || f.tally.Outcomes[store.Failed] > 0 || f.tally.Outcomes[store.InDoubt] > 0 || f.tally.Verified.Differ > 0 {
		return problem
	}
	for _, of := range f.tally.causes {
		if of.Waiting > 0 && of.Cause != "" {
			return &exitError{code: exitOutside}
		}
	}
	return nil
}
