package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/runtime"
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
		why = strings.TrimSuffix("went on as "+runEvent(run.Again)+"; "+why, "; ")
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
