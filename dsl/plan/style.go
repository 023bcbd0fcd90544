package plan

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// textStyle finds static text that was probably meant as something else, and
// reports whether it did. That is an error where the field does not take the text.
func (c *compilation) textStyle(as *dsl.Assignment, text string, f *schema.Field, s *scope) bool {
	severity := textSeverity(text, f)
	at := as.Text.Span
	switch {
	case quoted(text):
		c.quotedText(as, text, severity, s)
	case c.meantAsValue(as, text, severity, s):
	case text == "null" || text == "nil":
		d := c.report(s.source, at, severity, "S404", "this is sent as the text `%s`", text)
		d.Help = "a field is cleared by " + as.Field.String() + " = null"
		d.Fixes = toExpression(as, "null")
	case f != nil && len(hiddenFields(text, f.Object())) > 0:
		hidden := hiddenFields(text, f.Object())
		d := c.report(s.source, at, severity, "S402", "this is all one text, up to the end of the line")
		d.Help = fmt.Sprintf("set %s on a line of its own", hidden[0].field)
		var edits []dsl.Edit
		for _, h := range hidden {
			edits = append(edits, dsl.Edit{Span: dsl.Span{From: at.From + h.from, To: at.From + h.to}, New: s.source.LineBreak() + "      "})
		}
		d.Fixes = []dsl.Fix{{Title: "begin a new line", Edits: edits}}
	case f != nil && accepts(f) == Number:
		// The value is sent as a number all the same; text that is none is an error of its own.
		n, err := toNumber([]any{text})
		if err == nil && n != nil {
			if _, bad := f.AppendJSON(nil, schemaValue(n)); bad != nil {
				return false
			}
			d := c.report(s.source, at, dsl.Warning, "S403", "%s takes a number, and a colon takes text", f.Name)
			d.Help = "write " + as.Field.String() + " = " + toText(n)
			d.Fixes = toExpression(as, toText(n))
			d.Fixes[0].Safe = true
		}
		return false
	default:
		return false
	}
	return true
}

// textSeverity is that of a text which was probably meant as something else: an error
// where the field does not take it.
func textSeverity(text string, f *schema.Field) dsl.Severity {
	if f != nil {
		if _, bad := f.AppendJSON(nil, schema.Value{Kind: schema.KindText, Text: text}); bad != nil {
			return dsl.Error
		}
	}
	return dsl.Warning
}

// toExpression writes an expression in the place of a text.
func toExpression(as *dsl.Assignment, value string) []dsl.Fix {
	return []dsl.Fix{{Title: "write an expression", Edits: []dsl.Edit{{Span: dsl.Span{From: as.Field.To, To: as.Text.To}, New: " = " + value}}}}
}

// quotedText reports the quotes round a text.
func (c *compilation) quotedText(as *dsl.Assignment, text string, severity dsl.Severity, s *scope) {
	at := as.Text.Span
	d := c.report(s.source, at, severity, "S401", "the quotes would be sent to Salesforce")
	_, opening := utf8.DecodeRuneInString(text)
	_, closing := utf8.DecodeLastRuneInString(text)
	inner := text[opening : len(text)-closing]
	if strings.TrimSpace(inner) == "" {
		d.Help = "a field is cleared by " + as.Field.String() + " = null"
		d.Fixes = toExpression(as, "null")
		return
	}
	d.Help = "static text needs none: " + as.Field.String() + ": " + inner
	safe := inner == strings.TrimSpace(inner) // or blanks would get lost
	d.Fixes = []dsl.Fix{{Title: "leave out the quotes", Safe: safe, Edits: []dsl.Edit{
		{Span: dsl.Span{From: at.From, To: at.From + opening}}, {Span: dsl.Span{From: at.To - closing, To: at.To}},
	}}}
}

// quoted reports whether a text as a whole stands in quotes: not `"A" and "B"`, where
// they belong to the text. A word processor makes curly ones of them.
func quoted(text string) bool {
	first, n := utf8.DecodeRuneInString(text)
	last, m := utf8.DecodeLastRuneInString(text)
	if len(text) < n+m || !strings.ContainsRune(`"'“„”‘`, first) {
		return false
	}
	if n == 1 && m == 1 {
		return first == last && strings.IndexByte(text[1:], text[0]) == len(text)-2
	}
	return strings.ContainsRune("“”’", last) && !strings.ContainsAny(text[n:len(text)-m], "“„”")
}

// hidden is a field that was meant to be set, and is a part of another's text:
// `Subject: a text, Priority: High`. What stands from from to to parts the two.
type hidden struct {
	field    string
	from, to int
}

var assignmentInText = regexp.MustCompile(`,\s*([A-Za-z]\w*)\s*(?:: |=)`)

// hiddenFields finds the fields of an object that a text seems to set.
func hiddenFields(text string, o *schema.Object) []hidden {
	if o == nil || !strings.Contains(text, ",") {
		return nil
	}
	var found []hidden
	for _, m := range assignmentInText.FindAllStringSubmatchIndex(text, -1) {
		if f := o.Field(text[m[2]:m[3]]); f != nil {
			found = append(found, hidden{f.Name, m[0], m[2]})
		}
	}
	return found
}
