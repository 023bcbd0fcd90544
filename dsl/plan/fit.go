package plan

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// checkValue holds the kinds and the literals of an expression against a field.
func (c *compilation) checkValue(x *Expression, f *schema.Field, s *scope) {
	if x.program == nil {
		return
	}
	text, isText := x.value.(string)
	if isText && strings.TrimSpace(text) == "" && !f.Type.Textual() && f.Type != schema.TypePicklist && f.Type != schema.TypeMultiPicklist {
		d := c.report(x.at.source, x.at.span, dsl.Error, "S208", "%s takes %s, and this is empty", f.Name, fieldKind(f))
		if d.Help = "a field is cleared by " + f.Name + " = null"; f.Type == schema.TypeBoolean {
			d.Help = "write true or false"
		}
		return
	}
	if want := accepts(f); x.kinds&(want|Null) == 0 || x.kinds&^Null != 0 && x.kinds&want == 0 {
		d := c.report(x.at.source, x.at.span, dsl.Error, "S208", "%s takes %s, and this is %s", f.Name, fieldKind(f), x.kinds&^Null)
		switch d.Help = kindHelp(f, x.kinds); {
		case isText && len(x.leaves) == 1 && x.leaves[0].span == x.at.span:
			literalFix(d, f, text, x.at)
		case f.Type == schema.TypeDate && dateInDigits.MatchString(strings.TrimSpace(x.Text)):
			d.Help = "a date stands in quotes: \"2026-11-23\""
		}
		return
	}
	for _, l := range x.leaves {
		c.checkLiteral(schemaValue(l.value), f, place{s.source, l.span}, true)
	}
	if f.Type == schema.TypeMultiPicklist && len(x.reads) > 0 {
		for _, l := range x.parts {
			c.checkLiteral(schemaValue(l.value), f, place{s.source, l.span}, true)
		}
	}
	if len(x.leaves) == 0 && x.constant {
		c.checkLiteral(schemaValue(x.value), f, x.at, true)
	}
}

// digits warns of a number for a text field that is not written as it will be sent: of a
// postal code, the zero in front gets lost.
func (c *compilation) digits(e *dsl.Expr, f *schema.Field, s *scope) {
	if f == nil || accepts(f)&Text == 0 || !numeral.MatchString(e.Text) {
		return
	}
	n, err := parser.ParseWithConfig(e.Text, c.config)
	if err != nil {
		return
	}
	sent := ""
	switch n := n.Node.(type) {
	case *ast.IntegerNode:
		sent = toText(n.Value)
	case *ast.FloatNode:
		sent = toText(n.Value)
	}
	if sent == "" || sent == e.Text {
		return
	}
	d := c.report(s.source, e.Span, dsl.Warning, "S403", "%s takes text, and this number is sent as `%s`", f.Name, sent)
	text := strconv.Quote(e.Text)
	d.Help = "text stands in quotes: " + text
	d.Fixes = []dsl.Fix{{Title: "write text", Edits: []dsl.Edit{{Span: e.Span, New: text}}}}
}

var dateInDigits = regexp.MustCompile(`^\d{1,4}\s*[-/]\s*\d{1,2}\s*[-/]\s*\d{1,4}$`)

var numeral = regexp.MustCompile(`^[0-9.][0-9a-zA-Z_.+-]*$`)

// fieldKind says what a field takes, in an admin's words.
func fieldKind(f *schema.Field) string {
	switch f.Type {
	case "boolean":
		return "true or false"
	case "date":
		return "a date"
	case "datetime":
		return "a date-time"
	case "reference", "id":
		return "a record id"
	case "picklist":
		return "a picklist value"
	case "multipicklist":
		return "picklist values"
	case "time":
		return "a time of day"
	}
	if accepts(f) == Number {
		return "a number"
	}
	return "text"
}

func kindHelp(f *schema.Field, k Kinds) string {
	switch {
	case f.Type == "boolean":
		return "bool(…) reads yes and no"
	case f.Type == "date" && k&DateTime != 0:
		return "date(…) takes the day of a date-time"
	case f.Type == "datetime" && k&Date != 0:
		return "datetime(…) makes a date-time of a date"
	case accepts(f) == Number && k&textual != 0:
		return "number(…) reads a number from text"
	case k&List != 0 && accepts(f)&Text != 0:
		return "join(…) makes text of a list"
	}
	return ""
}

// lookup reports a record's id in a field that points to another object.
func (c *compilation) lookup(at place, x *Expression, to ...string) {
	f := x.field
	if f == nil {
		return
	}
	var from []string
	switch f.Type {
	case "id":
		if f.Object() == nil {
			return
		}
		from = []string{f.Object().Name}
	case "reference":
		from = f.ReferenceTo
	default:
		return
	}
	for _, a := range from {
		for _, b := range to {
			if strings.EqualFold(a, b) {
				return
			}
		}
	}
	if len(from) == 0 {
		return
	}
	c.report(at.source, at.span, dsl.Error, "S213", "this is the id of %s, and %s is needed", withArticle(strings.Join(from, " or ")), withArticle(strings.Join(to, " or ")))
}
