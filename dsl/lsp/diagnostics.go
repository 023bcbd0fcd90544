package lsp

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// publish tells the editor what was found in a document. The mutex is held, so that
// what it is told comes in the order in which it was found.
func (s *server) publish(d *document) {
	out := []diagnostic{}
	if d.refused {
		out = append(out, diagnostic{Severity: severityError, Source: "sfsync", Code: "S024",
			Message: "this file is longer than 4 MiB and was not read\nsplit the rules over several files"})
	} else if d.folder.analysis != nil {
		for _, found := range d.folder.analysis.diagnostics[d.text] {
			out = append(out, s.diagnostic(d.text, found))
		}
		out = append(out, s.testDiagnostics(d)...)
	}
	s.notify("textDocument/publishDiagnostics", publishDiagnosticsParams{d.uri, d.version, out})
}

// diagnostic is a finding as editors take it.
func (s *server) diagnostic(t *text, found dsl.Diagnostic) diagnostic {
	out := diagnostic{
		Range: s.encoding.span(t.source, found.Span), Severity: severityError,
		Code: string(found.Code), Source: "sfsync", Message: found.Message,
	}
	switch found.Severity {
	case dsl.Warning:
		out.Severity = severityWarning
	case dsl.Info:
		out.Severity = severityInformation
	}
	for _, line := range append([]string{found.Help}, found.Notes...) {
		if line != "" {
			out.Message += "\n" + line
		}
	}
	for _, l := range found.Labels {
		if l.Source != nil {
			out.Related = append(out.Related, relatedInfo{location{s.uriOfSource(l.Source), s.encoding.span(l.Source, l.Span)}, l.Text})
		}
	}
	return out
}

// uriOfSource returns the URI of a text as the client spells it, if it has it open.
func (s *server) uriOfSource(src *dsl.Source) string {
	for _, d := range s.documents {
		if d.source.Path == src.Path {
			return d.uri
		}
	}
	if strings.Contains(src.Path, ":") && !filepath.IsAbs(filepath.FromSlash(src.Path)) {
		return src.Path // a text in no file
	}
	return uriOf(src.Path)
}

// overlaps reports whether two ranges of a text touch.
func overlaps(a, b dsl.Span) bool { return a.From <= b.To && b.From <= a.To }

// at returns the diagnostics that touch a range.
func at(found []dsl.Diagnostic, span dsl.Span) []dsl.Diagnostic {
	return slices.DeleteFunc(slices.Clone(found), func(d dsl.Diagnostic) bool { return !overlaps(d.Span, span) })
}
