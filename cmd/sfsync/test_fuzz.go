package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/ruletest"
)

// The bounds of --fuzz.
const (
	maxFuzzEvents = 100_000_000
	maxFuzzTime   = 24 * time.Hour
)

// fuzzing is what --fuzz asks for.
type fuzzing struct {
	events int
	time   time.Duration
	seed   uint64
}

// fuzzReport is what fuzzing found in all sets.
type fuzzReport = ruletest.FuzzReport

func fuzzFlags(ctx *cli.Context) (*fuzzing, error) {
	text := ctx.String("fuzz")
	if text == "" {
		return nil, nil
	}
	out := &fuzzing{seed: ctx.Uint64("seed")}
	var err error
	if out.events, err = strconv.Atoi(text); err == nil {
		if out.events < 1 || out.events > maxFuzzEvents {
			return nil, usagef("sfsync test --fuzz 10000", "--fuzz takes from 1 to %s events", thousands(maxFuzzEvents))
		}
		return out, nil
	}
	if out.time, err = time.ParseDuration(text); err != nil || out.time <= 0 || out.time > maxFuzzTime {
		return nil, usagef("sfsync test --fuzz 10000", "--fuzz takes a number of events, or a time such as 30s, and not `%s`", text)
	}
	return out, nil
}

// fuzzSets makes up events for the rules that are named. What was found until the
// context ends is reported, too.
func (t *tester) fuzzSets(ctx context.Context, sets []*ruleSet, named *tested, r *testReport) error {
	total := &fuzzReport{Seed: t.fuzz.seed, Findings: []ruletest.Finding{}}
	r.Fuzz = total
	each := func() {}
	if c := t.console; c.progress {
		bar := c.newBar("made-up events")
		defer bar.Finish()
		each = func() { bar.Add(1) }
	}
	for i, set := range sets {
		if _, err := set.addSamples(nil); err != nil {
			return err
		}
		o := ruletest.FuzzOptions{Seed: t.fuzz.seed, Each: each, Samples: set.samples, Rule: func(r *plan.Rule) bool { return named.covers(r.File) }}
		if t.fuzz.events > 0 { // each set has its share
			o.Events = t.fuzz.events / len(sets)
			if i == 0 {
				o.Events += t.fuzz.events % len(sets)
			}
			o.Events = max(o.Events, 1)
		} else {
			o.Time = t.fuzz.time / time.Duration(len(sets))
		}
		found, err := ruletest.Fuzz(ctx, ruletest.Set{Plan: set.plan, Schema: set.schema}, o)
		if found == nil {
			return err
		}
		total.Events += found.Events
		total.Refused += found.Refused
		total.More += found.More
		total.Findings = append(total.Findings, found.Findings...)
		if err != nil {
			return err
		}
	}
	return nil
}

// printFuzz tells what the events that were made up have shown, with a test of each.
func (c *console) printFuzz(r *fuzzReport) {
	for i := range r.Findings {
		f := &r.Findings[i]
		fmt.Fprintf(c.out, "\n%s  rule %s  %s\n", c.style.red(f.Kind), c.style.bold(oneLine(f.Rule)), c.style.dim(fmt.Sprintf("%s:%d", f.File, f.Line)))
		message := f.Message
		if f.Cause != "" {
			message = f.Cause + ": " + message
		}
		c.why("  ", message, "")
		c.why("  ", f.Help, "help: ")
		fmt.Fprintf(c.out, "  %s\n", c.style.dim("# "+f.Name+", event "+thousands(f.Number)+" of the seed "+strconv.FormatUint(r.Seed, 10)))
		c.printIndented(f.Event)
		fmt.Fprintf(c.out, "  %s\n", c.style.dim("# a test of it, which passes as the rules are now"))
		for line := range strings.Lines(f.Test) {
			fmt.Fprint(c.out, "  ", printable(line))
		}
	}
	fmt.Fprintln(c.out)
	if r.More > 0 {
		fmt.Fprintf(c.out, "%s not shown.\n", plural(r.More, "more finding"))
	}
	verdict := c.style.green("nothing found")
	if n := len(r.Findings) + r.More; n > 0 {
		verdict = c.style.red(plural(n, "finding"))
	}
	fmt.Fprintf(c.out, "fuzz: %s of the seed %d: %s\n", plural(r.Events, "event"), r.Seed, verdict)
}

// printIndented prints an event, with what is too long to read cut.
func (c *console) printIndented(event json.RawMessage) {
	var b bytes.Buffer
	if err := json.Indent(&b, event, "  ", "  "); err != nil {
		b.Write(event)
	}
	for line := range strings.Lines("  " + b.String()) {
		fmt.Fprintln(c.out, shorten(printable(strings.TrimRight(line, "\n")), 4*c.width))
	}
}
