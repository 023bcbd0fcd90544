package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

func planCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:        "plan",
		Usage:       "show what rules compile to",
		ArgsUsage:   "FILE|DIR…",
		Description: "For every rule: what it reads of an event, what it writes to which record, and\nhow each field gets its value. A schema is used as `check` uses it.",
		Flags: []cli.Flag{
			schemaFlag(),
			&cli.StringFlag{Name: "connection", Usage: "compile against the stored schema of the connection `NAME`"},
			storeFlag(),
			&cli.BoolFlag{Name: "programs", Usage: "list the instructions of every expression"},
			formatFlag(),
		},
		Action: func(ctx *cli.Context) error { return c.plan(ctx) },
	}
}

func (c *console) plan(ctx *cli.Context) error {
	sets, err := c.ruleSets(ctx)
	if err != nil {
		return err
	}
	all := plan.Description{Rules: []plan.RuleDescription{}}
	for _, set := range sets {
		set.compile()
		if set.plan == nil {
			return c.refuse(set.diagnostics)
		}
		all.Rules = append(all.Rules, set.plan.Describe(ctx.Bool("programs")).Rules...)
	}
	if wantsJSON(ctx) {
		return c.printJSON(all)
	}
	for i, r := range all.Rules {
		if i > 0 {
			fmt.Fprintln(c.out)
		}
		c.printRule(r)
	}
	return nil
}

// refuse ends a command that rules with errors keep from going on.
func (c *console) refuse(found []dsl.Diagnostic) error {
	var errors []dsl.Diagnostic
	for _, d := range found {
		if d.Severity == dsl.Error {
			errors = append(errors, d)
		}
	}
	shown, left := dsl.Limit(errors, maxShown)
	if err := dsl.Render(c.err, shown, dsl.TextOptions{Color: c.errStyle.color, Width: c.width}); err != nil {
		return err
	}
	fmt.Fprintln(c.err)
	if left > 0 {
		return problemf("sfsync check --all", "the rules have %s; not all are shown", plural(len(errors), "error"))
	}
	return problemf("", "the rules have %s", plural(len(errors), "error"))
}

func (c *console) printRule(r plan.RuleDescription) {
	fmt.Fprintf(c.out, "%s %s  %s\n", c.style.bold("rule"), c.style.bold(r.Name), c.style.dim(fmt.Sprintf("%s:%d", r.File, r.Line)))
	on := "  on " + r.Trigger
	if r.Guard != nil {
		on += " if " + r.Guard.Source
	}
	fmt.Fprintln(c.out, on)
	c.printProgram(r.Guard, "    ")
	var reads []string
	for _, s := range r.Slots {
		reads = append(reads, s.Path)
	}
	if len(reads) > 0 {
		fmt.Fprintln(c.out, hanging("  reads ", strings.Join(reads, ", "), c.width))
	}
	c.printActions(r.Actions, "  ")
	for _, arm := range r.Arms {
		name := "when " + arm.Name
		if arm.Name == "otherwise" {
			name = arm.Name
		}
		fmt.Fprintf(c.out, "  %s\n", c.style.cyan(name))
		c.printActions(arm.Actions, "    ")
	}
	fmt.Fprintf(c.out, "  1,000 events take at most %s\n", plural(r.CallsPer1000, "API call"))
}

func (c *console) printActions(actions []plan.ActionDescription, indent string) {
	for _, a := range actions {
		line := a.Verb + " " + a.Object
		if a.Match != nil {
			line += " where " + a.MatchField + " = " + a.Match.Source
		}
		if a.Guard != nil {
			line += " if " + a.Guard.Source
		}
		if a.Connection != "" {
			line += "  → " + a.Connection
		}
		fmt.Fprintf(c.out, "%s%s  %s\n", indent, line, c.style.dim(fmt.Sprintf("line %d", a.Line)))
		c.printProgram(a.Match, indent+"    ")
		c.printProgram(a.Guard, indent+"    ")
		t := table{indent: indent + "  "}
		for _, f := range a.Fields {
			what := f.Source
			if f.How == plan.Static {
				what = f.JSON
			}
			t.row(f.Field, cell{f.How, c.style.dim}, what)
		}
		t.write(c.out, c.width)
		for _, f := range a.Fields {
			if f.Program != "" {
				c.printProgram(&plan.ExprDescription{Source: f.Source, Program: f.Program}, indent+"    ")
			}
		}
	}
}

// printProgram lists the instructions of an expression.
func (c *console) printProgram(x *plan.ExprDescription, indent string) {
	if x == nil || x.Program == "" {
		return
	}
	fmt.Fprintf(c.out, "%s%s\n", indent, c.style.dim("# "+oneLine(x.Source)))
	for _, line := range strings.Split(strings.TrimSpace(x.Program), "\n") {
		fmt.Fprintln(c.out, indent+c.style.dim(oneLine(line)))
	}
}
