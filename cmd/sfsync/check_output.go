package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

// checkFormats are the kinds of report that check writes.
var checkFormats = []string{"text", "json", "sarif", "github", "junit"}

func checkFormatFlag() cli.Flag {
	return &cli.StringFlag{Name: "format", Value: "text", Usage: "`FORMAT` of what is printed: text, json, sarif, github or junit",
		Action: func(_ *cli.Context, value string) error { return checkFormat(value) }}
}

func checkFormat(kind string) error {
	if slices.Contains(checkFormats, kind) {
		return nil
	}
	if better, ok := dsl.Suggest(kind, checkFormats); ok {
		return usagef("", "there is no format `%s`; did you mean `%s`?", kind, better)
	}
	return usagef("", "there is no format `%s`; it is one of %s", kind, strings.Join(checkFormats, ", "))
}

// checkOutput is a report that goes to a file.
type checkOutput struct{ kind, path string }

// checkOutputs reads the reports that --output asks for, as KIND=FILE.
func checkOutputs(ctx *cli.Context) ([]checkOutput, error) {
	var outputs []checkOutput
	for _, value := range ctx.StringSlice("output") {
		kind, path, ok := strings.Cut(value, "=")
		if !ok || path == "" {
			return nil, usagef("--output sarif=check.sarif", "--output takes a format and a file, and not `%s`", value)
		}
		if err := checkFormat(kind); err != nil {
			return nil, err
		}
		outputs = append(outputs, checkOutput{kind, path})
	}
	return outputs, nil
}

// writeCheck writes reports: the one of --format to standard output, then the others.
// People get the worst findings, shown; files for machines get all of them.
func (c *console) writeCheck(ctx *cli.Context, r *checkReport, outputs []checkOutput, shown, all []dsl.Diagnostic) error {
	if err := c.writeCheckAs(ctx.String("format"), ctx.Bool("strict"), r, shown, all); err != nil {
		return err
	}
	for _, output := range outputs {
		var buf bytes.Buffer
		file := *c
		file.out, file.style, file.width = &buf, style{}, defaultWidth
		whole := *r
		whole.LeftOut = 0
		if err := file.writeCheckAs(output.kind, ctx.Bool("strict"), &whole, all, all); err != nil {
			return err
		}
		if output.path == "-" {
			if _, err := io.Copy(c.out, &buf); err != nil {
				return err
			}
			continue
		}
		if err := replaceFile(output.path, buf.Bytes()); err != nil {
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
