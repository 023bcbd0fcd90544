package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/ruletest"
)

// testReport is what came of tests. Its JSON form is what --format json prints.
type testReport struct {
	FormatVersion string            `json:"format_version"`
	Passed        int               `json:"passed"`
	Failed        int               `json:"failed"`
	Milliseconds  float64           `json:"milliseconds"`
	Tests         []ruletest.Result `json:"tests"`
	Coverage      coverage          `json:"coverage"`
	Fuzz          *fuzzReport       `json:"fuzz,omitempty"`
}

// coverage is how much of the rules the tests reach.
type coverage struct {
	Covered int                 `json:"covered"`
	Total   int                 `json:"total"`
	Percent float64             `json:"percent"`
	Files   []plan.FileCoverage `json:"files"`
}

func (c *coverage) add(f plan.FileCoverage) {
	c.Files = append(c.Files, f)
	c.Covered += f.Covered
	c.Total += f.Total
}

func (r *testReport) finish(begun time.Time) {
	for i := range r.Tests {
		if r.Tests[i].Passed {
			r.Passed++
		} else {
			r.Failed++
		}
	}
	r.Coverage.Percent = plan.Percent(r.Coverage.Covered, r.Coverage.Total)
	r.Coverage.Files = orEmpty(r.Coverage.Files)
	r.Milliseconds = float64(time.Since(begun).Microseconds()) / 1000
}

// report prints the report, and writes it to the files that are wanted.
func (t *tester) report(ctx *cli.Context, r *testReport) error {
	if err := t.console.printTests(ctx, r, ctx.String("format")); err != nil {
		return err
	}
	for _, o := range t.outputs {
		var b bytes.Buffer
		plain := &console{out: &b, err: io.Discard, width: defaultWidth}
		if err := plain.printTests(ctx, r, o.format); err != nil {
			return err
		}
		if err := o.write(t.console, b.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

func (c *console) printTests(ctx *cli.Context, r *testReport, format string) error {
	switch format {
	case "json":
		return c.printJSON(r)
	case "junit":
		return printJUnit(c.out, r)
	}
	c.printTestText(r, ctx.Bool("verbose"))
	if ctx.Bool("coverage") || ctx.Float64("threshold") > 0 {
		c.printCoverage(&r.Coverage, ctx.Bool("coverage"))
	}
	if r.Fuzz != nil {
		c.printFuzz(r.Fuzz)
	}
	return nil
}

// The JUnit form, as the Jenkins and GitLab readers of it take it.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		Classname string        `xml:"classname,attr"`
		File      string        `xml:"file,attr"`
		Line      int           `xml:"line,attr"`
		Time      string        `xml:"time,attr"`
		Failure   *junitFailure `xml:"failure,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

func printJUnit(w io.Writer, r *testReport) error {
	seconds := func(milliseconds float64) string { return fmt.Sprintf("%.6f", milliseconds/1000) }
	out := junitSuites{Name: "sfsync", Tests: len(r.Tests), Failures: r.Failed, Time: seconds(r.Milliseconds)}
	times := map[string]float64{}
	for i := range r.Tests {
		t := &r.Tests[i]
		n := len(out.Suites) - 1
		if n < 0 || out.Suites[n].Name != t.File {
			out.Suites = append(out.Suites, junitSuite{Name: t.File})
			n++
		}
		s := &out.Suites[n]
		s.Tests++
		times[t.File] += t.Milliseconds
		s.Time = seconds(times[t.File])
		c := junitCase{Name: t.Name, Classname: strings.TrimSuffix(path.Base(t.File), ruleExtension), File: t.File, Line: t.Line, Time: seconds(t.Milliseconds)}
		if !t.Passed {
			s.Failures++
			var b strings.Builder
			plain := &console{out: &b, width: defaultWidth}
			plain.printFailure(t)
			c.Failure = &junitFailure{printable(t.Failures[0].Message), printable(b.String())}
		}
		s.Cases = append(s.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
