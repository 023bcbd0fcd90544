package main

import (
	"context"
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

// runFilterFlags choose runs.
func runFilterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "since", Usage: "only events received since `TIME`: 2h, 3d, 2026-11-23 or 2026-11-23T14:00:00Z"},
		&cli.StringFlag{Name: "until", Usage: "only events received before `TIME`"},
		&cli.StringFlag{Name: "rule", Usage: "only runs of the rule `NAME`"},
		&cli.StringFlag{Name: "object", Usage: "only runs that write records of `OBJECT`"},
		&cli.StringFlag{Name: "record", Usage: "only runs that write the record with this `ID`"},
		&cli.StringFlag{Name: "outcome", Usage: "only runs with the `OUTCOME` " + enumerate(store.Outcomes, "or") + "; what failed or is in doubt, and was tried again or discarded since, is left out"},
		&cli.StringFlag{Name: "cause", Usage: "only runs that failed for the `CAUSE`, as explain lists them"},
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
