package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// draft is a rule file in the making.
type draft struct {
	path       string
	schema     *schema.Schema
	connection string // "" names none
	sample     string // an event of the kind that sets the rule in motion; "" if there is none
	invented   bool   // the sample is made up
	given      string // its file as a test names it; "" if it has none of its own

	name, trigger, of string
	when              string // statuses; "" for all
	object            *schema.Object
	matchField        string // "" to create
	matchValue        string
	fields            []draftField
}

// draftField is what one field gets: an expression behind `=`, or text behind `:`.
type draftField struct {
	field *schema.Field
	sign  string
	value string
}

func (f draftField) String() string {
	if f.sign == ":" {
		return f.field.Name + ": " + f.value
	}
	return f.field.Name + " = " + f.value
}

// set takes FIELD=VALUE or FIELD: text, in place of what the field got before.
func (d *draft) set(pair string) error {
	sign, equals, colon := "=", strings.Index(pair, "="), strings.Index(pair, ":")
	if colon >= 0 && (equals < 0 || colon < equals) {
		sign = ":"
	}
	name, value := cutPair(pair, sign)
	if name == "" || value == "" {
		return errors.New("a field is set by FIELD=VALUE, or by FIELD: text")
	}
	f := d.object.Field(name)
	if f == nil {
		return d.noField(name)
	}
	if why := d.whyNot(f); why != "" {
		return fmt.Errorf("%s cannot be written: %s", f.Name, why)
	}
	before := d.fields
	d.fields = slices.DeleteFunc(slices.Clone(before), func(old draftField) bool { return old.field == f })
	set := draftField{f, sign, value}
	d.fields = append(d.fields, set)
	if err := d.wrong(set.String()); err != nil {
		d.fields = before
		return err
	}
	return nil
}

func (d *draft) unset(name string) error {
	n := len(d.fields)
	d.fields = slices.DeleteFunc(d.fields, func(f draftField) bool { return strings.EqualFold(f.field.Name, strings.TrimSpace(name)) })
	if len(d.fields) == n {
		return fmt.Errorf("%s is not written", name)
	}
	return nil
}

func (d *draft) verb() string {
	switch d.matchField {
	case "":
		return "create"
	case "Id":
		return "update"
	}
	return "upsert"
}

// whyNot says why the action cannot write a field, "" if it can.
func (d *draft) whyNot(f *schema.Field) string {
	if f.Name == d.matchField {
		return "the record is found by it"
	}
	if d.verb() == "create" {
		return f.WhyNotCreateable()
	}
	return f.WhyNotUpdateable()
}

// missing are the fields that a new record needs and that get no value yet.
func (d *draft) missing() []string {
	if d.verb() == "update" {
		return nil
	}
	var names []string
	for _, f := range d.object.Fields {
		if f.RequiredOnCreate() && f.Name != d.matchField && !slices.ContainsFunc(d.fields, func(s draftField) bool { return s.field.Name == f.Name }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// rule is the text of the rule, without its test.
func (d *draft) rule() string {
	var b strings.Builder
	if d.connection != "" {
		fmt.Fprintf(&b, "connection %s\n\n", d.connection)
	}
	fmt.Fprintf(&b, "rule %s\non %s", cmp.Or(d.name, "New"), strings.TrimSpace(d.trigger+" "+d.of))
	if guard := d.guard(); guard != "" {
		b.WriteString(" if " + guard)
	}
	b.WriteString("\n\n")
	switch {
	case d.when != "":
		fmt.Fprintf(&b, "when %s\n", d.when)
	case d.trigger == onMessage && slices.ContainsFunc(d.fields, func(f draftField) bool { return strings.Contains(f.value, "distribution.") }):
		b.WriteString("otherwise\n") // the status comes after the message
	}
	b.WriteString(d.verb() + " " + d.object.Name)
	if d.matchField != "" {
		b.WriteString(" " + d.match())
	}
	b.WriteString("\n")
	for i, f := range d.fields {
		word := ""
		if i == 0 {
			word = "set "
		}
		fmt.Fprintf(&b, "%s%s\n", word, f)
	}
	return b.String()
}

// guard keeps a rule that writes the record that fires it from answering itself, which
// it would do without end. It is "" for any other rule.
func (d *draft) guard() string {
	if d.trigger != onMessage || d.object.Name != d.of || d.matchField != "Id" || len(d.fields) == 0 {
		return ""
	}
	first := d.fields[0]
	record := "record." + first.field.Name
	switch {
	case first.sign == ":" && !strings.Contains(first.value, "{"):
		return record + " != " + quoteText(first.value)
	case first.value == "null":
		return record + " != null"
	}
	return record + " == null"
}

func (d *draft) match() string { return "where " + d.matchField + " = " + d.matchValue }
