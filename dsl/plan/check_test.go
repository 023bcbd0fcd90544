package plan

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata/check")

// The golden files are rules with what is wrong with them below each line:
//
//	#! S102 [Deliverd] there is no status `Deliverd`
//	#? did you mean `Delivered`?
//	#+ the first line of a label
//	#- a note
//	#> when Delivered
//
// that is code, marked text and message, the help, the other places, and the line
// after the fix (#>> if the fix is safe). Severities other than error stand before the message.
var golden = regexp.MustCompile(`(?m)^[ \t]*#[!?+\->].*\n`)

// checkAll parses and compiles a text the way `sfsync check` does.
func checkAll(t testing.TB, o Options, texts ...string) ([]*dsl.File, *Plan, []dsl.Diagnostic) {
	t.Helper()
	var sources []*dsl.Source
	for i, text := range texts {
		name := "rules.sfsync"
		if i > 0 {
			name = fmt.Sprintf("more%d.sfsync", i)
		}
		sources = append(sources, dsl.NewSource(name, []byte(text)))
	}
	return checkSources(t, o, sources...)
}

func checkSources(t testing.TB, o Options, sources ...*dsl.Source) ([]*dsl.File, *Plan, []dsl.Diagnostic) {
	t.Helper()
	if o.Schema == nil {
		s := exampleSchema(t)
		o.Schema = func(string) *schema.Schema { return s }
	}
	var files []*dsl.File
	var all []dsl.Diagnostic
	for _, src := range sources {
		f, ds := dsl.Parse(src)
		files, all = append(files, f), append(all, ds...)
	}
	p, ds := Compile(files, o)
	return files, p, dsl.Sort(append(all, ds...))
}

// annotate writes the diagnostics below the lines that they mark.
func annotate(src *dsl.Source, ds []dsl.Diagnostic) string {
	below := map[int][]string{}
	for _, d := range ds {
		line := src.Position(d.From).Line
		severity := ""
		if d.Severity != dsl.Error {
			severity = d.Severity.String() + ": "
		}
		out := []string{fmt.Sprintf("#! %s [%s] %s%s", d.Code, oneLine(d.Source.Slice(d.Span)), severity, d.Message)}
		if d.Help != "" {
			out = append(out, "#? "+d.Help)
		}
		for _, l := range d.Labels {
			out = append(out, fmt.Sprintf("#+ %q: %s", oneLine(l.Source.Slice(l.Span)), l.Text))
		}
		for _, n := range d.Notes {
			out = append(out, "#- "+n)
		}
		for _, f := range d.Fixes {
			mark := "#> "
			if f.Safe {
				mark = "#>> "
			}
			fixed := dsl.NewSource("", []byte(applyFix(src.Text, f)))
			out = append(out, mark+strings.TrimSpace(fixed.Line(line))+"  # "+f.Title)
		}
		below[line] = append(below[line], out...)
	}
	var b strings.Builder
	for n := 1; n <= src.Lines(); n++ {
		if n == src.Lines() && src.Line(n) == "" {
			break
		}
		b.WriteString(src.Line(n) + "\n")
		for _, l := range below[n] {
			b.WriteString(l + "\n")
		}
	}
	return b.String()
}

func oneLine(s string) string {
	first, _, more := strings.Cut(s, "\n")
	if more {
		first += " …"
	}
	return first
}

func applyFix(text string, fix dsl.Fix) string {
	edits := slices.Clone(fix.Edits)
	slices.SortStableFunc(edits, func(a, b dsl.Edit) int { return b.From - a.From })
	for _, e := range edits {
		text = text[:e.From] + e.New + text[e.To:]
	}
	return text
}

func goldenFiles(t testing.TB) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/check/*.sfsync")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	files := map[string]string{}
	for _, p := range paths {
		text, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		files[p] = string(text)
	}
	return files
}

// goldenOptions are what the golden files are checked against.
func goldenOptions(path string) Options {
	o := Options{Connections: []string{"production", "sandbox"}}
	o.File = func(_ *dsl.Source, name string) error {
		if strings.Contains(name, "nowhere") {
			return errors.New("there is no such file")
		}
		return nil
	}
	if filepath.Base(path) == "samples.sfsync" {
		o.Samples = []string{responded, messageEvent, "no event", `{"type":"survey.response","answers":{"nps":1,"reason":"x"}}`}
	}
	return o
}

func TestGolden(t *testing.T) {
	covered := map[dsl.Code]bool{}
	for path, text := range goldenFiles(t) {
		rules := golden.ReplaceAllString(text, "")
		files, _, ds := checkSources(t, goldenOptions(path), dsl.NewSource(filepath.Base(path), []byte(rules)))
		for _, d := range ds {
			covered[d.Code] = true
			checkDiagnostic(t, files[0].Source, d)
		}
		got := annotate(files[0].Source, ds)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := cmp.Diff(text, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	for _, c := range dsl.Codes() {
		if c.Code >= "S100" && !covered[c.Code] {
			t.Errorf("no golden file has a diagnostic %s", c.Code)
		}
	}
}

// checkDiagnostic holds a diagnostic to what every one promises: a code with a page,
// a place in the text, a message that is one clause, and no word of Go's or expr's.
func checkDiagnostic(t testing.TB, src *dsl.Source, d dsl.Diagnostic) {
	t.Helper()
	if _, ok := dsl.Explain(d.Code); !ok {
		t.Errorf("code %s has no page", d.Code)
	}
	if d.Source == nil || d.From < 0 || d.From > d.To || d.To > len(d.Source.Text) {
		t.Errorf("%s %q marks %d-%d, which is not in the text", d.Code, d.Message, d.From, d.To)
	}
	for _, s := range append([]string{d.Message, d.Help}, d.Notes...) {
		word := jargon.FindString(s)
		if strings.ContainsAny(s, "\n\x1f") && !strings.ContainsAny(src.Text, "\n\x1f") || !strings.Contains(src.Text, word) {
			t.Errorf("%s does not read like a word to an admin: %q", d.Code, s)
		}
	}
	if d.Message == "" || strings.HasSuffix(d.Message, ".") {
		t.Errorf("%s is no clause: %q", d.Code, d.Message)
	}
	for _, f := range d.Fixes {
		for _, e := range f.Edits {
			if e.From < 0 || e.From > e.To || e.To > len(src.Text) {
				t.Errorf("%s: fix %q edits %d-%d, which is not in the text", d.Code, f.Title, e.From, e.To)
			}
		}
	}
}

var jargon = regexp.MustCompile(`interface \{\}|float64|\[\]|<nil>|%!|reflect|runtime error|panic|Node\b|\$\d`)

// Any fix removes its diagnostic and leaves text that parses as well as before; a safe
// one adds none.
func TestFixes(t *testing.T) {
	safe, all := 0, 0
	for path, text := range goldenFiles(t) {
		rules := golden.ReplaceAllString(text, "")
		_, _, before := checkAll(t, goldenOptions(path), rules)
		for _, d := range before {
			for _, fix := range d.Fixes {
				all++
				fixed := applyFix(rules, fix)
				files, _, after := checkAll(t, goldenOptions(path), fixed)
				if n, was := len(files[0].Faults), len(parseFaults(rules)); n > was {
					t.Errorf("%s: %s %q: the fix %q leaves a text with faults: %s", path, d.Code, d.Message, fix.Title, show(files[0].Faults))
				}
				if n := count(after, d); n >= count(before, d) {
					t.Errorf("%s: %s %q: the fix %q leaves it", path, d.Code, d.Message, fix.Title)
				}
				if !fix.Safe {
					continue
				}
				safe++
				if want := count(before, d) - 1; count(after, d) != want || len(after) != len(before)-1 {
					t.Errorf("%s: %s %q: the safe fix %q leaves %d diagnostics of %d: %s", path, d.Code, d.Message, fix.Title, len(after), len(before), cmp.Diff(messages(before), messages(after)))
				}
			}
		}
	}
	if safe < 3 || all < 20 {
		t.Errorf("only %d safe fixes and %d in all", safe, all)
	}
}

func parseFaults(text string) []dsl.Diagnostic {
	_, ds := dsl.Parse(dsl.NewSource("", []byte(text)))
	return ds
}

func messages(ds []dsl.Diagnostic) []string {
	var out []string
	for _, d := range ds {
		out = append(out, string(d.Code)+" "+d.Message)
	}
	return out
}

// count counts the diagnostics that say the same of the same text.
func count(ds []dsl.Diagnostic, like dsl.Diagnostic) int {
	n := 0
	for _, d := range ds {
		if d.Code == like.Code && d.Message == like.Message {
			n++
		}
	}
	return n
}

// messageEvent is an outbound message without a status.
const messageEvent = `{"id":"04l5g00000AbCdE","type":"salesforce.outbound_message","time":"2026-11-20T14:00:00Z",
 "record":{"attributes":{"type":"Case"},"Id":"5005g00000AbCdEAAV","Origin":"Phone","Survey_Score__c":39.0},"vars":{"team":"north"}}`
