package plan

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// assignment compiles one `Field = expr` or `Field: text`.
func (c *compilation) assignment(as *dsl.Assignment, act *Action, s *scope) *Assignment {
	out := &Assignment{
		Field: as.Field.String(), Line: s.source.Position(as.From).Line,
		name: as.Field.Parts[len(as.Field.Parts)-1].Text,
	}
	if len(as.Field.Parts) == 2 {
		out.parent = as.Field.Parts[0].Text
		c.parentField(as, out, act, s)
	} else if act.object != nil {
		c.ownField(as, out, act, s)
	}
	if out.key = []byte(`"` + out.name + `":`); out.parent != "" {
		out.key = []byte(`"` + out.parent + `":{"` + out.name + `":`)
	}
	switch {
	case as.Value != nil:
		out.Source = as.Value.Text
		c.textFix = func(d *dsl.Diagnostic) { offerText(d, as, out.field, s.source) }
		x := c.expression(as.Value, s)
		c.textFix = nil
		out.value = x
		switch {
		case x.program == nil:
		case x.null:
			out.null, out.static = true, []byte("null")
			if f := out.field; f != nil && !f.Nillable {
				d := c.report(s.source, as.Value.Span, dsl.Error, "S215", "%s.%s cannot be empty", act.Object, f.Name)
				if f.Type == schema.TypeBoolean {
					d.Help = "a checkbox is true or false: " + f.Name + " = false"
				}
			}
		default:
			c.value(out, x, s)
			c.bracesInStrings(as, x, s)
			c.digits(as.Value, out.field, s)
		}
	case as.Text != nil:
		out.Source = s.source.Slice(as.Text.Span)
		c.text(out, as, s)
	}
	return out
}

// offerText suggests a colon where static text stands after an equals sign; or quotes,
// where the colon would take the rest of the line, too. A field that takes no text is
// told what it takes.
func offerText(d *dsl.Diagnostic, as *dsl.Assignment, f *schema.Field, src *dsl.Source) {
	text := strings.TrimSpace(as.Value.Text)
	if f != nil && accepts(f)&Text == 0 {
		d.Help = fmt.Sprintf("%s takes %s", f.Name, fieldKind(f))
		literalFix(d, f, text, place{src, as.Value.Span})
		return
	}
	// Names of values are lower case, so a capital letter tells that text was meant.
	safe := text != "" && text[0] >= 'A' && text[0] <= 'Z' && text != "None"
	line := src.LineSpan(src.Position(as.Value.To).Line)
	if strings.TrimSpace(src.Text[as.Value.To:max(as.Value.To, line.To)]) != "" {
		d.Help = fmt.Sprintf("static text takes quotes here: %s = %q", as.Field, text)
		d.Fixes = []dsl.Fix{{Title: "put it in quotes", Edits: []dsl.Edit{{Span: as.Value.Span, New: `"` + text + `"`}}, Safe: safe}}
		return
	}
	d.Help = fmt.Sprintf("static text takes a colon: %s: %s", as.Field, text)
	between := dsl.Span{From: as.Field.To, To: as.Value.From}
	if between.From < between.To {
		d.Fixes = []dsl.Fix{{Title: "write a colon", Edits: []dsl.Edit{{Span: between, New: ": "}}, Safe: safe}}
	}
}

// ownField checks the left side when it is a field of the record itself.
func (c *compilation) ownField(as *dsl.Assignment, out *Assignment, act *Action, s *scope) {
	part := as.Field.Parts[0]
	f := act.object.Field(part.Text)
	if f == nil {
		c.unknownField(place{s.source, part.Span}, act.object, part.Text)
		return
	}
	out.field, out.name, out.Field = f, f.Name, f.Name
	why := ""
	switch act.Kind {
	case dsl.Create:
		why = f.WhyNotCreateable()
	case dsl.Update:
		why = f.WhyNotUpdateable()
	default:
		if why = f.WhyNotUpdateable(); why == "" {
			why = f.WhyNotCreateable()
		}
	}
	if why != "" {
		out.field = nil // what it is given does not matter any more
		d := c.report(s.source, part.Span, dsl.Error, "S204", "%s.%s cannot be written: %s", act.object.Name, f.Name, readOnly[why])
		if parts := f.Parts(); len(parts) > 0 {
			d.Help = "set its parts: " + strings.Join(parts, ", ")
		}
	}
}

// readOnly says why a field cannot be written, in an admin's words.
var readOnly = map[string]string{
	schema.ReasonFormula:      "a formula computes it",
	schema.ReasonRollUp:       "it is a roll-up summary",
	schema.ReasonAutoNumber:   "Salesforce numbers it",
	schema.ReasonCompound:     "it is put together from other fields",
	schema.ReasonEncrypted:    "it is encrypted",
	schema.ReasonSystem:       "Salesforce keeps it itself",
	schema.ReasonOnlyOnCreate: "it is set when a record is created and never again",
	schema.ReasonOnlyOnUpdate: "it cannot be set before the record is there",
	schema.ReasonNoPermission: "field-level security makes it read-only for the connected user",
}

// parentField checks the left side when it is a parent's external id.
func (c *compilation) parentField(as *dsl.Assignment, out *Assignment, act *Action, s *scope) {
	if act.object == nil {
		return
	}
	rel, field := as.Field.Parts[0], as.Field.Parts[1]
	lookup := act.object.Relationship(rel.Text)
	if lookup == nil {
		var known []string
		for _, f := range act.object.Fields {
			if f.RelationshipName != "" {
				known = append(known, f.RelationshipName)
			}
		}
		d := c.report(s.source, rel.Span, dsl.Error, "S214", "%s has no relationship `%s`", act.object.Name, rel.Text)
		if own := act.object.Field(field.Text); own != nil && strings.EqualFold(rel.Text, act.object.Name) {
			d.Help = "the object's own field stands alone: " + own.Name
			d.Fixes = []dsl.Fix{{Title: "write `" + own.Name + "`", Edits: []dsl.Edit{{Span: as.Field.Span, New: own.Name}}}}
			return
		}
		if f := act.object.Field(rel.Text); f != nil && f.RelationshipName != "" {
			d.Help = fmt.Sprintf("the relationship of %s is %s", f.Name, f.RelationshipName)
			d.Fixes = []dsl.Fix{{Title: "write `" + f.RelationshipName + "`", Edits: []dsl.Edit{{Span: rel.Span, New: f.RelationshipName}}}}
		} else if better, ok := dsl.Suggest(rel.Text, known); ok {
			d.Help = fmt.Sprintf("did you mean `%s`?", better)
			d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: rel.Span, New: better}}}}
		}
		return
	}
	out.parent = lookup.RelationshipName
	out.Field = out.parent + "." + field.Text
	why := lookup.WhyNotUpdateable()
	if act.Kind == dsl.Create {
		why = lookup.WhyNotCreateable()
	}
	if why != "" {
		c.report(s.source, rel.Span, dsl.Error, "S204", "%s.%s cannot be written: %s", act.object.Name, lookup.Name, readOnly[why])
	}
	if len(lookup.ReferenceTo) != 1 {
		c.report(s.source, rel.Span, dsl.Error, "S214", "`%s` can point to %s, so the parent's external id does not say which", rel.Text, strings.Join(lookup.ReferenceTo, " or ")).
			Help = fmt.Sprintf("set %s to the record's id", lookup.Name)
		return
	}
	sch := c.schemaOf(act.Connection)
	parent := sch.Object(lookup.ReferenceTo[0])
	if parent == nil {
		return // not among the schemas at hand
	}
	f := parent.Field(field.Text)
	if f == nil {
		c.unknownField(place{s.source, field.Span}, parent, field.Text)
		return
	}
	if !f.ExternalID && !f.IDLookup {
		c.report(s.source, field.Span, dsl.Error, "S214", "`%s` is no external-id field of %s", f.Name, parent.Name).
			Help = parentHelp(parent, lookup)
		return
	}
	out.field, out.name = f, f.Name
	out.Field = out.parent + "." + f.Name
}

func parentHelp(parent *schema.Object, lookup *schema.Field) string {
	if ids := externalIDNames(parent); len(ids) > 0 {
		return "it is found by " + strings.Join(ids, " or ")
	}
	return fmt.Sprintf("it has none: set %s to the record's id", lookup.Name)
}

// value checks what an expression gives a field, as far as it is known.
func (c *compilation) value(out *Assignment, x *Expression, s *scope) {
	before := c.errors
	if out.field != nil {
		c.checkValue(x, out.field, s)
		if out.field.Type == "reference" && out.parent == "" && len(out.field.ReferenceTo) > 0 {
			c.lookup(x.at, x, out.field.ReferenceTo...)
		}
	}
	if x.constant && x.value != nil && c.errors == before {
		out.static, _ = out.encoder().AppendJSON(nil, schemaValue(x.value))
		if clears(out.static) {
			out.static = nil
			d := c.report(s.source, x.at.span, dsl.Warning, "S407", "this is empty, so the field stays as it is")
			d.Help = "a field is cleared by " + out.Field + " = null"
			d.Fixes = []dsl.Fix{{Title: "write null", Edits: []dsl.Edit{{Span: x.at.span, New: "null"}}}}
		}
	}
}

// text compiles `Field: text`.
func (c *compilation) text(out *Assignment, as *dsl.Assignment, s *scope) {
	static, isStatic := as.Text.Static()
	odd := c.doubledBraces(as, out.field, s)
	if isStatic {
		if !odd && !c.textStyle(as, static, out.field, s) {
			c.staticText(out, static, place{s.source, as.Text.Span})
		} else if c.errors == 0 {
			out.static, _ = out.encoder().AppendJSON(nil, schema.Value{Kind: schema.KindText, Text: static})
		}
		return
	}
	if raw := s.source.Slice(as.Text.Span); quoted(raw) {
		c.quotedText(as, raw, dsl.Warning, s)
	} else if !odd {
		c.clauseInText(as, raw, dsl.Warning, s)
	}
	length := 0
	for _, p := range as.Text.Parts {
		if p.Expr == nil {
			out.template = append(out.template, piece{text: p.Text})
			length += len([]rune(p.Text))
			continue
		}
		x := c.expression(p.Expr, s)
		if x.program != nil && x.kinds&^(List|Object) == 0 {
			c.report(s.source, p.Expr.Span, dsl.Error, "S131", "%s cannot stand in a text", x.kinds).Help = "join(…) makes text of a list"
		}
		if name, merge := strings.CutPrefix(p.Expr.Text, "!"); merge && x.program != nil && barePath.MatchString(name) {
			// Salesforce's own templates name a value so.
			d := c.report(s.source, p.Expr.Span, dsl.Warning, "S402", "`!` makes true or false of `%s`", name)
			d.Help = "a value stands between braces alone: {" + name + "}"
			d.Fixes = []dsl.Fix{{Title: "leave out the `!`", Edits: []dsl.Edit{{Span: dsl.Span{From: p.Expr.From, To: p.Expr.From + 1}}}}}
		}
		out.template = append(out.template, piece{expr: x})
	}
	f := out.field
	if f == nil {
		return
	}
	if k := accepts(f); k&Text == 0 {
		d := c.report(s.source, as.Text.Span, dsl.Error, "S208", "%s takes %s, and this is text", f.Name, fieldKind(f))
		d.Help = "write `=` and an expression"
		if len(as.Text.Parts) == 1 {
			value := as.Text.Parts[0].Expr.Text
			d.Help = fmt.Sprintf("write %s = %s", as.Field, value)
			d.Fixes = []dsl.Fix{{Title: "write an expression", Edits: []dsl.Edit{{Span: dsl.Span{From: as.Field.To, To: as.Text.To}, New: " = " + value}}}}
		}
	} else if f.Length > 0 && length > f.Length {
		c.report(s.source, as.Text.Span, dsl.Error, "S209", "%s holds %d characters, and this text has at least %d", f.Name, f.Length, length)
	}
}

// staticText checks text that every event writes alike. A colon takes text as it
// is, so what reads as a number or as true is meant as one where the field is.
func (c *compilation) staticText(out *Assignment, text string, at place) {
	v := schema.Value{Kind: schema.KindText, Text: text}
	if out.field != nil {
		switch accepts(out.field) {
		case Number:
			if n, err := toNumber([]any{text}); err == nil && n != nil {
				v = schema.Value{Kind: schema.KindNumber, Text: toText(n)}
			}
		case Bool:
			if text == "true" || text == "false" {
				v = schema.Value{Kind: schema.KindBool, Text: text}
			}
		}
		if !c.checkLiteral(v, out.field, at, false) {
			return
		}
	}
	out.static, _ = out.encoder().AppendJSON(nil, v)
}
