package plan

import (
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// textStyle finds static text that was probably meant as something else.
func (c *compilation) textStyle(as *dsl.Assignment, text string, f *schema.Field, s *scope) {
	at := as.Text.Span
	toExpression := func(value string) []dsl.Fix {
		return []dsl.Fix{{Title: "write an expression", Edits: []dsl.Edit{{Span: dsl.Span{From: as.Field.To, To: at.To}, New: " = " + value}}}}
	}
	switch {
	case len(text) >= 2 && (text[0] == '"' && text[len(text)-1] == '"' || text[0] == '\'' && text[len(text)-1] == '\''):
		d := c.report(s.source, at, dsl.Warning, "S401", "the quotes would be sent to Salesforce")
		d.Help = "static text needs none: " + as.Field.String() + ": " + text[1:len(text)-1]
		d.Fixes = []dsl.Fix{{Title: "leave out the quotes", Safe: true, Edits: []dsl.Edit{
			{Span: dsl.Span{From: at.From, To: at.From + 1}}, {Span: dsl.Span{From: at.To - 1, To: at.To}},
		}}}
	case looksLikePath(text, s):
		d := c.report(s.source, at, dsl.Warning, "S402", "this is sent as the text `%s`", cut(text, 40))
		d.Help = "a value takes an equals sign: " + as.Field.String() + " = " + text
		d.Fixes = toExpression(text)
	case text == "null" || text == "nil":
		d := c.report(s.source, at, dsl.Warning, "S404", "this is sent as the text `%s`", text)
		d.Help = "a field is cleared by " + as.Field.String() + " = null"
		d.Fixes = toExpression("null")
	case f != nil && accepts(f) == Number:
		// The value is sent as a number all the same; text that is none is an error of its own.
		if n, err := toNumber([]any{text}); err == nil && n != nil {
			d := c.report(s.source, at, dsl.Warning, "S403", "%s takes a number, and a colon takes text", f.Name)
			d.Help = "write " + as.Field.String() + " = " + toText(n)
			d.Fixes = toExpression(toText(n))
			d.Fixes[0].Safe = true
		}
	}
}

// looksLikePath reports whether text is a path of the event or a call.
func looksLikePath(text string, s *scope) bool {
	if strings.ContainsAny(text, " \t") && !strings.HasSuffix(text, ")") {
		return false
	}
	root, rest, found := strings.Cut(text, ".")
	if found && rest != "" {
		_, isNamespace := namespaces[root]
		_, isLet := s.lets[root]
		return (isNamespace || isLet) && !strings.ContainsAny(rest, " ")
	}
	name, args, found := strings.Cut(text, "(")
	return found && functionByName[name] != nil && strings.HasSuffix(args, ")")
}
