package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/lsp"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/ruletest"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

func lspCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:  "lsp",
		Usage: "the language server, for editors",
		Description: "Your editor starts it, and talks with it over standard input and output (LSP 3.17).\n" +
			"It checks rules as you type, completes what the schema and the sample events know,\n" +
			"and runs tests. As for check, names are held against the directory `schema` beside\n" +
			"the rules, or else what is stored of their connection, and paths against `events`.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "stdio", Hidden: true, Usage: "what some editors add; it is the only way to talk"},
			storeFlag(),
		},
		Action: func(ctx *cli.Context) error { return c.lsp(ctx) },
	}
}

func (c *console) lsp(ctx *cli.Context) error {
	err := lsp.Serve(ctx.Context, c.in, keptOpen{c.out}, lsp.Options{
		Version:     buildVersion().Version,
		Log:         slog.New(slog.NewTextHandler(c.err, nil)),
		Events:      sampleEvents,
		File:        missingFile,
		Connections: func() []string { return storedConnections(ctx) },
		Schema: func(name string) *schema.Schema {
			s, err := storedSchema(ctx, name)
			if err != nil {
				return nil // names are then not held against anything, as without a store
			}
			return s
		},
		Cause:   causeDoc,
		RunTest: runEditorTest,
	})
	if errors.Is(err, lsp.ErrNoShutdown) {
		return &exitError{code: exitProblem} // the protocol asks for 1, and nobody reads a message
	}
	return err
}

// keptOpen is a writer that its user cannot close.
type keptOpen struct{ io.Writer }

func (keptOpen) Close() error { return nil }

// sampleEvents reads the sample events of a file or directory, without those that are broken.
func sampleEvents(path string) ([]string, error) {
	var set ruleSet
	_, err := set.addSamples([]string{path})
	return set.samples, err
}

func storedConnections(ctx *cli.Context) []string {
	kv, done, err := readState(ctx)
	defer done()
	if err != nil || kv == nil {
		return nil
	}
	all, err := store.Connections(ctx.Context, kv)
	if err != nil {
		return nil
	}
	var names []string
	for _, connection := range all {
		names = append(names, connection.Name)
	}
	return names
}

func causeDoc(name string) string {
	info, ok := salesforce.ExplainCause(salesforce.Cause(name))
	if !ok {
		return ""
	}
	return fmt.Sprintf("**%s** · %s\n\n%s\n\n%s", name, info.Title, info.Explanation, info.Advice)
}

// runEditorTest runs one test on rules as they stand in the editor.
func runEditorTest(ctx context.Context, t lsp.Test) lsp.TestResult {
	failed := func(line int, message string) lsp.TestResult {
		return lsp.TestResult{Failures: []lsp.TestFailure{{Line: line, Message: message}}}
	}
	// The test is about the rules of its own file, or about those of its folder. What is
	// wrong elsewhere does not matter.
	files := []*dsl.File{t.File}
	if len(t.File.Rules) == 0 || plan.IsTestFile(t.File.Source.Path) {
		for _, f := range t.Files {
			if f != t.File && !plan.IsTestFile(f.Source.Path) {
				files = append(files, f)
			}
		}
	}
	compiled, found := plan.Compile(files, plan.Options{Samples: t.Samples, Schema: t.Schema})
	for _, f := range files {
		found = append(found, f.Faults...)
	}
	for _, d := range found {
		if d.Severity == dsl.Error {
			return failed(0, fmt.Sprintf("the rules have an error (%s, line %d): %s", baseName(d.Source.Path), d.Source.Position(d.From).Line, d.Message))
		}
	}
	set := ruletest.Set{Plan: compiled, Schema: t.Schema(t.File.Connection.Text)}
	report, err := ruletest.Run(ctx, set, ruletest.Options{Select: func(p *plan.Test) bool {
		return p.Name == t.Block.Name.Text && p.File == t.File.Source.Path
	}})
	if err != nil {
		return failed(0, "the test could not be run: "+err.Error())
	}
	result := lsp.TestResult{Failures: []lsp.TestFailure{}}
	for _, r := range report.Tests {
		for _, f := range r.Failures {
			result.Failures = append(result.Failures, lsp.TestFailure{Line: f.Line, Message: failureText(f)})
		}
	}
	if len(report.Tests) == 0 {
		return failed(0, "the test cannot be read")
	}
	return result
}

// failureText says what was expected and what came, a line for each field that differs.
func failureText(f ruletest.Failure) string {
	lines := []string{f.Message}
	if f.Nearest != "" {
		lines = append(lines, "nearest: "+f.Nearest)
	}
	for _, d := range f.Fields {
		if d.Same {
			continue
		}
		actual := d.Actual
		if actual == "" {
			actual = d.Note
		}
		lines = append(lines, fmt.Sprintf("%s: expected %s, got %s", d.Name, oneLine(d.Expected), oneLine(actual)))
	}
	if f.Help != "" {
		lines = append(lines, f.Help)
	}
	return strings.Join(lines, "\n")
}

func baseName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
