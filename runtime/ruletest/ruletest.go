package ruletest

import (
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Set is rules with the tests of them.
type Set struct {
	Plan   *plan.Plan
	Schema *schema.Schema // what simulated orgs are like; nil is orgsim's own
	// Read reads a file that a test names; nil reads it from disk. The path is that of
	// the test's file with the name behind it.
	Read func(path string) ([]byte, error)
}

// Options say what is run.
type Options struct {
	// Select says which tests are run; nil runs all.
	Select func(*plan.Test) bool
}

// Report is what came of the tests.
type Report struct {
	Tests    []Result
	Coverage []plan.FileCoverage // of every rule file, by the events of the tests that ran
	Duration time.Duration
}

// Failed returns how many tests failed.
func (r *Report) Failed() int {
	n := 0
	for i := range r.Tests {
		if !r.Tests[i].Passed {
			n++
		}
	}
	return n
}

// Result is what came of one test.
type Result struct {
	Name         string     `json:"name"`
	File         string     `json:"file"`
	Line         int        `json:"line"`
	Passed       bool       `json:"passed"`
	Engine       bool       `json:"engine"` // whether the whole engine ran, against a simulated org
	Milliseconds float64    `json:"milliseconds"`
	Failures     []Failure  `json:"failures"`
	Writes       []Write    `json:"writes"` // what was written, left out or refused, in order
	Ways         []EventWay `json:"ways"`   // the way that each event took
}

// Failure is one thing that a test expected and that is not so.
type Failure struct {
	Line    int         `json:"line"`             // of the `expect`, or of the test
	Expect  string      `json:"expect"`           // the line as the author wrote it; "" for what nobody expected
	Message string      `json:"message"`          // one clause
	Help    string      `json:"help,omitempty"`   // what to do about it
	Nearest string      `json:"nearest"`          // the write that comes nearest, "" for none
	Fields  []FieldDiff `json:"fields,omitempty"` // the nearest write beside the expected one
}

// FieldDiff is one field, or `where`, that was expected, and what was written.
type FieldDiff struct {
	Name     string `json:"name"`
	Line     int    `json:"line"`
	Expected string `json:"expected"`         // JSON
	Actual   string `json:"actual,omitempty"` // JSON, "" where there is none
	Note     string `json:"note,omitempty"`   // why there is none
	Same     bool   `json:"same"`
}

// Run runs tests. Its error is about the machine, such as a disk that is full; what is
// wrong with a test is in its result.
func Run(ctx context.Context, set Set, o Options) (*Report, error) {
	begun := time.Now()
	r := &runner{set: set, scopes: map[string]*plan.Plan{}, coverage: &plan.Coverage{}}
	defer r.close()
	if r.set.Read == nil {
		r.set.Read = readFile
	}
	report := &Report{}
	for _, t := range set.Plan.Tests {
		if o.Select != nil && !o.Select(t) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		result, err := r.test(ctx, t)
		if err != nil {
			return nil, err
		}
		report.Tests = append(report.Tests, result)
	}
	report.Coverage = r.coverage.Files(set.Plan)
	report.Duration = time.Since(begun)
	return report, nil
}

// runner runs the tests of a set, one after the other.
type runner struct {
	set       Set
	scopes    map[string]*plan.Plan // the rules that the tests of a file are about
	evals     map[*plan.Plan]*plan.Evaluation
	coverage  *plan.Coverage
	schemaDir string // of describe results for simulated orgs, made when it is first needed
}

func (r *runner) close() {
	if r.schemaDir != "" {
		os.RemoveAll(r.schemaDir)
	}
}

// scope returns the rules that a test of a file is about.
func (r *runner) scope(file string) *plan.Plan {
	if p := r.scopes[file]; p != nil {
		return p
	}
	folder := plan.IsTestFile(file)
	if !folder {
		folder = true
		for _, rule := range r.set.Plan.Rules {
			folder = folder && rule.File != file
		}
	}
	p := r.set.Plan.Only(func(rule *plan.Rule) bool {
		return rule.File == file || folder && path.Dir(rule.File) == path.Dir(file)
	})
	r.scopes[file] = p
	return p
}

// test runs one test. A fault of ours in it stops no other.
func (r *runner) test(ctx context.Context, t *plan.Test) (out Result, err error) {
	begun := time.Now()
	out = Result{Name: t.Name, File: t.File, Line: t.Line, Failures: []Failure{}, Writes: []Write{}, Ways: []EventWay{}}
	defer func() {
		if fault := recover(); fault != nil {
			out.fail(Failure{Line: t.Line, Message: fmt.Sprintf("this test broke sfsync: %v", fault), Help: "this is a fault of sfsync: please report it, with\n" + string(debug.Stack())})
		}
		out.Passed = len(out.Failures) == 0
		out.Milliseconds = float64(time.Since(begun).Microseconds()) / 1000
	}()
	events, ok := r.events(t, &out)
	if !ok {
		return out, nil
	}
	p := r.scope(t.File)
	if len(p.Rules) == 0 { // nothing would come of anything
		out.fail(Failure{Line: t.Line, Message: "there is no rule that this test is about", Help: "a test stands in a file of rules, or in one whose name ends in _test.sfsync, beside them"})
		return out, nil
	}
	trial := r.evaluate(p, events, &out)
	if len(t.Org) == 0 && len(groups(events)) < 2 {
		out.Writes = trial.writes
		out.judge(t, trial.skipped)
		return out, nil
	}
	out.Engine = true
	done, err := r.engine(ctx, t, p, events, trial, &out)
	if err != nil || len(out.Failures) > 0 {
		return out, err
	}
	out.Writes = done.writes
	out.judge(t, done.skipped)
	return out, nil
}

func (r *Result) fail(f Failure) { r.Failures = append(r.Failures, f) }

// maxFile bounds a file that a test names, in bytes.
const maxFile = 32 << 20

func readFile(name string) ([]byte, error) {
	name = filepath.FromSlash(name)
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("it is longer than %d MiB", maxFile>>20)
	}
	return os.ReadFile(name)
}

// Beside returns the path of a file that a test names, from where the test stands.
func Beside(test, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return path.Join(path.Dir(filepath.ToSlash(test)), filepath.ToSlash(name))
}
