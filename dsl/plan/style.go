package plan

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// textStyle finds static text that was probably meant as something else, and
// reports whether it did. That is an error where the field does not take the text.
func (c *compilation) textStyle(as *dsl.Assignment, text string, f *schema.Field, s *scope) bool {
	severity := dsl.Warning
	if f != nil {
		if _, bad := f.AppendJSON(nil, schema.Value{Kind: schema.KindText, Text: text}); bad != nil {
			severity = dsl.Error
		}
	}
	at := as.Text.Span
	toExpression := func(value string) []dsl.Fix {
		return []dsl.Fix{{Title: "write an expression", Edits: []dsl.Edit{{Span: dsl.Span{From: as.Field.To, To: at.To}, New: " = " + value}}}}
	}
	switch {
	case quoted(text):
		d := c.report(s.source, at, severity, "S401", "the quotes would be sent to Salesforce")
		inner := text[1 : len(text)-1]
		if strings.TrimSpace(inner) == "" {
			d.Help = "a field is cleared by " + as.Field.String() + " = null"
			d.Fixes = toExpression("null")
			break
		}
		d.Help = "static text needs none: " + as.Field.String() + ": " + inner
		safe := inner == strings.TrimSpace(inner) // or blanks would get lost
		d.Fixes = []dsl.Fix{{Title: "leave out the quotes", Safe: safe, Edits: []dsl.Edit{
			{Span: dsl.Span{From: at.From, To: at.From + 1}}, {Span: dsl.Span{From: at.To - 1, To: at.To}},
		}}}
	case looksLikePath(text, s):
		d := c.report(s.source, at, severity, "S402", "this is sent as the text `%s`", cut(text, 40))
		d.Help = "a value takes an equals sign: " + as.Field.String() + " = " + text
		d.Fixes = toExpression(text)
	case text == "null" || text == "nil":
		d := c.report(s.source, at, severity, "S404", "this is sent as the text `%s`", text)
		d.Help = "a field is cleared by " + as.Field.String() + " = null"
		d.Fixes = toExpression("null")
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
			d.Fixes = toExpression(toText(n))
			d.Fixes[0].Safe = true
		}
		return false
	default:
		return false
	}
	return true
}

// quoted reports whether a text as a whole stands in quotes: not `"A" and "B"`, where
// they belong to the text.
func quoted(text string) bool {
	if len(text) < 2 || text[0] != '"' && text[0] != '\'' {
		return false
	}
	return strings.IndexByte(text[1:], text[0]) == len(text)-2
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

// looksLikePath reports whether text is a path of the event or a call.
func looksLikePath(text string, s *scope) bool {
	if strings.ContainsAny(text, " \t") && !strings.HasSuffix(text, ")") {
		return false
	}
	name, args, found := strings.Cut(text, "(")
	if found && functionByName[name] != nil && strings.HasSuffix(args, ")") {
		return true
	}
	root, rest, found := strings.Cut(text, ".")
	if found && rest != "" {
		_, isNamespace := namespaces[root]
		_, isLet := s.lets[root]
		return (isNamespace || isLet) && !strings.ContainsAny(rest, " ")
	}
	return false
}
