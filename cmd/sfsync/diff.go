package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan/rulediff"
	"github.com/sfsync/sfsync/salesforce/schema"
)

func diffCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "say what a change of rules changes",
		ArgsUsage: "OLD NEW",
		Description: "OLD and NEW are rule files, directories of them, or REVISION:PATH in git. What is\n" +
			"compared is what the rules do: which field is written for which status, from what, in\n" +
			"which record. Layout, comments, tests and the order of rules, arms and fields do not\n" +
			"count, unless rules set the same field of a record. The schema is that of --schema or\n" +
			"--connection, or else of a directory `schema` beside the rules. --replay and\n" +
			"--replay-runs show which writes would differ for events of a file, or of the past.\n" +
			"Exits with 1 if there is a difference.",
		Flags: append([]cli.Flag{
			schemaFlag(),
			&cli.StringFlag{Name: "connection", Usage: "compare with the stored schema of the connection `NAME`"},
			storeFlag(),
			formatFlag("text", "markdown", "json"),
			&cli.StringSliceFlag{Name: "replay", Usage: "run the events of a `FILE` or directory through both, - for standard input; may be repeated"},
			&cli.BoolFlag{Name: "replay-runs", Usage: "run past events through both, as far as the store keeps them; the flags below choose"},
			&cli.IntFlag{Name: "limit", Value: 10_000, Usage: "with --replay-runs, the newest `N` runs; 0 for all"},
		}, runFilterFlags()...),
		Action: func(ctx *cli.Context) error { return c.diff(ctx) },
	}
}

// diffReport is what a diff found, as JSON.
type diffReport struct {
	FormatVersion string   `json:"format_version"`
	Differs       bool     `json:"differs"`
	Schema        string   `json:"schema"` // what names and values were held against, "" for none
	Notes         []string `json:"notes"`
	*rulediff.Diff
	Replay *replay `json:"replay,omitempty"`
}

func (c *console) diff(ctx *cli.Context) error {
	if ctx.NArg() != 2 {
		return usagef("sfsync diff before.sfsync after.sfsync, or sfsync diff main:rules rules", "two versions of rules are needed")
	}
	inputs := append(ctx.Args().Slice(), ctx.StringSlice("replay")...)
	if i := slices.Index(inputs, "-"); i >= 0 && slices.Contains(inputs[i+1:], "-") {
		return usagef("", "standard input can be read once")
	}
	filter, err := replayFilter(ctx)
	if err != nil {
		return err
	}
	r := &diffReport{FormatVersion: dsl.FormatVersion, Notes: []string{}}
	before, after, err := c.twoVersions(ctx, r)
	if err != nil {
		return err
	}
	r.Diff = rulediff.Compare(rulediff.Side{Plan: before.plan, Findings: before.diagnostics}, rulediff.Side{Plan: after.plan, Findings: after.diagnostics})
	if files := ctx.StringSlice("replay"); len(files) > 0 || ctx.Bool("replay-runs") {
		r.Replay = newReplay(before.plan, after.plan)
		if err := r.Replay.files(c, files); err != nil {
			return err
		}
		if ctx.Bool("replay-runs") {
			if err := r.Replay.runs(ctx, filter); err != nil {
				return err
			}
		}
		r.Replay.finish()
	}
	r.Differs = !r.Empty() || r.Replay != nil && r.Replay.Differ > 0
	switch ctx.String("format") {
	case "json":
		err = c.printJSON(r)
	case "markdown":
		_, err = c.out.Write([]byte(diffMarkdown(r)))
	default:
		c.printDiff(r)
	}
	if err == nil && (r.Differs || r.Replay != nil && r.Replay.Broken > 0) {
		return problem
	}
	return err
}

// twoVersions reads and compiles the two versions of rules against one schema.
func (c *console) twoVersions(ctx *cli.Context, r *diffReport) (before, after *ruleSet, err error) {
	before, err = c.version(ctx, ctx.Args().Get(0))
	if err != nil {
		return nil, nil, err
	}
	after, err = c.version(ctx, ctx.Args().Get(1))
	if err != nil {
		return nil, nil, err
	}
	s, from, err := schemaFor(ctx, after, before)
	if err != nil {
		return nil, nil, err
	}
	for _, set := range []*ruleSet{before, after} {
		set.schema = s
		set.compile()
	}
	r.Schema = from
	if s == nil {
		r.Notes = append(r.Notes, "no schema was at hand, so that values are compared as they are written")
	}
	if after.plan == nil {
		return nil, nil, c.refuse(after.diagnostics)
	}
	if before.plan != nil {
		return before, after, nil
	}
	// Rules that Salesforce has outgrown can still be compared, without the schema.
	for _, set := range []*ruleSet{before, after} {
		set.schema, set.files, set.diagnostics = nil, nil, nil
		set.compile()
		if set.plan == nil {
			return nil, nil, c.refuse(set.diagnostics)
		}
	}
	if s != nil {
		r.Schema = ""
		r.Notes = append(r.Notes, fmt.Sprintf("the old rules have errors with the schema of %s, so that both are compared without it", from))
	}
	return before, after, nil
}

// version reads the rules of a file, a directory, or a revision in git.
func (c *console) version(ctx *cli.Context, name string) (*ruleSet, error) {
	if isRevision(name) {
		sources, err := revisionRules(ctx.Context, name)
		return &ruleSet{sources: sources}, err
	}
	sources, err := c.readRules([]string{name})
	return &ruleSet{sources: sources}, err
}

// schemaFor is the schema that flags name, or else the one beside the first of the
// sets that has one.
func schemaFor(ctx *cli.Context, sets ...*ruleSet) (s *schema.Schema, from string, err error) {
	if s, from, err = givenSchema(ctx); s != nil || err != nil {
		return s, from, err
	}
	for _, set := range sets {
		for _, src := range set.sources {
			dir := beside(src, "schema")
			if dir != "" && from != "" && dir != from {
				return nil, "", usagef("", "the rules have several schemas beside them; give --schema DIR")
			}
			if dir != "" {
				from = dir
			}
		}
		if from != "" {
			s, err = readSchema(from)
			return s, from, err
		}
	}
	return nil, "", nil
}
