package lsp

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// schemaOf returns the schema that an action of the document writes to, nil if none is
// known.
func (v *view) schemaOf(using string) *schema.Schema {
	if using == "" {
		using = v.file.Connection.Text
	}
	return v.around.schemaOf(using)
}

// objectOf returns the object of an action, nil if no schema knows it.
func (v *view) objectOf(using, name string) *schema.Object { return v.schemaOf(using).Object(name) }

func (c *completer) objects() {
	s := c.schemaOf(c.using)
	if s == nil {
		return
	}
	for _, name := range s.Names() {
		o := s.Object(name)
		switch c.cursor.verb {
		case "create":
			if !o.Createable && !o.Partial {
				continue
			}
		case "update", "upsert":
			if !o.Updateable && !o.Partial {
				continue
			}
		}
		c.add(completionItem{Label: o.Name, Kind: itemClass, Detail: o.Label})
	}
}

// fields offers what the action can write and does not write yet.
func (c *completer) fields() {
	o := c.objectOf(c.using, c.cursor.object)
	if o == nil {
		return
	}
	set := map[string]bool{}
	if action := c.action(); action != nil {
		for _, a := range action.Set {
			if a.To < c.at.From || a.From > c.at.To {
				set[strings.ToLower(a.Field.String())] = true
			}
		}
	}
	offer := func(required bool) {
		for _, f := range o.Fields {
			needed := c.cursor.verb == "create" && c.test == nil && f.RequiredOnCreate()
			if needed == required && !set[strings.ToLower(f.Name)] && c.whyNot(f) == "" {
				c.field(f.Name, f)
			}
		}
	}
	offer(true) // what a create cannot do without comes first
	offer(false)
	for _, f := range o.Fields { // parents, by their external ids
		if f.RelationshipName == "" || c.whyNot(f) != "" {
			continue
		}
		for _, to := range f.ReferenceTo {
			parent := c.objectOf(c.using, to)
			if parent == nil {
				continue
			}
			for _, key := range parent.Fields {
				if name := f.RelationshipName + "." + key.Name; key.ExternalID && !set[strings.ToLower(name)] {
					c.field(name, key)
				}
			}
		}
	}
}

// action returns the action that the cursor is in or below, nil if there is none.
func (c *completer) action() *dsl.Action {
	from := 0
	switch {
	case c.rule != nil:
		from = c.rule.From
	case c.test != nil:
		from = c.test.From
	}
	var found *dsl.Action
	for _, a := range actionsOf(c.file) {
		if from <= a.From && a.From <= c.at.From && (found == nil || a.From > found.From) {
			found = a
		}
	}
	return found
}

// whyNot returns why the action cannot write a field, "" if it can.
func (c *completer) whyNot(f *schema.Field) string {
	if c.test != nil || f.Object() != nil && f.Object().Partial {
		return ""
	}
	switch c.cursor.verb {
	case "create":
		return f.WhyNotCreateable()
	case "update":
		return f.WhyNotUpdateable()
	}
	if why := f.WhyNotCreateable(); why != "" && f.WhyNotUpdateable() != "" {
		return why
	}
	return ""
}

const nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// field offers a field together with what gives it a value: text for what people
// choose, an expression for the rest.
func (c *completer) field(name string, f *schema.Field) {
	rest := c.source.Text[c.at.To:c.source.LineSpan(c.source.Position(c.at.To).Line).To]
	rest = strings.TrimLeft(strings.TrimLeft(rest, nameCharacters), " \t")
	item := completionItem{
		Label: name, Kind: itemField, Detail: fieldDetail(f), Documentation: markdown(fieldDoc(f)),
		FilterText: name, TextEdit: &textEdit{NewText: name},
	}
	switch {
	case strings.HasPrefix(rest, "=") || strings.HasPrefix(rest, ":"):
	case f.Type == schema.TypePicklist:
		item.TextEdit.NewText += ": "
		if values := f.ActiveValues(); c.snippets && len(values) > 0 && len(values) <= 30 {
			item.InsertTextFormat = 2
			for i, v := range values {
				values[i] = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `|`, `\|`, `$`, `\$`, `}`, `\}`).Replace(v)
			}
			item.TextEdit.NewText = fmt.Sprintf("%s: ${1|%s|}", name, strings.Join(values, ","))
		}
	case c.snippets:
		item.InsertTextFormat = 2
		item.TextEdit.NewText = name + " = $0"
	default:
		item.TextEdit.NewText += " = "
	}
	c.add(item)
}

// matches offers the fields by which the action can find its record.
func (c *completer) matches() {
	o := c.objectOf(c.using, c.cursor.object)
	if o == nil {
		if c.cursor.verb != "upsert" {
			c.add(completionItem{Label: "Id", Kind: itemField, TextEdit: &textEdit{NewText: "Id = "}})
		}
		return
	}
	for _, f := range o.Fields {
		byID := f.Type == schema.TypeID && c.cursor.verb != "upsert"
		if byID || f.ExternalID {
			c.add(completionItem{
				Label: f.Name, Kind: itemField, Detail: fieldDetail(f), Documentation: markdown(fieldDoc(f)),
				TextEdit: &textEdit{NewText: f.Name + " = "},
			})
		}
	}
}

// values offers what a picklist or a checkbox takes, within quotes or as text.
func (c *completer) values(quoted bool) {
	if c.keyword == "with" && c.cursor.field == "distribution.status" {
		c.statuses(map[string]bool{})
		return
	}
	o := c.objectOf(c.using, c.cursor.object)
	if o == nil {
		return
	}
	c.valuesOf(o.Field(c.cursor.field), quoted)
}

func (c *completer) valuesOf(f *schema.Field, quoted bool) {
	if f == nil {
		return
	}
	for _, p := range f.PicklistValues {
		if !p.Active {
			continue
		}
		item := completionItem{Label: p.Value, Kind: itemMember}
		if p.Label != p.Value {
			item.Detail = p.Label
		}
		if quoted {
			item.TextEdit = &textEdit{NewText: quotable(p.Value)}
		} else {
			item.TextEdit = &textEdit{NewText: strings.ReplaceAll(p.Value, "{", "{{")}
		}
		c.add(item)
	}
	if f.Type == schema.TypeBoolean && !quoted {
		c.add(completionItem{Label: "true", Kind: itemValue})
		c.add(completionItem{Label: "false", Kind: itemValue})
	}
}
