package dsl

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"unicode/utf16"
)

// machinePictures have what is hard to write for machines: places behind characters of
// several units, fixes of several edits, text that could pass for markup, and no file.
func machinePictures() []Diagnostic {
	_, ds := Parse(NewSource("rules/a b.sfsync", []byte("rule 👍 Ré\non survey response\nlet é = f(“a👍”)\nlet b = (1\nif x\n")))
	_, more := Parse(NewSource("/tmp/windows.sfsync", []byte("\ufeffrule R\r\non survey response\r\ncreate Case\r\n  set A = b # why\r\n")))
	ds = append(ds, more...)
	return append(ds,
		Diagnostic{Code: "S401", Severity: Warning, Source: ds[0].Source, Span: Span{0, 20}, Message: "over <two> lines, 100% sure", Help: "a ]]> b", Notes: []string{"a note: so", "another"}},
		Diagnostic{Code: "S305", Severity: Info, Message: "about no file\nat all \x1b[31m", Help: "but with help"},
		Diagnostic{Code: "S300", Severity: Error, Source: NewSource("C:/rules,1.sfsync", []byte("x")), Message: "a code without a page"},
	)
}

func TestRenderMachines(t *testing.T) {
	for name, render := range map[string]func(io.Writer) error{
		"render.sarif":  func(w io.Writer) error { return RenderSARIF(w, machinePictures(), "1.2.3") },
		"render.github": func(w io.Writer) error { return RenderGitHub(w, machinePictures()) },
		"render.xml": func(w io.Writer) error {
			return RenderJUnit(w, machinePictures(), JUnitOptions{Files: []string{"fine.sfsync", "rules/a b.sfsync"}})
		},
		"render-strict.xml": func(w io.Writer) error { return RenderJUnit(w, machinePictures(), JUnitOptions{Strict: true}) },
	} {
		var out bytes.Buffer
		if err := render(&out); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.String())
		if err := render(fullDisk{}); err == nil {
			t.Errorf("%s: it is not said that nothing could be written", name)
		}
	}
}

// What the standard asks of every log, and what readers need to show a result.
func TestSARIFEssentials(t *testing.T) {
	ds := machinePictures()
	var out bytes.Buffer
	if err := RenderSARIF(&out, ds, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	type region struct{ StartLine, StartColumn, EndLine, EndColumn, ByteOffset, ByteLength *int }
	var log struct {
		Version string
		Runs    []struct {
			ColumnKind string
			Tool       struct {
				Driver struct {
					Name, Version string
					Rules         []struct {
						ID                                      string
						ShortDescription, FullDescription, Help struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID, Level string
				RuleIndex     int
				Message       struct{ Text string }
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           region
					}
				}
				Fixes []struct {
					ArtifactChanges []struct {
						Replacements []struct {
							DeletedRegion   region
							InsertedContent struct{ Text string }
						}
					}
				}
			}
		}
	}
	if err := json.Unmarshal(out.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	if log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != len(ds) {
		t.Fatalf("the log has version %s and %d runs", log.Version, len(log.Runs))
	}
	run := log.Runs[0]
	driver := run.Tool.Driver
	if driver.Name != "sfsync" || driver.Version != "1.2.3" || run.ColumnKind != "utf16CodeUnits" {
		t.Errorf("the driver is %s %s, columns are %s", driver.Name, driver.Version, run.ColumnKind)
	}
	for i, r := range driver.Rules {
		if r.ShortDescription.Text == "" || r.FullDescription.Text == "" || r.Help.Text == "" || i > 0 && r.ID <= driver.Rules[i-1].ID {
			t.Errorf("rule %s is incomplete or out of order", r.ID)
		}
	}
	fixes := 0
	for i, r := range run.Results {
		d := ds[i]
		if r.RuleIndex >= 0 && driver.Rules[r.RuleIndex].ID != r.RuleID || r.RuleID != string(d.Code) {
			t.Errorf("result %d is of rule %s at %d", i, r.RuleID, r.RuleIndex)
		}
		if !strings.Contains("error warning note", r.Level) || !strings.HasPrefix(r.Message.Text, strings.SplitN(d.Message, "\n", 2)[0]) {
			t.Errorf("result %d: %s %q", i, r.Level, r.Message.Text)
		}
		if d.Source == nil {
			if len(r.Locations) > 0 {
				t.Errorf("a diagnostic about no file has a place")
			}
			continue
		}
		// Whoever reads the lines and counts UTF-16 code units finds the marked text.
		at := r.Locations[0].PhysicalLocation.Region
		if got := sliceUTF16(d.Source, *at.StartLine, *at.StartColumn, *at.EndLine, *at.EndColumn); got != d.Source.Slice(d.Span) {
			t.Errorf("result %d marks %q, want %q", i, got, d.Source.Slice(d.Span))
		}
		if got := d.Source.Text[*at.ByteOffset : *at.ByteOffset+*at.ByteLength]; got != d.Source.Slice(d.Span) {
			t.Errorf("result %d has the bytes %q, want %q", i, got, d.Source.Slice(d.Span))
		}
		for j, f := range r.Fixes {
			var edits []Edit
			for _, e := range f.ArtifactChanges[0].Replacements {
				from := *e.DeletedRegion.ByteOffset
				edits = append(edits, Edit{Span{from, from + *e.DeletedRegion.ByteLength}, e.InsertedContent.Text})
			}
			if apply(d.Source.Text, Fix{Edits: edits}) != apply(d.Source.Text, d.Fixes[j]) {
				t.Errorf("result %d: fix %d does something else", i, j)
			}
			fixes++
		}
	}
	if fixes < 2 {
		t.Errorf("only %d fixes", fixes)
	}
}

// sliceUTF16 returns a range of a text as an editor counts it.
func sliceUTF16(src *Source, line, column, endLine, endColumn int) string {
	offset := func(line, column int) int {
		units := utf16.Encode([]rune(src.Line(line)))
		return src.LineSpan(line).From + len(string(utf16.Decode(units[:column-1])))
	}
	return src.Text[offset(line, column):offset(endLine, endColumn)]
}

// A message cannot begin another workflow command, or another property of its own.
func TestGitHubEscapes(t *testing.T) {
	src := NewSource("a,line=9:b%.sfsync", []byte("x"))
	var out bytes.Buffer
	if err := RenderGitHub(&out, []Diagnostic{{Code: "S001", Severity: Error, Source: src, Span: Span{0, 1}, Message: "a\n::set-env name=X::y", Help: "100%"}}); err != nil {
		t.Fatal(err)
	}
	want := "::error file=a%2Cline=9%3Ab%25.sfsync,line=1,endLine=1,col=1,endColumn=2,title=S001%3A unknown keyword::a%0A::set-env name=X::y%0Ahelp: 100%25\n"
	if out.String() != want {
		t.Errorf("got  %q\nwant %q", out.String(), want)
	}
}

func TestJUnitCounts(t *testing.T) {
	var out bytes.Buffer
	if err := RenderJUnit(&out, machinePictures(), JUnitOptions{Files: []string{"fine.sfsync"}}); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Suites   []struct {
			Name  string `xml:"name,attr"`
			Tests int    `xml:"tests,attr"`
			Cases []struct {
				Failure *struct {
					Text string `xml:",chardata"`
				} `xml:"failure"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(out.Bytes(), &report); err != nil {
		t.Fatal(err)
	}
	tests, failures := 0, 0
	for _, s := range report.Suites {
		tests += s.Tests
		for _, c := range s.Cases {
			if c.Failure != nil {
				failures++
			}
		}
	}
	errors := 0
	for _, d := range machinePictures() {
		if d.Severity == Error {
			errors++
		}
	}
	if tests != report.Tests || failures != report.Failures || failures != errors || report.Suites[0].Name != "fine.sfsync" || report.Suites[0].Tests != 1 {
		t.Errorf("%d tests of %d, %d failures of %d, %d errors", tests, report.Tests, failures, report.Failures, errors)
	}
}
