package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/ruletest"
)

func testCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "test",
		Usage:     "run the tests of rules: test blocks, and files that end in _test.sfsync",
		ArgsUsage: "[FILE|DIR…]",
		Description: "Without a file, all tests below this folder run. A test takes an event from a file,\n" +
			"changes it, and says which writes must come of it; dsl/LANGUAGE.md tells how. What\n" +
			"failed is shown beside what was expected, with the way that the event took. Nothing\n" +
			"outside this machine is called: a test that is given something of the org has a\n" +
			"simulated one of its own. The exit code is 1 if a test fails, if there is none, or\n" +
			"if --fuzz finds something.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "run", Usage: "run only tests whose names match the `REGEX`"},
			&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "list the tests that pass, too"},
			&cli.BoolFlag{Name: "watch", Usage: "run the tests again whenever rules, events or schema change, until Ctrl-C"},
			&cli.BoolFlag{Name: "coverage", Usage: "show how much of the rules the tests reach, and the lines they do not"},
			&cli.Float64Flag{Name: "threshold", Usage: "fail if less than `PERCENT` is covered"},
			&cli.StringFlag{Name: "fuzz", Usage: "make up `N` events, or as many as a time such as 30s allows, and report which of them make a rule fail, wipe a field or loop"},
			&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "let --fuzz make up the events of the number `N`; the same number makes the same events"},
			schemaFlag(),
			&cli.StringFlag{Name: "connection", Usage: "check against the stored schema of the connection `NAME`"},
			storeFlag(),
			formatFlag(testFormats...),
			outputFlag(testOutputExample),
		},
		Action: func(ctx *cli.Context) error { return c.test(ctx) },
	}
}

// testFormats are the forms in which tests are reported.
var testFormats = []string{"text", "json", "junit"}

const testOutputExample = "junit=tests.xml"

func (c *console) test(ctx *cli.Context) error {
	t, err := newTester(ctx)
	if err != nil {
		return err
	}
	t.console = c
	if ctx.Bool("watch") {
		return t.watch(ctx)
	}
	return t.once(ctx)
}

// tester runs tests as flags say.
type tester struct {
	console *console
	paths   []string
	names   *regexp.Regexp // nil for all
	outputs []output
	fuzz    *fuzzing // nil without --fuzz
}

func newTester(ctx *cli.Context) (*tester, error) {
	t := &tester{paths: ctx.Args().Slice()}
	if len(t.paths) == 0 {
		t.paths = []string{"."}
	}
	var err error
	if expr := ctx.String("run"); expr != "" {
		if t.names, err = regexp.Compile(expr); err != nil {
			return nil, usagef("sfsync test --run 'detractor|promoter'", "--run takes a regular expression: %v", err)
		}
	}
	if p := ctx.Float64("threshold"); p < 0 || p > 100 {
		return nil, usagef("", "--threshold is a percentage from 0 to 100")
	}
	if t.fuzz, err = fuzzFlags(ctx); err != nil {
		return nil, err
	}
	if ctx.Bool("watch") && (slices.Contains(t.paths, "-") || ctx.String("format") != "text") {
		return nil, usagef("", "--watch prints text, and watches files")
	}
	t.outputs, err = readOutputs(ctx, testFormats, testOutputExample)
	return t, err
}

// once runs the tests and reports them.
func (t *tester) once(ctx *cli.Context) error {
	sets, named, err := t.read(ctx)
	if err != nil {
		return err
	}
	c := t.console
	sound := true
	for _, set := range sets {
		set.compile()
		sound = sound && set.plan != nil
	}
	if !sound {
		return c.refuse(diagnosticsOf(sets))
	}
	r := &testReport{FormatVersion: dsl.FormatVersion, Tests: []ruletest.Result{}}
	begun := time.Now()
	for _, set := range sets {
		if err := t.runSet(ctx.Context, set, named, r); err != nil {
			return err
		}
	}
	r.finish(begun)
	if t.fuzz != nil {
		if err := t.fuzzSets(ctx.Context, sets, named, r); err != nil {
			return errors.Join(t.report(ctx, r), err)
		}
	}
	if err := t.report(ctx, r); err != nil {
		return err
	}
	return t.verdict(ctx, r)
}

// verdict says by the exit code how the tests went.
func (t *tester) verdict(ctx *cli.Context, r *testReport) error {
	threshold := ctx.Float64("threshold")
	switch {
	case r.Failed > 0:
		return problem
	case len(r.Tests) == 0 && t.fuzz == nil && t.names != nil:
		return problemf("sfsync test --verbose lists the tests", "no test has a name that matches %s", ctx.String("run"))
	case len(r.Tests) == 0 && t.fuzz == nil:
		return problemf("a test begins with a line `test NAME`; dsl/LANGUAGE.md has examples", "there are no tests")
	case threshold > 0 && r.Coverage.Percent < threshold:
		return problemf("--coverage shows what the tests do not reach", "the tests cover %.1f %% of the rules, and --threshold wants %g %%", r.Coverage.Percent, threshold)
	case r.Fuzz != nil && len(r.Fuzz.Findings) > 0:
		return problem
	}
	return nil
}

// tested is what a user wants tested: the files that are named, with the tests that go
// with them, and the folders whose rules are the matter of a named file of tests alone.
type tested struct{ files, folders map[string]bool }

func (t *tested) covers(file string) bool { return t.files[file] || t.folders[filepath.Dir(file)] }

// read reads the files that are named, and those that belong to them: the tests of a
// file of rules, and the rules of a file of tests.
func (t *tester) read(ctx *cli.Context) ([]*ruleSet, *tested, error) {
	sources, err := t.console.readRules(t.paths)
	if err != nil {
		return nil, nil, err
	}
	named := &tested{map[string]bool{}, map[string]bool{}}
	have := map[string]bool{}
	for _, src := range sources {
		named.files[src.Path], have[filepath.Clean(src.Path)] = true, true
	}
	add := func(path string) error {
		if have[filepath.Clean(path)] {
			return nil
		}
		have[filepath.Clean(path)] = true
		src, err := openSource(path)
		if err == nil {
			sources = append(sources, src)
		}
		return err
	}
	for _, src := range slices.Clone(sources) {
		tests := strings.TrimSuffix(src.Path, ruleExtension) + "_test" + ruleExtension
		if _, err := os.Stat(tests); err == nil && !plan.IsTestFile(src.Path) {
			named.files[tests] = true
			if err := add(tests); err != nil {
				return nil, nil, err
			}
		}
	}
	for _, src := range slices.Clone(sources) {
		if !testsAlone(src) {
			continue
		}
		dir := filepath.Dir(src.Path)
		named.folders[dir] = true
		rules, err := folderRules(dir)
		if err != nil {
			return nil, nil, err
		}
		for _, path := range rules {
			if plan.IsTestFile(path) {
				continue
			}
			if err := add(path); err != nil {
				return nil, nil, err
			}
		}
	}
	sets, err := setsOf(ctx, sources)
	return sets, named, err
}

// testsAlone reports whether a file has tests and no rules, so that these are about
// all rules of its folder.
func testsAlone(src *dsl.Source) bool {
	if plan.IsTestFile(src.Path) {
		return true
	}
	file, _ := dsl.Parse(src)
	return len(file.Rules) == 0 && len(file.Tests) > 0
}

// runSet runs the tests of a set that stand in named files.
func (t *tester) runSet(ctx context.Context, set *ruleSet, named *tested, into *testReport) error {
	report, err := ruletest.Run(ctx, ruletest.Set{Plan: set.plan, Schema: set.schema}, ruletest.Options{
		Select: func(test *plan.Test) bool {
			return named.files[test.File] && (t.names == nil || t.names.MatchString(test.Name))
		},
	})
	if err != nil {
		return err
	}
	into.Tests = append(into.Tests, report.Tests...)
	for _, f := range report.Coverage {
		if named.covers(f.File) {
			into.Coverage.add(f)
		}
	}
	return nil
}
