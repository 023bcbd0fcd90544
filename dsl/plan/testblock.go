package plan

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// tests checks the test blocks of a file: what they expect must be possible.
func (c *compilation) tests(f *dsl.File) {
	seen := map[string]dsl.Span{}
	for _, t := range f.Tests {
		if first, ok := seen[t.Name.Text]; ok && !t.Name.Missing() {
			d := c.report(f.Source, t.Name.Span, dsl.Error, "S107", "there are two tests named `%s`", t.Name.Text)
			d.Labels = []dsl.Label{{Source: f.Source, Span: first, Text: "the first one"}}
		}
		seen[t.Name.Text] = t.Name.Span
		s := &scope{source: f.Source}
		for _, w := range t.With {
			if w.Value != nil {
				c.expectConstant(c.expression(w.Value, s))
			}
			root, _, _ := strings.Cut(w.Path.Text, ".")
			if _, ok := namespaces[root]; !ok && root != "id" && root != "time" && root != "type" && root != "of" {
				at := dsl.Span{From: w.Path.From, To: w.Path.From + len(root)}
				d := c.report(f.Source, at, dsl.Error, "S103", "an event has no `%s`", root)
				if better, ok := dsl.Suggest(root, sortedKeys(namespaces)); ok {
					d.Help = fmt.Sprintf("did you mean `%s`?", better)
					d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: at, New: better}}}}
				} else {
					d.Help = "a value comes from " + strings.Join(sortedKeys(namespaces), ", ")
				}
			}
		}
		for _, e := range t.Expects {
			switch {
			case e.Write != nil:
				c.expectedWrite(f, e.Write, s)
			case e.Kind == dsl.ExpectFailed && !e.Cause.Missing():
				c.cause(f.Source, e.Cause)
			}
		}
	}
}

// expectedWrite checks the object, the fields and the values that a test expects.
func (c *compilation) expectedWrite(f *dsl.File, a *dsl.Action, s *scope) {
	connection := f.Connection.Text
	if !a.Using.Missing() {
		c.connection(f.Source, a.Using)
		connection = a.Using.Text
	}
	o := c.object(f.Source, connection, a.Object)
	if o != nil && o.Partial {
		o = nil
	}
	if a.Where != nil && a.Where.Value != nil {
		c.expectConstant(c.expression(a.Where.Value, s))
		if o != nil && o.Field(a.Where.Field.Text) == nil {
			c.unknownField(place{f.Source, a.Where.Field.Span}, o, a.Where.Field.Text)
		}
	}
	for _, as := range a.Set {
		if as.Value != nil {
			c.expectConstant(c.expression(as.Value, s))
		}
		if o != nil && len(as.Field.Parts) == 1 && o.Field(as.Field.Parts[0].Text) == nil {
			c.unknownField(place{f.Source, as.Field.Span}, o, as.Field.Parts[0].Text)
		}
	}
}

// expectConstant reports an expectation that depends on the event.
func (c *compilation) expectConstant(x *Expression) {
	if x.program != nil && !x.constant {
		c.report(x.at.source, x.at.span, dsl.Error, "S120", "a test compares with a fixed value").Help = "write the value itself"
	}
}

// Causes are the names that `expect failed` knows.
var Causes = []string{
	"field_not_writable", "no_permission", "rate_limited", "record_not_found", "invalid_value", "validation_rule",
	"required_missing", "record_locked", "wrong_object", "unsupported_field",
	"duplicate", "auth", "network", "storage_full", "unavailable", "unknown",
}

func (c *compilation) cause(src *dsl.Source, name dsl.Name) {
	if contains(Causes, name.Text) {
		return
	}
	d := c.report(src, name.Span, dsl.Error, "S121", "there is no cause `%s`", name.Text)
	if better, ok := dsl.Suggest(name.Text, Causes); ok {
		d.Help = fmt.Sprintf("did you mean `%s`?", better)
		d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: name.Span, New: better}}}}
	} else {
		d.Help = "the causes are " + strings.Join(Causes, ", ")
	}
}
