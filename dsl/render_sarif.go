package dsl

import (
	"encoding/json"
	"io"
	"net/url"
	"slices"
	"strings"
)

// RenderSARIF writes diagnostics in the Static Analysis Results Interchange Format,
// version 2.1.0 (OASIS), as code hosts and editors read it. Version is that of the
// program. Columns are counted in UTF-16 code units, which is what most readers assume,
// and byte offsets are given beside them.
func RenderSARIF(w io.Writer, ds []Diagnostic, version string) error {
	driver := sarifDriver{Name: "sfsync", Version: version, Rules: sarifRules(ds)}
	run := sarifRun{Tool: sarifTool{driver}, ColumnKind: "utf16CodeUnits", Results: make([]sarifResult, 0, len(ds))}
	for i := range ds {
		run.Results = append(run.Results, sarifResultOf(&ds[i], driver.Rules))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run},
	})
}

// The parts of a SARIF log that are written, by the names of the standard.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID    Code         `json:"id"`
		Short sarifMessage `json:"shortDescription"`
		Full  sarifMessage `json:"fullDescription"`
		Help  sarifMessage `json:"help"`
	}
	sarifMessage struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID    Code            `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     string          `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
		Related   []sarifLocation `json:"relatedLocations,omitempty"`
		Fixes     []sarifFix      `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		ID       *int          `json:"id,omitempty"`
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifMessage `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
		ByteOffset  int `json:"byteOffset"`
		ByteLength  int `json:"byteLength"`
	}
	sarifFix struct {
		Description sarifMessage  `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
		Properties  sarifFixKind  `json:"properties"`
	}
	sarifFixKind struct {
		Safe bool `json:"safe"` // may be applied without the author looking at it
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion   `json:"deletedRegion"`
		Inserted *sarifContent `json:"insertedContent,omitempty"`
	}
	sarifContent struct {
		Text string `json:"text"`
	}
)

// sarifRules describes the codes of diagnostics, in order.
func sarifRules(ds []Diagnostic) []sarifRule {
	used := map[Code]bool{}
	for i := range ds {
		used[ds[i].Code] = true
	}
	rules := make([]sarifRule, 0, len(used))
	for _, info := range codes {
		if used[info.Code] {
			rules = append(rules, sarifRule{info.Code, sarifMessage{Text: info.Title}, sarifMessage{Text: info.Explanation}, sarifHelp(info)})
		}
	}
	return rules
}

// sarifHelp is what `sfsync explain` says of a code.
func sarifHelp(info CodeInfo) sarifMessage {
	help := sarifMessage{Text: info.Explanation, Markdown: info.Explanation}
	for _, example := range []struct{ title, text string }{{"Wrong:", info.Bad}, {"Right:", info.Good}} {
		if text := strings.TrimRight(example.text, "\n"); text != "" {
			help.Text += "\n\n" + example.title + "\n\n" + text
			help.Markdown += "\n\n" + example.title + "\n\n```sfsync\n" + text + "\n```"
		}
	}
	return help
}

func sarifResultOf(d *Diagnostic, rules []sarifRule) sarifResult {
	r := sarifResult{
		RuleID: d.Code, RuleIndex: slices.IndexFunc(rules, func(r sarifRule) bool { return r.ID == d.Code }),
		Level: d.Severity.String(), Message: sarifMessage{Text: saidOf(d)},
	}
	if d.Severity == Info {
		r.Level = "note"
	}
	if d.Source == nil {
		return r
	}
	r.Locations = []sarifLocation{{Physical: sarifPlace(d.Source, d.Span)}}
	for i, l := range d.Labels {
		if l.Source != nil {
			r.Related = append(r.Related, sarifLocation{&i, sarifPlace(l.Source, l.Span), &sarifMessage{Text: l.Text}})
		}
	}
	for _, f := range d.Fixes {
		change := sarifChange{Artifact: sarifFile(d.Source)}
		for _, e := range f.Edits {
			replacement := sarifReplacement{Deleted: sarifRange(d.Source, e.Span)}
			if e.New != "" {
				replacement.Inserted = &sarifContent{e.New}
			}
			change.Replacements = append(change.Replacements, replacement)
		}
		r.Fixes = append(r.Fixes, sarifFix{sarifMessage{Text: f.Title}, []sarifChange{change}, sarifFixKind{f.Safe}})
	}
	return r
}

func sarifPlace(src *Source, span Span) sarifPhysical {
	return sarifPhysical{sarifFile(src), sarifRange(src, span)}
}

func sarifRange(src *Source, span Span) sarifRegion {
	from, to := src.Position(span.From), src.Position(span.To)
	return sarifRegion{from.Line, from.UTF16, to.Line, to.UTF16, span.From, span.To - span.From}
}

// sarifFile writes the path of a file as a URI: a relative one if the path is, so that
// it holds wherever the repository is checked out.
func sarifFile(src *Source) sarifArtifact {
	u := url.URL{Path: src.Path}
	if drive := len(src.Path) > 2 && src.Path[1:3] == ":/"; drive || strings.HasPrefix(src.Path, "/") {
		u.Scheme, u.Path = "file", "/"+strings.TrimPrefix(src.Path, "/")
	}
	return sarifArtifact{u.String()}
}
