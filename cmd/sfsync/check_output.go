package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

// checkFormats are the kinds of report that check writes.
var checkFormats = []string{"text", "json", "sarif", "github", "junit"}

const checkOutputExample = "sarif=check.sarif"

// writeCheck writes reports: the one of --format to standard output, then the others.
// People get the worst findings, shown; files for machines get all of them.
func (c *console) writeCheck(ctx *cli.Context, r *checkReport, outputs []output, shown, all []dsl.Diagnostic) error {
	if err := c.writeCheckAs(ctx.String("format"), ctx.Bool("strict"), r, shown, all); err != nil {
		return err
	}
	for _, output := range outputs {
		var buf bytes.Buffer
		file := *c
		file.out, file.style, file.width = &buf, style{}, defaultWidth
		whole := *r
		whole.LeftOut = 0
		if err := file.writeCheckAs(output.format, ctx.Bool("strict"), &whole, all, all); err != nil {
			return err
		}
		if err := output.write(c, buf.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func (c *console) writeCheckAs(kind string, strict bool, r *checkReport, shown, all []dsl.Diagnostic) error {
	switch kind {
	case "json":
		return c.printCheckJSON(r, shown)
	case "sarif":
		return dsl.RenderSARIF(c.out, all, buildVersion().Version)
	case "github":
		return dsl.RenderGitHub(c.out, all)
	case "junit":
		return dsl.RenderJUnit(c.out, all, dsl.JUnitOptions{Files: r.Files, Strict: strict})
	}
	return c.printCheck(r, shown)
}

// printFixed says what was fixed, or would be.
func (c *console) printFixed(r *checkReport) {
	verb := "fixed"
	if r.Diff != "" {
		verb = "would fix"
		fmt.Fprintln(c.out, strings.TrimRight(printable(r.Diff), "\n")+"\n")
	}
	for _, f := range r.Fixed {
		fmt.Fprintf(c.out, "%s %s:%d: %s %s (%s)\n", c.style.green(verb), printable(f.File), f.Line, f.Code, printable(f.Message), strings.ToLower(f.Fix[:1])+f.Fix[1:])
	}
	if len(r.Fixed) > 0 {
		fmt.Fprintln(c.out)
	}
}
