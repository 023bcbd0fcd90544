package main

import (
	"context"
	"fmt"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/store"
)

func runsRetryCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "retry",
		Usage:     "try events again that have failed",
		ArgsUsage: "[RUN|EVENT…]",
		Description: "The runs are named by their ids or those of their events, or chosen by flags. Only\n" +
			"rules that failed for an event are run for it again, as they are then, and what they\n" +
			"have created is not created again. The event comes back under its id with `#2`\n" +
			"behind it, as the newest of all; `sfsync run RULES --waiting` or the daemon runs it.",
		Flags: append(runFilterFlags(),
			&cli.BoolFlag{Name: "in-doubt", Usage: "also what is in doubt: records may be created a second time"},
			dryFlag(), storeFlag(), formatFlag()),
		Action: func(ctx *cli.Context) error { return c.runsRetry(ctx) },
	}
}

func runsDiscardCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "discard",
		Usage:     "give events up that wait, or close what failed or is in doubt",
		ArgsUsage: "[RUN|EVENT…]",
		Description: "The runs are named by their ids or those of their events, or chosen by flags: of\n" +
			"those that wait, or with --outcome failed or in_doubt of these. An event that waits\n" +
			"is given up as a whole: what of it is not written yet never will be. What failed or\n" +
			"is in doubt is seen to, as when you found the record in Salesforce: it is listed as\n" +
			"such no more. The run log keeps all of it, and says who discarded it and why.",
		Flags: append(runFilterFlags(),
			&cli.StringFlag{Name: "reason", Usage: "`TEXT` for the run log, behind who discarded it"},
			dryFlag(), storeFlag(), formatFlag()),
		Action: func(ctx *cli.Context) error { return c.runsDiscard(ctx) },
	}
}

func dryFlag() cli.Flag {
	return &cli.BoolFlag{Name: "dry-run", Usage: "only list the events that are meant"}
}

// chosenRuns are the runs that arguments name, or that flags choose among those with
// one of the outcomes. It is an error if neither says anything.
func chosenRuns(ctx *cli.Context, log store.RunLog, outcomes ...store.Outcome) ([]store.Run, error) {
	filter, err := runFilter(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	if refs := ctx.Args().Slice(); len(refs) > 0 {
		if filter != (store.Filter{}) {
			return nil, usagef("", "runs are either named or chosen by flags")
		}
		var all []store.Run
		for _, ref := range refs {
			runs, err := findRuns(ctx, log, ref)
			if err != nil {
				return nil, err
			}
			all = append(all, runs...)
		}
		return all, nil
	}
	if filter == (store.Filter{}) {
		return nil, usagef("name runs or events, or choose: --outcome "+string(outcomes[0])+" takes them all", "nothing says which runs are meant")
	}
	if filter.Outcome != "" {
		if !slices.Contains(outcomes, filter.Outcome) {
			return nil, usagef("", "this is for runs that are %s, and not %s", enumerate(outcomes, "or"), filter.Outcome)
		}
	}
	var all []store.Run
	for run, err := range chosen(ctx.Context, log, filter, outcomes...) {
		if err != nil {
			return nil, err
		}
		all = append(all, slim(run))
	}
	return all, nil
}

// slim leaves out of a run what takes room and is not needed to choose it.
func slim(run store.Run) store.Run {
	for i := range run.Writes {
		run.Writes[i].Fields, run.Writes[i].Message = nil, ""
	}
	return run
}

// actOn chooses runs, and acts on them unless nothing is to be done.
func (c *console) actOn(ctx *cli.Context, outcomes []store.Outcome, act func(a *runActor, runs []store.Run) error) error {
	a, err := openActor(ctx)
	if err != nil {
		return err
	}
	defer a.done()
	runs, err := chosenRuns(ctx, a.log, outcomes...)
	switch {
	case err != nil:
		return err
	case ctx.Bool("dry-run"):
		return c.listActions(ctx, meant(runs), "")
	case len(runs) == 0:
		return c.listActions(ctx, nil, "")
	}
	return act(a, runs)
}

func openActor(ctx *cli.Context) (*runActor, error) {
	s, at, err := openOrAsk(ctx, openStore)
	if at != nil {
		return daemonActor(at), nil
	}
	if err != nil {
		return nil, err
	}
	return storeActor(s, func() { s.Close() }), nil
}

// runAction is what a command did about an event, or why it did nothing.
type runAction struct {
	Event  string `json:"event"`
	As     string `json:"as,omitempty"`
	Done   bool   `json:"done"`
	Reason string `json:"reason,omitempty"`
}

// meant are the events of runs, which nothing was done about.
func meant(runs []store.Run) []runAction {
	var list []runAction
	for _, id := range eventsOf(runs) {
		list = append(list, runAction{Event: id, Reason: "not done: this is a dry run"})
	}
	return list
}

func eventsOf(runs []store.Run) []string {
	var ids []string
	seen := map[string]bool{}
	for i := range runs {
		if id := runs[i].Event; !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

func (c *console) runsRetry(ctx *cli.Context) error {
	outcomes := []store.Outcome{store.Failed}
	if ctx.Bool("in-doubt") {
		outcomes = append(outcomes, store.InDoubt)
	} else if ctx.String("outcome") == string(store.InDoubt) {
		return usagef("--in-doubt, if the records are not there", "what is in doubt may be there already, and would be created a second time")
	}
	return c.actOn(ctx, outcomes, func(a *runActor, runs []store.Run) error {
		answers, err := a.retry(ctx.Context, runs, ctx.Bool("in-doubt"))
		if err != nil {
			return err
		}
		var list []runAction
		for _, r := range answers {
			list = append(list, runAction{Event: r.Event, As: r.As, Done: r.As != "", Reason: r.Reason})
		}
		return c.listActions(ctx, list, a.next)
	})
}

func (c *console) runsDiscard(ctx *cli.Context) error {
	reason := "discarded by " + userName()
	if why := strings.TrimSpace(ctx.String("reason")); why != "" {
		reason += ": " + why
	}
	if len(reason) > maxReason {
		return usagef("", "--reason has %d bytes; %d are enough for a reason", len(reason), maxReason)
	}
	outcomes := []store.Outcome{store.Waiting}
	if ctx.String("outcome") != "" {
		outcomes = append(outcomes, store.Failed, store.InDoubt)
	}
	return c.actOn(ctx, outcomes, func(a *runActor, runs []store.Run) error {
		waits, closable := map[string]bool{}, map[string]bool{}
		var open []store.Run
		for _, r := range runs {
			switch {
			case r.Outcome == store.Waiting:
				waits[r.Event] = true
			case r.Again == "" && (r.Outcome == store.Failed || r.Outcome == store.InDoubt):
				closable[r.Event] = true
				open = append(open, r)
			}
		}
		var waiting []string
		var list []runAction
		for _, id := range eventsOf(runs) {
			switch {
			case waits[id]:
				waiting = append(waiting, id)
			case !closable[id]:
				list = append(list, runAction{Event: id, Reason: "it does not wait, and nothing of it is failed or in doubt"})
			}
		}
		open = slices.DeleteFunc(open, func(r store.Run) bool { return waits[r.Event] }) // it is given up as a whole
		answers, err := a.discard(ctx.Context, waiting, reason)
		if err != nil {
			return err
		}
		for _, d := range answers {
			list = append(list, runAction{Event: d.Event, Done: d.Reason == "", Reason: d.Reason})
		}
		closed, err := a.dismiss(ctx.Context, open, reason)
		if err != nil {
			return err
		}
		for _, d := range closed {
			list = append(list, runAction{Event: d.Event, Done: d.As != "", Reason: d.Reason})
		}
		return c.listActions(ctx, list, "discarded")
	})
}

// userName is who runs this command, for the run log.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return "the command line"
	}
	return u.Username
}

// listActions shows what was done. It is a problem if something that was named was not.
func (c *console) listActions(ctx *cli.Context, list []runAction, what string) error {
	done := 0
	for i := range list {
		a := &list[i]
		if a.Event, a.As = runEvent(a.Event), runEvent(a.As); a.Done {
			done++
		}
		for _, source := range eventSources {
			a.Reason = strings.ReplaceAll(a.Reason, " "+source, " ") // ids are shown as their senders gave them
		}
	}
	if wantsJSON(ctx) {
		if err := c.printJSON(orEmpty(list)); err != nil {
			return err
		}
	} else {
		c.printDone(list, done, what)
	}
	if ctx.NArg() > 0 && done < len(list) && !ctx.Bool("dry-run") {
		return problem
	}
	return context.Cause(ctx.Context)
}

func (c *console) printDone(list []runAction, done int, what string) {
	var t table
	for _, a := range list {
		switch {
		case a.As != "":
			t.row(cell{a.Event, c.style.bold}, "→ "+a.As)
		case a.Done:
			t.row(cell{a.Event, c.style.bold}, cell{"done", c.style.green})
		default:
			t.row(cell{a.Event, c.style.bold}, cell{a.Reason, c.style.dim})
		}
	}
	t.write(c.out, c.width)
	switch {
	case len(list) == 0:
		fmt.Fprintln(c.out, "No run matches.")
	case what != "":
		fmt.Fprintf(c.out, "%s %s\n", plural(done, "event"), what)
	}
}
