package plan

import (
	"strconv"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// role is what a rule does with a field or object.
type role int

const (
	writes    role = iota // an assignment sets the field
	finds                 // a `where` finds the record by it
	findsMore             // the parent is found by it
	reads                 // an expression reads it of the message's record
	leaves                // a create, or an upsert, leaves it to Salesforce
	touches               // the object itself is written, or its message fires the rule
)

// use is one place where a rule depends on the schema.
type use struct {
	role       role
	rule       *Rule
	action     *Action // nil for what a trigger reads
	assignment *Assignment
	line       int
	connection string
	object     string
	field      string
	text       string // of the expression that reads it
}

// usesOf lists every place where rules depend on the schema that they were compiled
// against, as far as it knows what they mean.
func usesOf(rules []*Rule, variables []variable, schemas func(connection string) *schema.Schema) []use {
	var all []use
	for _, r := range rules {
		u := ruleUses{variables: variables, schemas: schemas, rule: r}
		if r.Trigger == dsl.OutboundMessage && r.tree.On != nil {
			u.add(use{role: touches, line: r.source.Position(r.tree.On.From).Line, connection: r.Connection, object: r.Subject})
		}
		u.reads(r.Guard)
		r.eachAction(u.action)
		all = append(all, u.found...)
	}
	return all
}

type ruleUses struct {
	variables []variable
	schemas   func(connection string) *schema.Schema
	rule      *Rule
	found     []use
}

func (u *ruleUses) add(v use) {
	v.rule = u.rule
	u.found = append(u.found, v)
}

func (u *ruleUses) action(a *Action) {
	base := use{action: a, line: a.Line, connection: a.Connection, object: a.Object}
	v := base
	v.role = touches
	u.add(v)
	u.reads(a.Guard)
	u.reads(a.Match)
	if a.MatchField != "" {
		v := base
		v.role, v.field = finds, a.MatchField
		if a.tree.Where != nil {
			v.line = u.rule.source.Position(a.tree.Where.From).Line
		}
		u.add(v)
	}
	set := map[string]bool{strings.ToLower(a.MatchField): true}
	for _, as := range a.Set {
		v := base
		v.assignment, v.line, v.role, v.field = as, as.Line, writes, as.name
		if as.parent != "" {
			v = u.parent(v)
		}
		set[strings.ToLower(v.field)] = true
		u.add(v)
		u.reads(as.value)
		for _, piece := range as.template {
			u.reads(piece.expr)
		}
	}
	if a.Kind == dsl.Update || a.object == nil {
		return
	}
	for _, f := range a.object.Fields {
		if f.Createable && !set[strings.ToLower(f.Name)] {
			v := base
			v.role, v.field = leaves, f.Name
			u.add(v)
		}
	}
}

// parent adds that the parent is found by a field, and returns that the lookup to it is set.
func (u *ruleUses) parent(v use) use {
	v.field = ""
	o := u.schemas(v.connection).Object(v.object)
	if o == nil {
		return v
	}
	lookup := o.Relationship(v.assignment.parent)
	if lookup == nil {
		return v
	}
	key := v
	key.role, key.field = findsMore, v.assignment.name
	if len(lookup.ReferenceTo) == 1 {
		key.object = lookup.ReferenceTo[0]
		u.add(key)
	}
	v.field = lookup.Name
	return v
}

// reads adds the fields of the message's record that an expression reads, through
// any names that it uses.
func (u *ruleUses) reads(x *Expression) { u.readsAt(x, 0) }

func (u *ruleUses) readsAt(x *Expression, line int) {
	if x == nil {
		return
	}
	if line == 0 {
		line = x.at.source.Position(x.at.span.From).Line
	}
	for _, id := range x.reads {
		v := &u.variables[id]
		switch {
		case v.let != nil:
			u.readsAt(v.let, 0)
		case v.field != nil:
			object := u.rule.Subject
			if o := v.field.Object(); o != nil {
				object = o.Name
			}
			u.add(use{role: reads, line: line, connection: u.rule.Connection, object: object, field: v.field.Name, text: x.Text})
		}
	}
}

// fixed returns the texts that an assignment can write, and whether there are no others.
func (as *Assignment) fixed() (values []string, closed bool) {
	switch {
	case as.null:
		return nil, true
	case as.static != nil:
		return []string{unquote(as.static)}, true
	case as.value != nil:
		for _, l := range as.value.leaves {
			values = append(values, toText(l.value))
		}
		return values, as.value.closed
	}
	return nil, false
}

// compares reports whether an expression has a text in it as a literal.
func (u *use) compares(value string) bool {
	for _, quoted := range []string{strconv.Quote(value), "'" + value + "'", "`" + value + "`"} {
		if strings.Contains(u.text, quoted) {
			return true
		}
	}
	return false
}

// needs reports whether an action depends on being allowed to create or to update.
func (u *use) needs(a schema.Aspect) bool {
	kind := u.action.Kind
	return a == schema.AspectCreateable && kind != dsl.Update || a == schema.AspectUpdateable && kind != dsl.Create
}
