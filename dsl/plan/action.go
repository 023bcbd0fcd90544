package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// action compiles one action of a rule.
func (c *compilation) action(a *dsl.Action, s *scope, r *Rule) *Action {
	out := &Action{
		Kind: a.Kind, Object: a.Object.Text, Connection: r.Connection,
		Line: s.source.Position(a.From).Line, tree: a, rule: r,
	}
	if !a.Using.Missing() {
		c.connection(s.source, a.Using)
		out.Connection = a.Using.Text
	}
	if out.object = c.object(s.source, out.Connection, a.Object); out.object != nil {
		out.Object = out.object.Name
		if out.object.Partial || !c.objectAllows(s.source, a, out.object) {
			out.object = nil // nothing is known of it, or whatever else is wrong follows from that
		}
	}
	if a.If != nil {
		out.Guard = c.guard(a.If, s)
	}
	if a.Where != nil {
		c.match(a, out, s)
	} else if a.Kind != dsl.Create && !a.Broken {
		d := c.report(s.source, a.Head, dsl.Error, "S111", "`%s` does not say which record", Verb(a.Kind))
		d.Help = whereHelp(a, out.object, s)
	}
	set := map[string]dsl.Span{}
	if a.Kind == dsl.Upsert && out.matchField != nil {
		set[strings.ToLower(a.Where.Field.Text)] = a.Where.Field.Span
	}
	for _, as := range a.Set {
		if len(as.Field.Parts) == 0 {
			continue
		}
		key := fieldKey(as.Field, out.object)
		if first, twice := set[key]; twice {
			d := c.report(s.source, as.Field.Span, dsl.Error, "S110", "`%s` is set twice in one action", as.Field)
			d.Labels = []dsl.Label{{Source: s.source, Span: first, Text: "the first time"}}
			if a.Where != nil && first == a.Where.Field.Span {
				d.Help = "the `where` of an upsert sets it already"
			}
			continue
		}
		set[key] = as.Field.Span
		if as.Text != nil {
			text, _ := as.Text.Static()
			for _, h := range hiddenFields(text, out.object) {
				set[strings.ToLower(h.field)] = as.Text.Span
			}
		}
		out.Set = append(out.Set, c.assignment(as, out, s))
	}
	c.requiredFields(a, out, s, set)
	c.dependentPicklists(a, out, s)
	c.shownFields(out, s)
	return out
}

// fieldKey is what a left side sets: the parent's key sets the lookup to the parent.
func fieldKey(path dsl.FieldPath, o *schema.Object) string {
	if len(path.Parts) == 1 {
		return strings.ToLower(path.Parts[0].Text)
	}
	if o != nil {
		if lookup := o.Relationship(path.Parts[0].Text); lookup != nil {
			return strings.ToLower(lookup.Name)
		}
	}
	return strings.ToLower(path.Parts[0].Text) + "."
}

func whereHelp(a *dsl.Action, o *schema.Object, s *scope) string {
	key := "an external-id field"
	if o != nil {
		if names := externalIDNames(o); len(names) > 0 {
			key = "`" + names[0] + " = …`"
		}
	}
	if a.Kind == dsl.Upsert {
		return "add `where` and " + key
	}
	if s.known && s.trigger == dsl.OutboundMessage && strings.EqualFold(a.Object.Text, s.objName) {
		return "add `where Id = record.Id`"
	}
	return "add `where Id = …`, or an external-id field"
}

// objectAllows reports an object that the connected user cannot write.
func (c *compilation) objectAllows(src *dsl.Source, a *dsl.Action, o *schema.Object) bool {
	verb := ""
	switch {
	case a.Kind != dsl.Update && !o.Createable:
		verb = "created"
	case a.Kind != dsl.Create && !o.Updateable:
		verb = "updated"
	default:
		return true
	}
	c.report(src, a.Object.Span, dsl.Error, "S203", "%s cannot be %s by the connected user", o.Name, verb).
		Help = "its profile or permission set must allow it, if Salesforce allows it at all"
	return false
}

// match compiles the `where` of an action.
func (c *compilation) match(a *dsl.Action, out *Action, s *scope) {
	w := a.Where
	if a.Kind == dsl.Create {
		c.report(s.source, w.Span, dsl.Error, "S115", "`create` makes a new record and takes no `where`").
			Help = "`update` changes a record that is there, `upsert` makes it when it is not"
		return
	}
	out.MatchField = w.Field.Text
	if strings.EqualFold(out.MatchField, "Id") {
		out.MatchField = "Id"
	}
	isID := out.MatchField == "Id"
	if a.Kind == dsl.Upsert && isID {
		c.report(s.source, w.Field.Span, dsl.Error, "S112", "`upsert` finds its record by an external-id field, not by Id").
			Help = "with an Id the record is there already: use `update`"
	}
	if w.Value != nil {
		out.Match = c.expression(w.Value, s)
	}
	if out.object == nil {
		return
	}
	f := out.object.Field(w.Field.Text)
	if f == nil {
		c.unknownField(place{s.source, w.Field.Span}, out.object, w.Field.Text)
		return
	}
	out.MatchField = f.Name
	if !isID && !f.ExternalID && !(f.IDLookup && a.Kind != dsl.Create) {
		d := c.report(s.source, w.Field.Span, dsl.Error, "S112", "`%s` is no external-id field of %s", f.Name, out.object.Name)
		d.Help = "a record is found by its Id" + externalIDs(out.object)
		return
	}
	out.matchField = f
	if a.Kind == dsl.Upsert && !isID && !f.Createable {
		c.report(s.source, w.Field.Span, dsl.Warning, "S112", "this upsert can make no record: %s cannot be given its `%s`", withArticle(out.object.Name), f.Name).
			Help = "use `update` if the record is always there"
	}
	if out.Match != nil && out.Match.program != nil {
		if out.Match.isNull() {
			c.report(s.source, w.Value.Span, dsl.Error, "S208", "no record has null as its `%s`", f.Name)
			return
		}
		if text, ok := out.Match.value.(string); ok && strings.TrimSpace(text) == "" {
			c.report(s.source, w.Value.Span, dsl.Error, "S208", "no record has an empty text as its `%s`", f.Name)
			return
		}
		c.digits(w.Value, f, s)
		c.matchKinds(out, f, w, s)
	}
}

// matchKinds holds what a `where` compares with against the field.
func (c *compilation) matchKinds(out *Action, f *schema.Field, w *dsl.Match, s *scope) {
	x := out.Match
	if f.Name == "Id" {
		for _, l := range x.leaves {
			c.idLiteral(s, l, out.object)
		}
		if !x.kinds.can(Text) {
			c.report(s.source, w.Value.Span, dsl.Error, "S208", "an Id is text, and this is %s", x.kinds&^Null)
		}
		c.lookup(place{s.source, w.Value.Span}, x, out.object.Name)
		return
	}
	c.checkValue(x, f, s)
}

// idLiteral checks an id that stands in the rule itself.
func (c *compilation) idLiteral(s *scope, l leaf, o *schema.Object) {
	id, ok := l.value.(string)
	if !ok {
		return
	}
	id18, ok := schema.To18(id)
	if !ok {
		d := c.report(s.source, l.span, dsl.Error, "S211", "`%s` is no record id", cut(id, 40))
		if fixed, ok := schema.RepairID(id); ok {
			d.Help = "if only upper and lower case were changed on the way, the id is " + fixed
			d.Fixes = []dsl.Fix{{Title: "restore the id", Edits: []dsl.Edit{{Span: l.span, New: `"` + fixed + `"`}}}}
		} else {
			d.Help = "an id has 15 or 18 letters and digits, and the last three of 18 check the others"
		}
		return
	}
	if o.KeyPrefix != "" && schema.KeyPrefix(id18) != o.KeyPrefix {
		d := c.report(s.source, l.span, dsl.Error, "S212", "`%s` is no id of %s", id, withArticle(o.Name))
		d.Help = fmt.Sprintf("ids of %s begin with %s", o.Name, o.KeyPrefix)
		if other := c.objectOfID(id18); other != "" {
			d.Help += ", and this one is of " + withArticle(other)
		}
	}
}

func (c *compilation) objectOfID(id string) string {
	return schema.WellKnownObject(schema.KeyPrefix(id))
}

func withArticle(name string) string {
	if strings.ContainsRune("AEIOUaeiou", rune(name[0])) {
		return "an " + name
	}
	return "a " + name
}

func externalIDNames(o *schema.Object) []string {
	var names []string
	for _, f := range o.Fields {
		if f.ExternalID {
			names = append(names, f.Name)
		}
	}
	return names
}

func externalIDs(o *schema.Object) string {
	names := externalIDNames(o)
	switch len(names) {
	case 0:
		return "; " + o.Name + " has no external-id field"
	case 1:
		return " or by " + names[0]
	default:
		return ", or by one of " + strings.Join(names, ", ")
	}
}

// unknownField reports a field that an object does not have, or that the user
// may not see: Salesforce does not tell the two apart.
func (c *compilation) unknownField(at place, o *schema.Object, name string) {
	form := "%s has no field `%s`"
	if o.Partial {
		form = "an outbound message of %s carries no field `%s`"
	}
	d := c.report(at.source, at.span, dsl.Error, "S202", form, o.Name, name)
	if better, ok := dsl.Suggest(name, o.FieldNames()); ok {
		d.Help = fmt.Sprintf("did you mean `%s`?", better)
		d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: at.span, New: better}}}}
		return
	}
	for _, f := range o.Fields {
		if strings.EqualFold(f.Label, name) || strings.EqualFold(strings.ReplaceAll(f.Label, " ", "_"), name) {
			d.Help = fmt.Sprintf("rules use API names: `%s` is %s", f.Label, f.Name)
			d.Fixes = []dsl.Fix{{Title: "write `" + f.Name + "`", Edits: []dsl.Edit{{Span: at.span, New: f.Name}}}}
			return
		}
	}
	if o.Partial {
		d.Help = "select the field in the message's definition, and import its WSDL again"
		return
	}
	d.Help = "if it is there in Salesforce, the connected user may not see it, or the schema is older than the field"
}

// requiredFields finds what a create, or an upsert that creates, cannot do without.
func (c *compilation) requiredFields(a *dsl.Action, out *Action, s *scope, set map[string]dsl.Span) {
	if out.object == nil || a.Kind == dsl.Update || a.Broken || a.Kind == dsl.Upsert && out.matchField == nil {
		return
	}
	var missing []string
	for _, f := range out.object.Fields {
		if !f.RequiredOnCreate() || f.Type == "boolean" {
			continue
		}
		out.required = append(out.required, f.Name)
		_, direct := set[strings.ToLower(f.Name)]
		byParent := f.RelationshipName != "" && slices.ContainsFunc(out.Set, func(as *Assignment) bool {
			return strings.EqualFold(as.parent, f.RelationshipName)
		})
		if !direct && !byParent {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) == 0 {
		return
	}
	if a.Kind == dsl.Create {
		c.report(s.source, a.Object.Span, dsl.Error, "S205", "%s cannot be created without %s", withArticle(out.object.Name), strings.Join(missing, ", "))
		return
	}
	c.report(s.source, a.Object.Span, dsl.Warning, "S205", "this upsert fails when the %s is not there yet: it does not set %s", out.object.Name, strings.Join(missing, ", ")).
		Help = "use `update` if the record is always there"
}

// shownFields notes where an outbound message itself shows the fields that an
// update of its own record sets, so that a write that changes nothing is not sent.
func (c *compilation) shownFields(out *Action, s *scope) {
	if !s.known || s.trigger != dsl.OutboundMessage || out.Kind != dsl.Update || out.object == nil || s.object == nil ||
		out.object.Name != s.object.Name || out.MatchField != "Id" || out.Match == nil || out.Match.variable < 0 ||
		c.variables[out.Match.variable].name != "record.Id" {
		return
	}
	for _, as := range out.Set {
		id := -1
		if as.parent == "" && as.field != nil {
			path := []string{"record", as.field.Name}
			key := s.objName + "\x1f" + strings.Join(path, "\x1f")
			id = c.pathVariable(key, path, kindsOf(as.field), as.field, "record."+as.field.Name)
		}
		out.shown = append(out.shown, id)
	}
}
