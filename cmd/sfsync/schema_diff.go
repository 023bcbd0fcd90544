package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

func schemaDiffCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "compare describe results, and say what it means for rules",
		ArgsUsage: "OLD [NEW]",
		Description: "OLD and NEW are directories of describe results. Without NEW, OLD is held against\n" +
			"an org as it is now. Exits with 1 if the changes break rules of --rules.",
		Flags: append(targetFlags(),
			&cli.StringSliceFlag{Name: "rules", Usage: "say what the changes mean for the rules in `FILE` or directory; may be repeated"},
			formatFlag()),
		Action: func(ctx *cli.Context) error { return c.schemaDiff(ctx) },
	}
}

func (c *console) schemaDiff(ctx *cli.Context) error {
	if n := ctx.NArg(); n == 0 || n > 2 {
		return usagef("sfsync schema diff schema --connection production, or sfsync schema diff OLD NEW", "one or two directories of describe results are needed")
	}
	files, err := c.parseRules(ctx.StringSlice("rules"))
	if err != nil {
		return err
	}
	before, err := readSchema(ctx.Args().First())
	if err != nil {
		return err
	}
	var after *schema.Schema
	if ctx.NArg() == 2 {
		after, err = readSchema(ctx.Args().Get(1))
	} else {
		after, err = c.schemaNow(ctx, before)
	}
	if err != nil {
		return err
	}
	report := struct {
		Changes []schema.Change `json:"changes"`
		Drift   []plan.Drift    `json:"drift"`
	}{
		orEmpty(schema.Compare(before, after)),
		orEmpty(plan.CompareSchemas(files, func(string) *schema.Schema { return before }, func(string) *schema.Schema { return after })),
	}
	if wantsJSON(ctx) {
		err = c.printJSON(report)
	} else {
		if len(report.Changes) == 0 {
			fmt.Fprintln(c.out, "Nothing has changed.")
		}
		c.printChanges(report.Changes)
		if len(files) > 0 {
			c.printDrift(report.Drift)
		}
	}
	if err == nil && plan.HasBreaks(report.Drift) {
		return problem
	}
	return err
}

// schemaNow asks the org that flags name about the objects of a schema.
func (c *console) schemaNow(ctx *cli.Context, of *schema.Schema) (*schema.Schema, error) {
	t, err := oneTarget(ctx)
	if err != nil {
		return nil, err
	}
	defer t.close()
	r := refresh{target: t, known: of, full: true, progress: c.schemaProgress()}
	if err := r.run(ctx.Context); err != nil {
		return nil, err
	}
	return r.schema, nil
}

// maxChanges is how many changes of one object are shown.
const maxChanges = 20

// printChanges shows what has changed of objects, each object's below its name.
func (c *console) printChanges(changes []schema.Change) {
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && changes[n].Object == changes[0].Object {
			n++
		}
		own := changes[:n]
		changes = changes[n:]
		if len(own) == 1 && own[0].Field == "" && own[0].Aspect == schema.AspectExists {
			fmt.Fprintf(c.out, "\n%s: %s\n", c.style.bold(own[0].Object), own[0])
			continue
		}
		fmt.Fprintf(c.out, "\n%s\n", c.style.bold(own[0].Object))
		t := table{indent: "  "}
		for i, change := range own {
			if i == maxChanges {
				break
			}
			name := change.Field
			if name == "" {
				name = "the object"
			}
			t.row(name, change.String())
		}
		t.write(c.out, c.width)
		if left := len(own) - maxChanges; left > 0 {
			fmt.Fprintf(c.out, "  and %s; --format json has all\n", plural(left, "more change"))
		}
	}
}

// printDrift says what changes of the schema mean for rules, line by line.
func (c *console) printDrift(all []plan.Drift) {
	fmt.Fprintln(c.out)
	if len(all) == 0 {
		fmt.Fprintln(c.out, c.style.green("The rules do as before: nothing that they use has changed."))
		return
	}
	heads := map[plan.DriftSeverity]string{
		plan.Breaks:         c.style.red("These lines of the rules do not work any more:"),
		plan.ChangesMeaning: c.style.yellow("These work, and some events end otherwise than before:"),
		plan.Harmless:       c.style.green("These are not affected, though what they use has changed:"),
	}
	for i := range all {
		d := &all[i]
		if i == 0 || all[i-1].Severity != d.Severity {
			if i > 0 {
				fmt.Fprintln(c.out)
			}
			fmt.Fprintln(c.out, heads[d.Severity])
		}
		fmt.Fprintf(c.out, "\n  %s  %s\n", c.style.bold(fmt.Sprintf("%s:%d", d.File, d.Line)), c.style.dim("rule "+printable(d.Rule)))
		fmt.Fprintln(c.out, wrap(d.Name()+": "+d.String(), "    ", c.width))
		message := d.Message
		if d.Code != "" {
			message += " [" + string(d.Code) + "]"
		}
		fmt.Fprintln(c.out, hanging("    → ", message, c.width))
		if d.Help != "" {
			fmt.Fprintln(c.out, hanging("    = ", "help: "+d.Help, c.width))
		}
	}
}

// driftText says in one line what a change means for a rule.
func driftText(d *plan.Drift) string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s: %s", d.Name(), d.Change, d.Message))
}
