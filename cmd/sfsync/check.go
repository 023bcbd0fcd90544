package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

// maxShown is how many diagnostics of a file are shown unless all are wanted.
const maxShown = 20

func checkCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "find what is wrong with rules before any event arrives",
		ArgsUsage: "FILE|DIR…",
		Description: "Names and values are held against describe results of Salesforce: those of\n" +
			"--schema or --connection, or else of a directory `schema` beside the rule file.\n" +
			"Paths into events are held against samples: those of --events, or else of a\n" +
			"directory `events` beside the rule file. - reads rules from standard input.\n" +
			"--fix rewrites the files where that is safe, and says what is left to do.",
		Flags: []cli.Flag{
			schemaFlag(),
			&cli.StringFlag{Name: "connection", Usage: "check against the stored schema of the connection `NAME`"},
			storeFlag(),
			&cli.StringSliceFlag{Name: "events", Usage: "`FILE` or directory of sample events; may be repeated"},
			&cli.BoolFlag{Name: "all", Usage: fmt.Sprintf("show everything, not just the %d worst of each file", maxShown)},
			&cli.BoolFlag{Name: "strict", Usage: "exit with 1 on warnings, too"},
			staleFlag(),
			&cli.BoolFlag{Name: "fix", Usage: "apply the fixes that are safe, and rewrite the files"},
			&cli.BoolFlag{Name: "diff", Usage: "show what --fix would change, and change nothing"},
			formatFlag(checkFormats...),
			outputFlag(checkOutputExample),
		},
		Action: func(ctx *cli.Context) error { return c.check(ctx) },
	}
}

func (c *console) check(ctx *cli.Context) error {
	begun := time.Now()
	outputs, err := readOutputs(ctx, checkFormats, checkOutputExample)
	if err != nil {
		return err
	}
	sets, err := c.ruleSets(ctx)
	if err != nil {
		return err
	}
	r := checkReport{FormatVersion: dsl.FormatVersion}
	var samples []string
	if ctx.IsSet("events") {
		samples = ctx.StringSlice("events")
	}
	for _, set := range sets {
		problems, err := set.addSamples(samples)
		if err != nil {
			return err
		}
		if ctx.Bool("fix") || ctx.Bool("diff") {
			if err := r.fix(set, !ctx.Bool("diff")); err != nil {
				return err
			}
		}
		set.compile()
		r.add(set, problems)
		if stale := set.stale(ctx.Int("stale-after"), begun); stale != nil {
			r.Stale = append(r.Stale, stale)
		}
	}
	all := diagnosticsOf(sets)
	for _, d := range all {
		switch d.Severity {
		case dsl.Error:
			r.Errors++
		case dsl.Warning:
			r.Warnings++
		default:
			r.Notes++
		}
	}
	shown := all
	if !ctx.Bool("all") {
		shown, r.LeftOut = dsl.Limit(shown, maxShown)
	}
	r.Milliseconds = float64(time.Since(begun).Microseconds()) / 1000
	err = c.writeCheck(ctx, &r, outputs, shown, all)
	if err == nil && (r.unfixed || r.Errors > 0 || ctx.Bool("strict") && r.Warnings+len(r.SampleProblems) > 0) {
		return problem
	}
	return err
}

// checkReport is what a check found. Its JSON form is that of [dsl.Report] with more to it.
type checkReport struct {
	FormatVersion  string         `json:"format_version"`
	Files          []string       `json:"files"`
	Rules          int            `json:"rules"`
	Errors         int            `json:"errors"`
	Warnings       int            `json:"warnings"`
	Notes          int            `json:"notes"`
	Schemas        []string       `json:"schemas"`   // what names and values were held against
	Unchecked      []string       `json:"unchecked"` // files whose names were not, for want of a schema
	Partial        []string       `json:"partial"`   // objects of which only what outbound messages carry is known
	Stale          []*staleSchema `json:"stale"`     // schemas that were fetched long ago
	Samples        int            `json:"samples"`   // events that paths were held against
	SampleProblems []eventProblem `json:"sample_problems"`
	CallsPer1000   *int           `json:"api_calls_per_1000_events"` // at most; null when there are errors
	LeftOut        int            `json:"left_out"`                  // diagnostics that are not shown
	Milliseconds   float64        `json:"milliseconds"`
	Fixed          []fixedFinding `json:"fixed,omitempty"` // by --fix, or would be
	Diff           string         `json:"diff,omitempty"`  // what --fix would change

	unfixed bool // the files have errors that --fix would mend, and only shows
}

// fix applies the safe fixes to the files of a set, or only finds out what that would do.
func (r *checkReport) fix(set *ruleSet, write bool) error {
	set.compile()
	broken := dsl.HasErrors(set.diagnostics)
	fixed, files := set.fix()
	r.Fixed = append(r.Fixed, fixed...)
	for _, f := range files {
		if !write {
			r.Diff += f.diff()
			r.unfixed = r.unfixed || broken
			continue
		}
		if f.path == stdinName {
			return usagef("--diff", "standard input cannot be rewritten; --diff shows the fixes")
		}
		if err := f.write(); err != nil {
			return err
		}
	}
	return nil
}

func (r *checkReport) add(set *ruleSet, problems []eventProblem) {
	for _, src := range set.sources {
		r.Files = append(r.Files, src.Path)
		if set.schema == nil {
			r.Unchecked = append(r.Unchecked, src.Path)
		}
	}
	if set.schema != nil {
		r.Schemas = append(r.Schemas, set.from)
		for _, name := range set.schema.Partial() {
			if !slices.Contains(r.Partial, name) {
				r.Partial = append(r.Partial, name)
			}
		}
	}
	r.Rules += set.rules()
	r.Samples += len(set.samples)
	r.SampleProblems = append(r.SampleProblems, problems...)
	if set.plan != nil {
		calls := set.callsPer1000()
		if r.CallsPer1000 != nil {
			calls = max(calls, *r.CallsPer1000)
		}
		r.CallsPer1000 = &calls
	}
}

func (c *console) printCheck(r *checkReport, shown []dsl.Diagnostic) error {
	c.printFixed(r)
	if err := dsl.Render(c.out, shown, dsl.TextOptions{Color: c.style.color, Width: c.width}); err != nil {
		return err
	}
	if len(shown) > 0 {
		fmt.Fprintln(c.out)
	}
	for _, p := range r.SampleProblems {
		fmt.Fprintln(c.out, c.style.yellow("sample event:"), printable(p.String()))
	}
	if r.LeftOut > 0 {
		fmt.Fprintf(c.out, "%s not shown; --all shows them.\n", plural(r.LeftOut, "more finding"))
	}
	counts := []string{plural(r.Errors, "error"), plural(r.Warnings, "warning")}
	if r.Notes > 0 {
		counts = append(counts, plural(r.Notes, "note"))
	}
	verdict := strings.Join(counts, ", ")
	switch {
	case r.Errors > 0:
		verdict = c.style.red(verdict)
	case r.Warnings > 0:
		verdict = c.style.yellow(verdict)
	default:
		verdict = c.style.green(verdict)
	}
	fmt.Fprintf(c.out, "%s, %s: %s (%.0f ms)\n", plural(len(r.Files), "file"), plural(r.Rules, "rule"), verdict, r.Milliseconds)
	if r.CallsPer1000 != nil && r.Errors == 0 && r.Rules > 0 {
		fmt.Fprintf(c.out, "1,000 events take at most %s.\n", plural(*r.CallsPer1000, "API call"))
	}
	if len(r.Unchecked) > 0 {
		what := "No schema was at hand"
		if len(r.Schemas) > 0 {
			what += " for " + strings.Join(r.Unchecked, ", ")
		}
		fmt.Fprintln(c.out, wrap(what+": objects, fields and values were not held against Salesforce. --schema DIR or --connection NAME does that.", "", c.width))
	}
	if len(r.Partial) > 0 {
		fmt.Fprintln(c.out, wrap("Of "+strings.Join(r.Partial, ", ")+", only what outbound messages carry is known: what rules write there was not checked. sfsync schema export DIR fetches the rest.", "", c.width))
	}
	for _, stale := range r.Stale {
		fmt.Fprintln(c.out, wrap(stale.String(), "", c.width))
	}
	return nil
}

func (c *console) printCheckJSON(r *checkReport, shown []dsl.Diagnostic) error {
	var report dsl.Report
	var buf bytes.Buffer
	if err := dsl.RenderJSON(&buf, shown); err != nil {
		return err
	}
	if err := json.Unmarshal(buf.Bytes(), &report); err != nil {
		return err
	}
	r.Files, r.Schemas, r.Unchecked = orEmpty(r.Files), orEmpty(r.Schemas), orEmpty(r.Unchecked)
	r.Stale = orEmpty(r.Stale)
	r.Partial, r.SampleProblems = orEmpty(r.Partial), orEmpty(r.SampleProblems)
	return c.printJSON(struct {
		*checkReport
		Diagnostics []dsl.ReportDiagnostic `json:"diagnostics"`
	}{r, report.Diagnostics})
}

// orEmpty makes a list that JSON writes as [] and not as null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
