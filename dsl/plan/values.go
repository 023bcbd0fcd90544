package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// schemaValue turns the result of an expression into a value for a field.
func schemaValue(v any) schema.Value {
	switch v := v.(type) {
	case nil:
		return schema.Value{Kind: schema.KindNull}
	case string:
		return schema.Value{Kind: schema.KindText, Text: v}
	case bool:
		return schema.Value{Kind: schema.KindBool, Text: strconv.FormatBool(v)}
	case float64, int, exactNumber:
		return schema.Value{Kind: schema.KindNumber, Text: toText(v)}
	case []any:
		list := make([]schema.Value, len(v))
		for i := range v {
			list[i] = schemaValue(v[i])
		}
		return schema.Value{Kind: schema.KindList, List: list}
	default:
		return schema.Value{Kind: schema.KindObject}
	}
}

// valueCodes are the diagnostics for values that a field does not take.
var valueCodes = map[schema.ErrorKind]dsl.Code{
	schema.WrongType:     "S208",
	schema.NotInPicklist: "S206",
	schema.TooLong:       "S209",
	schema.OutOfRange:    "S210",
	schema.BadDate:       "S216",
	schema.BadEmail:      "S208",
	schema.BadID:         "S211",
	schema.WrongObject:   "S212",
	schema.NotNillable:   "S215",
	schema.NotWritable:   "S204",
}

// checkLiteral holds a value that stands in the rule against its field. A fix
// writes the value with quotes when quoted is set.
func (c *compilation) checkLiteral(v schema.Value, f *schema.Field, at place, quoted bool) bool {
	_, bad := f.AppendJSON(nil, v)
	if bad == nil {
		c.advisoryPicklist(v, f, at, quoted)
		return true
	}
	d := c.report(at.source, at.span, dsl.Error, valueCodes[bad.Kind], "%s", bad.Message)
	d.Help = bad.Help
	switch bad.Kind {
	case schema.WrongType:
		if v.Kind == schema.KindText {
			literalFix(d, f, v.Text, at)
		}
	case schema.NotInPicklist:
		picklistFix(d, f, v.Text, at, quoted)
	case schema.BadID:
		if id, ok := schema.RepairID(v.Text); ok {
			d.Fixes = []dsl.Fix{{Title: "restore the id", Edits: []dsl.Edit{{Span: at.span, New: quoteIf(id, quoted)}}}}
		}
	}
	return false
}

// literalFix says what to write in place of a text of the wrong kind. What the schema
// advises is for values that only an event brings.
func literalFix(d *dsl.Diagnostic, f *schema.Field, text string, at place) {
	switch accepts(f) {
	case Bool:
		d.Help = "write true or false"
		if truth, err := toBool([]any{text}); err == nil && truth != nil {
			better := fmt.Sprint(truth)
			d.Help = "write " + better
			d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: at.span, New: better}}}}
		}
	case Number:
		d.Help = "write it in digits, such as 42 or 4.5"
		if n, err := toNumber([]any{text}); err == nil && n != nil {
			better := toText(n)
			d.Help = "write " + better
			d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: at.span, New: better}}}}
		}
	}
}

// advisoryPicklist warns of a value that is not in a picklist which takes any:
// Salesforce would store the misspelt word beside the right one.
func (c *compilation) advisoryPicklist(v schema.Value, f *schema.Field, at place, quoted bool) {
	if f.Type != "picklist" || f.RestrictedPicklist || v.Kind != schema.KindText || len(f.PicklistValues) == 0 {
		return
	}
	for _, p := range f.PicklistValues {
		if p.Active && p.Value == v.Text {
			return
		}
	}
	d := c.report(at.source, at.span, dsl.Warning, "S206", "%s has no value `%s`, and Salesforce would store it all the same", f.Name, cut(v.Text, 40))
	picklistFix(d, f, v.Text, at, quoted)
}

func picklistFix(d *dsl.Diagnostic, f *schema.Field, value string, at place, quoted bool) {
	better := f.PicklistSuggest(value)
	if better == "" {
		if d.Help == "" {
			d.Help = "it has " + picklist(f)
		}
		return
	}
	d.Help = fmt.Sprintf("did you mean `%s`?", better)
	d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: at.span, New: quoteIf(better, quoted)}}}}
}

func quoteIf(s string, quoted bool) string {
	if quoted {
		return strconv.Quote(s)
	}
	return s
}

// picklist lists the active values of a picklist, up to ten.
func picklist(f *schema.Field) string {
	var values []string
	for _, p := range f.PicklistValues {
		if p.Active {
			values = append(values, p.Value)
		}
	}
	if len(values) > 10 {
		return strings.Join(values[:10], ", ") + fmt.Sprintf(" and %d more", len(values)-10)
	}
	return strings.Join(values, ", ")
}

// dependentPicklists checks values that depend on another field which the same
// action sets to a known value.
func (c *compilation) dependentPicklists(a *dsl.Action, out *Action, s *scope) {
	for i, as := range out.Set {
		f := as.field
		if f == nil || as.parent != "" || !f.DependentPicklist || as.static == nil || as.null {
			continue
		}
		controller := out.object.Field(f.ControllerName)
		if controller == nil {
			continue
		}
		value := unquote(as.static)
		for _, other := range out.Set {
			if other.field != controller || other.static == nil || other.null || other.parent != "" {
				continue
			}
			allowed := f.ValidFor(unquote(other.static), controller)
			if contains(allowed, value) {
				continue
			}
			d := c.report(s.source, out.treeOf(a, i), dsl.Error, "S207", "%s cannot be `%s` while %s is `%s`", f.Name, value, controller.Name, unquote(other.static))
			d.Help = "it can be " + strings.Join(allowed, ", ")
			if len(allowed) == 0 {
				d.Help = fmt.Sprintf("%s has no values for it", f.Name)
			}
		}
	}
}

// treeOf returns the place of the value of an action's i-th assignment.
func (a *Action) treeOf(tree *dsl.Action, i int) dsl.Span {
	for _, as := range tree.Set {
		if as.Text != nil && strings.EqualFold(as.Field.String(), a.Set[i].Field) {
			return as.Text.Span
		}
		if as.Value != nil && strings.EqualFold(as.Field.String(), a.Set[i].Field) {
			return as.Value.Span
		}
	}
	return tree.Head
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// unquote returns the text of a JSON scalar.
func unquote(json []byte) string {
	if s, err := strconv.Unquote(string(json)); err == nil {
		return s
	}
	return string(json)
}
