package dsl

import (
	"encoding/json"
	"io"
)

// FormatVersion is the version of what [RenderJSON] writes. The number before the
// dot changes when a program that reads the older form could misunderstand the
// newer; the one behind it when something is added.
const FormatVersion = "1.0"

// Report is the JSON form of diagnostics.
type Report struct {
	FormatVersion string             `json:"format_version"`
	Diagnostics   []ReportDiagnostic `json:"diagnostics"`
}

// ReportDiagnostic is one diagnostic of a [Report].
type ReportDiagnostic struct {
	Code     Code         `json:"code"`
	Severity string       `json:"severity"` // "error", "warning" or "info"
	Message  string       `json:"message"`
	Help     string       `json:"help,omitempty"`
	Place    Place        `json:"place"`
	Labels   []PlaceLabel `json:"labels,omitempty"`
	Notes    []string     `json:"notes,omitempty"`
	Fixes    []PlaceFix   `json:"fixes,omitempty"`
}

// Place is a range of a file. Offsets count bytes from 0, lines and columns from 1,
// columns in characters (Unicode code points); the end is behind the last character.
// A diagnostic about no file has the zero Place.
type Place struct {
	File      string `json:"file"`
	From      int    `json:"from"`
	To        int    `json:"to"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
}

// PlaceLabel marks another place that a diagnostic is about.
type PlaceLabel struct {
	Text  string `json:"text"`
	Place Place  `json:"place"`
}

// PlaceFix is a change of the diagnostic's file that mends it.
type PlaceFix struct {
	Title string     `json:"title"`
	Safe  bool       `json:"safe"` // may be applied without the author looking at it
	Edits []FileEdit `json:"edits"`
}

// FileEdit replaces a range of bytes of the file as it is now.
type FileEdit struct {
	From int    `json:"from"`
	To   int    `json:"to"`
	New  string `json:"new"`
}

// RenderJSON writes diagnostics as one JSON object, a [Report].
func RenderJSON(w io.Writer, ds []Diagnostic) error {
	report := Report{FormatVersion: FormatVersion, Diagnostics: make([]ReportDiagnostic, 0, len(ds))}
	for i := range ds {
		d := &ds[i]
		out := ReportDiagnostic{Code: d.Code, Severity: d.Severity.String(), Message: d.Message, Help: d.Help, Place: place(d.Source, d.Span), Notes: d.Notes}
		for _, l := range d.Labels {
			out.Labels = append(out.Labels, PlaceLabel{l.Text, place(l.Source, l.Span)})
		}
		for _, f := range d.Fixes {
			fix := PlaceFix{Title: f.Title, Safe: f.Safe, Edits: []FileEdit{}}
			for _, e := range f.Edits {
				fix.Edits = append(fix.Edits, FileEdit{e.From, e.To, e.New})
			}
			out.Fixes = append(out.Fixes, fix)
		}
		report.Diagnostics = append(report.Diagnostics, out)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(report)
}

func place(src *Source, span Span) Place {
	if src == nil {
		return Place{}
	}
	from, to := src.Position(span.From), src.Position(span.To)
	return Place{src.Path, span.From, span.To, from.Line, from.Column, to.Line, to.Column}
}
