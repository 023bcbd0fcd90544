package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func runsCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:  "runs",
		Usage: "what became of every event",
		Subcommands: []*cli.Command{
			{
				Name:        "list",
				Usage:       "list runs, the newest first",
				Description: "A run is what one rule did about one event. As JSON, it prints one run a line.",
				Flags: append(runFilterFlags(),
					&cli.IntFlag{Name: "limit", Value: 50, Usage: "at most `N` runs; 0 for all"},
					storeFlag(), formatFlag()),
				Action: func(ctx *cli.Context) error { return c.runsList(ctx) },
			},
			{
				Name:        "show",
				Usage:       "explain what one event led to, field by field",
				ArgsUsage:   "RUN|EVENT",
				Description: "It is named by the id of a run, the beginning of one, or the id of the event.",
				Flags:       []cli.Flag{storeFlag(), formatFlag()},
				Action:      func(ctx *cli.Context) error { return c.runsShow(ctx) },
			},
			runsRetryCommand(c),
			runsDiscardCommand(c),
			runsExportCommand(c),
		},
	}
}

// runFilter is the filter that flags ask for.
func runFilter(ctx *cli.Context, now time.Time) (store.Filter, error) {
	f := store.Filter{
		Rule: ctx.String("rule"), Object: ctx.String("object"), RecordID: ctx.String("record"),
		Outcome: store.Outcome(ctx.String("outcome")), Cause: ctx.String("cause"), Limit: ctx.Int("limit"),
	}
	var err error
	if f.Since, err = parseTime(ctx, "since", now); err != nil {
		return f, err
	}
	if f.Until, err = parseTime(ctx, "until", now); err != nil {
		return f, err
	}
	if f.Limit < 0 {
		return f, usagef("", "--limit is 0 or more")
	}
	if f.Outcome != "" && !slices.Contains(store.Outcomes, f.Outcome) {
		return f, usagef("", "there is no outcome `%s`; it is %s", f.Outcome, enumerate(store.Outcomes, "or"))
	}
	if f.Cause != "" {
		if _, ok := salesforce.ExplainCause(salesforce.Cause(f.Cause)); !ok {
			var names []string
			for _, info := range salesforce.Causes() {
				names = append(names, string(info.Cause))
			}
			if better, ok := dsl.Suggest(f.Cause, names); ok {
				return f, usagef("", "there is no cause `%s`; did you mean `%s`?", f.Cause, better)
			}
			return f, usagef("sfsync explain", "there is no cause `%s`", f.Cause)
		}
	}
	return f, nil
}

// parseTime reads a point in time: how long ago, a day, or a date-time.
func parseTime(ctx *cli.Context, name string, now time.Time) (time.Time, error) {
	text := ctx.String(name)
	if text == "" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		if _, err := fmt.Sscanf(days, "%d", &n); err == nil && fmt.Sprint(n) == days && n >= 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usagef("", "--%s is no time: `%s`; write 2h, 3d, 2026-11-23 or 2026-11-23T14:00:00Z", name, text)
}

// history is the run log, open for reading, and what is still to come to it.
type history struct {
	store.RunLog
	due  func(context.Context) (int, error) // how many accepted events are run just now, or next
	next string                             // what becomes of these
	done func()
}

// openHistory opens the history of the store; nil if there is no store. While a daemon
// has it, the daemon answers.
func openHistory(ctx *cli.Context) (*history, error) {
	s, at, err := openOrAsk(ctx, readStore)
	if at != nil {
		return &history{RunLog: daemonRunLog{at}, due: at.due, next: "run just now, or next", done: func() {}}, nil
	}
	if err != nil || s == nil {
		return nil, err
	}
	return &history{RunLog: runtime.RunLog(s), due: func(ctx context.Context) (int, error) { return dueIn(ctx, s) },
		next: "to be run: `sfsync run RULES --waiting`, or the daemon, does it", done: func() { s.Close() }}, nil
}

// dueIn is how many events of a store wait for nothing but their turn.
func dueIn(ctx context.Context, s store.Store) (int, error) {
	h, err := s.Health(ctx)
	return h.Queued - h.Waiting, err
}

// chosen yields the runs that pass a filter and have one of the outcomes, if there are
// any. Who asks for what failed or is in doubt means what still is: a run that was tried
// again has its outcome there.
func chosen(ctx context.Context, log store.RunLog, filter store.Filter, outcomes ...store.Outcome) iter.Seq2[store.Run, error] {
	if filter.Outcome != "" {
		outcomes = []store.Outcome{filter.Outcome}
	}
	if len(outcomes) == 0 {
		return log.List(ctx, filter)
	}
	limit, n := filter.Limit, 0
	filter.Limit = 0
	if len(outcomes) == 1 {
		filter.Outcome = outcomes[0] // the log is read faster so
	}
	return func(yield func(store.Run, error) bool) {
		for run, err := range log.List(ctx, filter) {
			if err == nil && (run.Again != "" || !slices.Contains(outcomes, run.Outcome)) {
				continue
			}
			if n++; !yield(run, err) || n == limit {
				return
			}
		}
	}
}

func (c *console) runsList(ctx *cli.Context) error {
	now := time.Now()
	filter, err := runFilter(ctx, now)
	if err != nil {
		return err
	}
	log, err := openHistory(ctx)
	if err != nil {
		return err
	}
	if log == nil {
		if !wantsJSON(ctx) {
			fmt.Fprintln(c.out, "There are no runs yet.")
		}
		return nil
	}
	defer log.done()
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	t := table{least: 32}
	n := 0
	for run, err := range chosen(ctx.Context, log, filter) {
		if err != nil {
			return err
		}
		n++
		if wantsJSON(ctx) {
			if err := enc.Encode(run); err != nil {
				return err
			}
			continue
		}
		t.row(cell{ago(run.Received, now), c.style.dim}, c.outcome(run.Outcome), runEvent(run.Event), runRecord(&run), runSummary(&run))
		if len(t.rows) == 500 { // what was lined up so far is enough for the rest
			t.write(c.out, c.lineWidth())
			t.rows = t.rows[:0]
		}
	}
	if wantsJSON(ctx) {
		return nil
	}
	t.write(c.out, c.lineWidth())
	switch {
	case n == 0:
		fmt.Fprintln(c.out, "No run matches.")
	case n == filter.Limit:
		fmt.Fprintf(c.out, "%s\n", c.style.dim(fmt.Sprintf("The newest %s; --limit shows more.", plural(n, "run"))))
	}
	if filter.Limit = 0; filter != (store.Filter{}) && filter != (store.Filter{Outcome: store.Waiting}) {
		return nil
	}
	// What was accepted and has no outcome yet is nowhere else to be seen.
	due, err := log.due(ctx.Context)
	if err == nil && due > 0 {
		fmt.Fprintf(c.out, "%s\n", c.style.yellow(fmt.Sprintf("Accepted and %s: %s.", log.next, plural(due, "event"))))
	}
	return err
}

// outcome is an outcome in its colour.
func (c *console) outcome(o store.Outcome) cell {
	text := strings.ReplaceAll(string(o), "_", " ")
	switch o {
	case store.Synced:
		return cell{text, c.style.green}
	case store.Skipped:
		return cell{text, c.style.dim}
	case store.Waiting:
		return cell{text, c.style.yellow}
	}
	return cell{text, c.style.red}
}

// eventSources are what the queue puts in front of event ids, so that the id of an
// outbound message and that of another event cannot be mistaken.
var eventSources = []string{runtime.SourceEvents + "/", runtime.SourceOutbound + "/"}

// runEvent is the id of an event as its sender gave it: without the source that the
// queue puts in front of it.
func runEvent(id string) string {
	for _, source := range eventSources {
		if rest, ok := strings.CutPrefix(id, source); ok {
			return rest
		}
	}
	return id
}

// runRecord names the record of a run that matters most.
func runRecord(run *store.Run) string {
	w := worstWrite(run)
	if w == nil {
		return "-"
	}
	return strings.TrimRight(w.Object+" "+recordName(w), " ")
}

// recordName is the id of a write's record, or what it was looked for by.
func recordName(w *store.Write) string {
	switch {
	case w.RecordID != "":
		return w.RecordID
	case w.MatchValue != "":
		return w.MatchValue
	case w.Op == "create":
		return "(new)"
	}
	return ""
}

// worstWrite is the first write that shares the outcome of its run.
func worstWrite(run *store.Run) *store.Write {
	for i := range run.Writes {
		if run.Writes[i].Outcome == run.Outcome {
			return &run.Writes[i]
		}
	}
	if len(run.Writes) > 0 {
		return &run.Writes[0]
	}
	return nil
}

// runSummary is the rule of a run that went well, and the reason of one that did not.
func runSummary(run *store.Run) string {
	if run.Outcome == store.Synced && run.Reason == "" {
		return run.Rule
	}
	why := run.Reason
	if w := worstWrite(run); why == "" && w != nil {
		why = cmp.Or(w.Reason, w.Message)
	}
	if run.Cause != "" {
		why = strings.TrimSuffix(run.Cause+": "+why, ": ")
	}
	if run.Again != "" {
		why = strings.TrimSuffix("tried again as "+runEvent(run.Again)+"; "+why, "; ")
	}
	return cmp.Or(why, run.Rule)
}

func (c *console) runsShow(ctx *cli.Context) error {
	ref := ctx.Args().First()
	if ref == "" || ctx.NArg() > 1 {
		return usagef("sfsync runs list", "one run or event is needed")
	}
	log, err := openHistory(ctx)
	if err != nil {
		return err
	}
	if log == nil {
		return problemf("", "there are no runs yet")
	}
	defer log.done()
	runs, err := findRuns(ctx, log, ref)
	if err != nil {
		return err
	}
	if wantsJSON(ctx) {
		return c.printJSON(runs)
	}
	for i := range runs {
		if i > 0 {
			fmt.Fprintln(c.out)
		}
		c.printRun(&runs[i])
	}
	return nil
}

// findRuns finds runs by their id, or by the id of their event with or without its source.
func findRuns(ctx *cli.Context, log store.RunLog, ref string) ([]store.Run, error) {
	for _, source := range append([]string{""}, eventSources...) {
		runs, err := log.Get(ctx.Context, source+ref)
		switch {
		case err == nil:
			return runs, nil
		case errors.Is(err, store.ErrAmbiguous):
			return nil, problemf("sfsync runs list", "more than one run has an id that begins with `%s`", ref)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return nil, problemf("sfsync runs list", "there is no run, and no event that was run, with the id `%s`", ref)
}
