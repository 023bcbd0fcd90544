package dsl

import "sort"

// Severity ranks diagnostics. Only errors keep rules from running.
type Severity int

// The severities, the worst last.
const (
	Info Severity = iota
	Warning
	Error
)

// String returns the word that every output format uses for s.
func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	default:
		return "error"
	}
}

// Diagnostic is one finding about the author's text. It is data: text, JSON,
// editors and the other output formats are renderings of it.
type Diagnostic struct {
	Code     Code
	Severity Severity
	Source   *Source // the file it is about
	Span             // the place that the caret marks
	Message  string  // what is wrong, in the author's words: one line, no full stop
	Help     string  // what to write instead: at most one line, "" for none
	Labels   []Label // other places that belong to it
	Notes    []string
	Fixes    []Fix
}

// Label marks another place that a diagnostic is about.
type Label struct {
	Source *Source
	Span
	Text string
}

// Fix is a change of the text that mends a diagnostic.
type Fix struct {
	Title string
	Edits []Edit
	Safe  bool // whether it may be applied without the author looking at it
}

// Edit replaces a range of the text.
type Edit struct {
	Span
	New string
}

// Sort orders diagnostics by file, place and code, and drops exact repetitions.
func Sort(ds []Diagnostic) []Diagnostic {
	sort.SliceStable(ds, func(i, j int) bool {
		a, b := &ds[i], &ds[j]
		if a.Source != b.Source && a.Source != nil && b.Source != nil {
			return a.Source.Path < b.Source.Path
		}
		if a.From != b.From {
			return a.From < b.From
		}
		return a.Code < b.Code
	})
	out := ds[:0]
	for i := range ds {
		if i > 0 {
			p := &out[len(out)-1]
			if p.Source == ds[i].Source && p.Span == ds[i].Span && p.Code == ds[i].Code && p.Message == ds[i].Message {
				continue
			}
		}
		out = append(out, ds[i])
	}
	return out
}

// HasErrors reports whether any of the diagnostics is an error.
func HasErrors(ds []Diagnostic) bool {
	for i := range ds {
		if ds[i].Severity == Error {
			return true
		}
	}
	return false
}
