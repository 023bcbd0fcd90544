package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Test is a compiled test block. Package ruletest runs it.
type Test struct {
	Name    string
	File    string // path of the file it stands in
	Line    int    // of its head, from 1
	Source  *dsl.Source
	Given   []Given
	Org     []dsl.Name // of `given org`: a cause of failure, or a file that sets the simulated org up
	Expects []*Expectation
}

// Given is a file of events, with what a test changes in each of them.
type Given struct {
	File    dsl.Name // the path as the author wrote it, relative to the test's file
	Line    int
	Changes []Change
}

// Change gives one value of an event.
type Change struct {
	Path []dsl.Step // in the event's JSON
	JSON []byte
}

// Expectation is one `expect` of a test.
type Expectation struct {
	Kind  dsl.ExpectKind
	Line  int
	Text  string         // the line as the author wrote it
	Cause string         // of ExpectFailed: one of Causes
	Write *ExpectedWrite // of ExpectWrite
}

// ExpectedWrite is a write that a test expects. What the author left out may be anything.
type ExpectedWrite struct {
	Kind       dsl.ActionKind
	Object     string // API name
	Connection string // of `using`, "" for any
	MatchField string // of `where`, "" for any record
	MatchValue string // Id in 18 characters, or the external id
	Fields     []ExpectedField
}

// ExpectedField is one field of an expected write.
type ExpectedField struct {
	Name string // as Salesforce spells it; Relationship__r.Field for a parent
	Line int
	JSON []byte // as the field would be sent
}

// testSuffix ends the names of files that hold tests and no rules.
const testSuffix = "_test.sfsync"

// IsTestFile reports whether a path is that of a file for tests alone.
func IsTestFile(path string) bool { return strings.HasSuffix(path, testSuffix) }

// strayRules reports rules in a file for tests, which would run as any other.
func (c *compilation) strayRules(f *dsl.File) {
	if !IsTestFile(f.Source.Path) {
		return
	}
	home := strings.TrimSuffix(f.Source.Path, testSuffix)
	home = home[strings.LastIndexAny(home, `/\`)+1:] + ".sfsync"
	for _, r := range f.Rules {
		at := r.Name.Span
		if r.Name.Missing() {
			at = dsl.Span{From: r.From, To: r.From + len("rule")}
		}
		c.report(f.Source, at, dsl.Error, "S125", "a file whose name ends in `%s` holds tests, and no rules", testSuffix).
			Help = "move the rule to a file of rules, such as " + home
	}
}

// tests checks the test blocks of a file: what they expect must be possible.
func (c *compilation) tests(f *dsl.File) {
	c.strayRules(f)
	seen := map[string]dsl.Span{}
	for _, t := range f.Tests {
		if first, ok := seen[t.Name.Text]; ok && !t.Name.Missing() {
			d := c.report(f.Source, t.Name.Span, dsl.Error, "S107", "there are two tests named `%s`", t.Name.Text)
			d.Labels = []dsl.Label{{Source: f.Source, Span: first, Text: "the first one"}}
		}
		seen[t.Name.Text] = t.Name.Span
		c.plan.Tests = append(c.plan.Tests, c.test(f, t))
	}
}

func (c *compilation) test(f *dsl.File, t *dsl.Test) *Test {
	out := &Test{Name: t.Name.Text, File: f.Source.Path, Line: f.Source.Position(t.From).Line, Source: f.Source}
	s := &scope{source: f.Source}
	for _, name := range t.Given {
		c.testFile(f.Source, name)
		out.Given = append(out.Given, Given{File: name, Line: f.Source.Position(name.From).Line})
	}
	for _, name := range t.Org {
		if IsFile(name.Text) {
			c.testFile(f.Source, name)
		} else {
			c.cause(f.Source, name)
		}
		out.Org = append(out.Org, name)
	}
	sound := !t.Name.Missing() && len(f.Faults) == 0 // else what seems to be missing may be what could not be read
	if len(t.Given) == 0 && sound {
		c.report(f.Source, t.Name.Span, dsl.Error, "S122", "this test is given no event").
			Help = "name a file below it: `given events/response.json`"
	}
	for _, w := range t.With {
		change := c.change(w, s)
		at := -1
		for i := range t.Given {
			if t.Given[i].From < w.From {
				at = i
			}
		}
		switch {
		case at >= 0:
			out.Given[at].Changes = append(out.Given[at].Changes, change)
		case len(t.Given) > 0:
			c.report(f.Source, w.Path.Span, dsl.Error, "S122", "`with` changes the events of the `given` above it, and there is none").
				Help = "move the line below `given`"
		}
	}
	for _, e := range t.Expects {
		x := &Expectation{Kind: e.Kind, Cause: e.Cause.Text, Line: f.Source.Position(e.From).Line}
		x.Text, _, _ = strings.Cut(strings.TrimSpace(f.Source.Slice(f.Source.LineSpan(x.Line))), "\n")
		switch {
		case e.Write != nil:
			x.Write = c.expectedWrite(f, e.Write, s)
		case e.Kind == dsl.ExpectFailed && !e.Cause.Missing():
			c.cause(f.Source, e.Cause)
		}
		out.Expects = append(out.Expects, x)
	}
	if len(t.Expects) == 0 && sound {
		c.report(f.Source, t.Name.Span, dsl.Warning, "S124", "this test expects nothing in particular, so it cannot fail").
			Help = "say what is to be written: `expect update Contact`, or `expect nothing`"
	}
	return out
}

// IsFile reports whether what is given of the org is a file, and no cause.
func IsFile(given string) bool { return strings.ContainsAny(given, "./\\") }

// testFile reports a file that a test names and that cannot be read.
func (c *compilation) testFile(src *dsl.Source, name dsl.Name) {
	if c.options.File == nil || name.Missing() {
		return
	}
	if err := c.options.File(src, name.Text); err != nil {
		c.report(src, name.Span, dsl.Error, "S123", "this file cannot be read: %v", err).
			Help = "a path begins at the folder that the test stands in"
	}
}

// change checks a `with` and turns it into JSON.
func (c *compilation) change(w *dsl.With, s *scope) Change {
	steps := w.Steps()
	c.changedPath(w, steps, s)
	out := Change{Path: steps}
	if steps[0].Name == eventNamespace { // the event itself
		out.Path = steps[1:]
	}
	var v any
	switch {
	case w.Value != nil:
		x := c.expression(w.Value, s)
		c.expectConstant(x)
		v = x.value
	case w.Text != nil:
		v, _ = c.fixedText(w.Text, s)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) == nil {
		out.JSON = bytes.TrimSpace(buf.Bytes())
	}
	return out
}

// changedPath reports a path that no event has.
func (c *compilation) changedPath(w *dsl.With, steps []dsl.Step, s *scope) {
	root := steps[0].Name
	ns, ok := namespaces[root]
	at := dsl.Span{From: w.Path.From, To: w.Path.From + len(root)}
	switch {
	case !ok && root != "id" && root != "time" && root != "type" && root != "of":
		d := c.report(s.source, at, dsl.Error, "S103", "an event has no `%s`", root)
		if better, ok := dsl.Suggest(root, sortedKeys(namespaces)); ok {
			d.Help = fmt.Sprintf("did you mean `%s`?", better)
			d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: at, New: better}}}}
		} else {
			d.Help = "a value comes from " + strings.Join(sortedKeys(namespaces), ", ")
		}
	case root == eventNamespace && len(steps) == 1:
		c.report(s.source, at, dsl.Error, "S104", "`event` is a group of values").Help = "name one of them, such as event.time"
	case ok && !ns.open && len(steps) > 1:
		if _, known := ns.fields[steps[1].Name]; !known {
			d := c.report(s.source, w.Path.Span, dsl.Error, "S104", "`%s` has no `%s`", root, steps[1].Name)
			d.Help = "it has " + strings.Join(sortedKeys(ns.fields), ", ")
			if better, ok := dsl.Suggest(steps[1].Name, sortedKeys(ns.fields)); ok {
				d.Help = fmt.Sprintf("did you mean `%s.%s`?", root, better)
			}
		}
	}
}

// fixedText returns the text of a `Field: text` that depends on no event.
func (c *compilation) fixedText(t *dsl.Template, s *scope) (string, bool) {
	text, ok := t.Static()
	if !ok {
		for _, p := range t.Parts {
			if p.Expr != nil {
				c.report(s.source, p.Expr.Span, dsl.Error, "S120", "a test compares with a fixed value").Help = "write the value itself; `{{` is a brace"
				break
			}
		}
	}
	return text, ok
}

// expectedWrite checks the object, the fields and the values that a test expects.
func (c *compilation) expectedWrite(f *dsl.File, a *dsl.Action, s *scope) *ExpectedWrite {
	out := &ExpectedWrite{Kind: a.Kind, Object: a.Object.Text, Connection: a.Using.Text}
	connection := f.Connection.Text
	if !a.Using.Missing() {
		c.connection(f.Source, a.Using)
		connection = a.Using.Text
	}
	o := c.object(f.Source, connection, a.Object)
	if o != nil {
		out.Object = o.Name
	}
	if o != nil && o.Partial {
		o = nil
	}
	if a.Where != nil && a.Where.Value != nil {
		c.expectedMatch(a, out, o, s)
	}
	stand := &Action{Kind: a.Kind, Object: out.Object, Connection: connection, object: o}
	for _, as := range a.Set {
		if len(as.Field.Parts) > 0 {
			out.Fields = append(out.Fields, c.expectedField(as, stand, s))
		}
	}
	return out
}

// expectedMatch checks which record a test expects to be written.
func (c *compilation) expectedMatch(a *dsl.Action, out *ExpectedWrite, o *schema.Object, s *scope) {
	x := c.expression(a.Where.Value, s)
	c.expectConstant(x)
	out.MatchField = a.Where.Field.Text
	if strings.EqualFold(out.MatchField, "Id") {
		out.MatchField = "Id"
	}
	if o != nil {
		field := o.Field(a.Where.Field.Text)
		if field == nil {
			c.unknownField(place{s.source, a.Where.Field.Span}, o, a.Where.Field.Text)
			return
		}
		out.MatchField = field.Name
	}
	if !x.constant || x.value == nil {
		return
	}
	out.MatchValue = toText(x.value)
	if out.MatchField != "Id" {
		return
	}
	checked := o
	if checked == nil {
		checked = &schema.Object{Name: out.Object}
	}
	c.idLiteral(s, leaf{x.value, a.Where.Value.Span}, checked)
	if id, ok := schema.To18(out.MatchValue); ok {
		out.MatchValue = id
	}
}

// expectedField checks one field that a test expects, as an assignment of a rule is.
func (c *compilation) expectedField(as *dsl.Assignment, stand *Action, s *scope) ExpectedField {
	assigned := &Assignment{Field: as.Field.String(), name: as.Field.Parts[len(as.Field.Parts)-1].Text}
	if len(as.Field.Parts) == 2 {
		assigned.parent = as.Field.Parts[0].Text
		c.parentField(as, assigned, stand, s)
	} else if stand.object != nil {
		if assigned.field = stand.object.Field(as.Field.Parts[0].Text); assigned.field == nil {
			c.unknownField(place{s.source, as.Field.Parts[0].Span}, stand.object, as.Field.Parts[0].Text)
		} else {
			assigned.Field = assigned.field.Name
		}
	}
	if as.Value != nil {
		x := c.expression(as.Value, s)
		c.expectConstant(x)
		if x.isNull() {
			assigned.static = []byte("null")
		} else if x.constant {
			c.value(assigned, x, s)
		}
	} else if as.Text != nil {
		if text, ok := c.fixedText(as.Text, s); ok {
			c.staticText(assigned, text, place{s.source, as.Text.Span})
		}
	}
	return ExpectedField{Name: assigned.Field, Line: s.source.Position(as.From).Line, JSON: assigned.static}
}

// expectConstant reports an expectation that depends on the event.
func (c *compilation) expectConstant(x *Expression) {
	if x.program != nil && !x.constant {
		c.report(x.at.source, x.at.span, dsl.Error, "S120", "a test compares with a fixed value").Help = "write the value itself"
	}
}

// SameValue reports whether two values of a field, as JSON, mean the same.
func SameValue(a, b []byte) bool { return sameJSON(a, b) }

// Causes are the names that `expect failed` and `given org` know.
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
