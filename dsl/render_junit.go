package dsl

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
)

// JUnitOptions say what [RenderJUnit] counts.
type JUnitOptions struct {
	Files  []string // those that were checked; one without a diagnostic is a test that passed
	Strict bool     // warnings fail, too
}

// RenderJUnit writes diagnostics as a JUnit report, which build servers show as tests:
// a suite for each file, and in it a test for each diagnostic. Errors fail; what else
// was found is the output of a test that passed.
func RenderJUnit(w io.Writer, ds []Diagnostic, opts JUnitOptions) error {
	report := junitReport{Name: "sfsync check"}
	for _, file := range opts.Files {
		report.suite(file)
	}
	for i := range ds {
		d := &ds[i]
		file, test := "rules", junitTest{Name: string(d.Code) + " " + printable(d.Message)}
		if d.Source != nil {
			file = d.Source.Path
			at := d.Source.Position(d.From)
			test.Name = fmt.Sprintf("%s:%d:%d %s", d.Code, at.Line, at.Column, printable(d.Message))
			test.File, test.Line = file, at.Line
		}
		test.Class = file
		var text strings.Builder
		if err := Render(&text, ds[i:i+1], TextOptions{}); err != nil {
			return err
		}
		suite := report.suite(file)
		if d.Severity == Error || opts.Strict && d.Severity == Warning {
			test.Failure = &junitFailure{printable(d.Message), string(d.Code), text.String()}
			suite.Failures++
			report.Failures++
		} else {
			test.Output = text.String()
		}
		suite.Cases = append(suite.Cases, test)
	}
	for _, s := range report.Suites {
		if len(s.Cases) == 0 {
			s.Cases = []junitTest{{Name: "check", Class: s.Name, File: s.Name}}
		}
		s.Tests = len(s.Cases)
		report.Tests += s.Tests
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

type (
	junitReport struct {
		XMLName  xml.Name      `xml:"testsuites"`
		Name     string        `xml:"name,attr"`
		Tests    int           `xml:"tests,attr"`
		Failures int           `xml:"failures,attr"`
		Suites   []*junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitTest `xml:"testcase"`
	}
	junitTest struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Line    int           `xml:"line,attr,omitempty"`
		Failure *junitFailure `xml:"failure"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// suite returns the suite of a file.
func (r *junitReport) suite(file string) *junitSuite {
	if i := slices.IndexFunc(r.Suites, func(s *junitSuite) bool { return s.Name == file }); i >= 0 {
		return r.Suites[i]
	}
	s := &junitSuite{Name: file}
	r.Suites = append(r.Suites, s)
	return s
}
