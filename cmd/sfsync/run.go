package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store/bolt"
)

func runCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "run",
		Usage:     "run rules over a file or pipe of events, once",
		ArgsUsage: "RULES…",
		Description: "Events are JSON objects, one a line or in a list; CloudEvents are unwrapped.\n" +
			"The rules are first checked against the org as it is now. The store remembers\n" +
			"every event, so that running a file again writes nothing twice, and goes on with\n" +
			"what had to wait. A simulated org (--org sim) starts empty and has a store of its\n" +
			"own, unless --store names one. Without a flag, the org is that of the connection\n" +
			"that the rules name.",
		Flags: append(append([]cli.Flag{
			&cli.StringSliceFlag{Name: "events", Usage: "`FILE` or directory of events, - for standard input; may be repeated"},
			&cli.BoolFlag{Name: "waiting", Usage: "run what waits in the store, also without new events"},
			&cli.BoolFlag{Name: "verify", Usage: "read every record again after it was written, and tell what differs"},
			&cli.BoolFlag{Name: "dry-run", Usage: "print the writes, and call nothing"},
			&cli.DurationFlag{Name: "max-wait", Value: 30 * time.Second, Usage: "wait at most `TIME` for what has to be repeated; the rest stays for the next run"},
			&cli.IntFlag{Name: "keep-runs", Value: 30, Usage: "keep what became of events for `DAYS`, and so long what failed can be tried again"},
			&cli.BoolFlag{Name: "keep-events", Usage: "keep the text of all events as long as their runs, for diff --replay-runs"},
			&cli.IntFlag{Name: "keep-size", Usage: "drop the oldest of that when the store holds more than so many `MEGABYTES`; 0 for no bound"},
		}, targetFlags()...), saveFlag(), schemaFlag(), formatFlag()),
		Action: func(ctx *cli.Context) error {
			if ctx.Bool("waiting") && ctx.Bool("dry-run") {
				return usagef("sfsync runs list --outcome waiting", "--dry-run shows what events of --events would write, and not what waits")
			}
			if len(ctx.StringSlice("events")) == 0 && !ctx.Bool("waiting") {
				return usagef("--events FILE, --events - for standard input, or --waiting", "no events are named")
			}
			if slices.Contains(ctx.StringSlice("events"), "-") && slices.Contains(ctx.Args().Slice(), "-") {
				return usagef("", "standard input is either rules or events")
			}
			if ctx.Int("keep-runs") < 1 || ctx.Int("keep-size") < 0 {
				return usagef("", "--keep-runs is at least 1 day, and --keep-size at least 0 megabytes")
			}
			if ctx.Bool("dry-run") {
				return c.dryRun(ctx)
			}
			if ctx.String("schema") != "" {
				return usagef("", "--schema goes with --dry-run; a real run asks the org itself")
			}
			return c.run(ctx)
		},
	}
}

func (c *console) run(ctx *cli.Context) error {
	sources, err := c.readRules(ctx.Args().Slice())
	if err != nil {
		return err
	}
	rules := &ruleSet{sources: sources}
	rules.parse()
	s, done, err := runStore(ctx)
	if err != nil {
		return err
	}
	defer done()
	targets, err := targetsFor(ctx, s.State(), rules.files)
	if err != nil {
		return err
	}
	defer closeAll(targets)
	defer context.AfterFunc(ctx.Context, func() {
		fmt.Fprintln(c.err, "sfsync: finishing the calls under way; Ctrl-C again ends at once")
	})()
	f := &feeder{console: c, tally: newTally()}
	f.job, err = c.open(ctx.Context, rules, targets, s, runtime.Config{
		Observe: f.observe, Verify: ctx.Bool("verify"), MaxWait: maxWait(ctx), Grace: grace,
		KeepRuns: time.Duration(ctx.Int("keep-runs")) * 24 * time.Hour, KeepBytes: int64(ctx.Int("keep-size")) << 20,
		KeepEvents: ctx.Bool("keep-events"),
	})
	if err != nil {
		return err
	}
	if err := f.feed(ctx.Context, ctx.StringSlice("events")); err != nil {
		return err
	}
	f.tally.finish()
	if wantsJSON(ctx) {
		err = c.printJSON(f.result())
	} else {
		c.printResult(f)
	}
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return outsidef("the same command again goes on", "interrupted, and the rest is kept for the next run")
	}
	return f.verdict()
}

// grace is longer than any call takes, so that the end of the input leaves no create
// in doubt.
const grace = 150 * time.Second

// maxWait is the engine's form of the flag, in which 0 means no wait at all.
func maxWait(ctx *cli.Context) time.Duration {
	if d := ctx.Duration("max-wait"); d > 0 {
		return d
	}
	return -1
}

func closeAll(targets []*target) {
	for _, t := range targets {
		t.close()
	}
}

// runStore opens the store of a run. A simulated org forgets everything, so what the
// store of the user remembers does not concern it.
func runStore(ctx *cli.Context) (s *bolt.Store, done func(), err error) {
	if ctx.String("org") == "" || ctx.String("store") != "" {
		s, err = openStore(ctx)
		return s, func() { s.Close() }, err
	}
	return temporaryStore()
}

func temporaryStore() (s *bolt.Store, done func(), err error) {
	dir, err := os.MkdirTemp("", "sfsync-")
	if err != nil {
		return nil, nil, outsidef("", "cannot make a temporary directory: %w", err)
	}
	if s, err = bolt.Open(dir, bolt.Options{}); err != nil {
		os.RemoveAll(dir)
		return nil, nil, storeError(dir, err)
	}
	return s, func() { s.Close(); os.RemoveAll(dir) }, nil
}
