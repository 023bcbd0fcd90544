package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// printObject shows an object as somebody who writes rules wants to see it.
func (c *console) printObject(o *schema.Object, from string) {
	head := []string{c.style.bold(o.Name), printable(o.Label)}
	if o.KeyPrefix != "" {
		head = append(head, c.style.dim("ids begin with "+o.KeyPrefix))
	}
	fmt.Fprintln(c.out, strings.Join(head, "  "))
	if from != "" {
		fmt.Fprintln(c.out, c.style.dim(from))
	}
	switch {
	case o.Partial:
		fmt.Fprintln(c.out, wrap("Only what outbound messages carry is known of it, and not what can be written.", "", c.width))
	case !o.Createable && !o.Updateable:
		fmt.Fprintln(c.out, c.style.yellow("The user may neither create nor update it."))
	case !o.Createable:
		fmt.Fprintln(c.out, c.style.yellow("The user may not create it."))
	case !o.Updateable:
		fmt.Fprintln(c.out, c.style.yellow("The user may not update it."))
	}
	fmt.Fprintln(c.out)
	t := table{tight: true}
	for _, f := range o.Fields {
		mark := func(text string) string { return text }
		switch {
		case o.Partial:
		case f.RequiredOnCreate():
			mark = c.style.yellow
		case !f.Createable && !f.Updateable:
			mark = c.style.dim
		}
		t.row(cell{f.Name, c.style.bold}, shorten(typeText(f), 28), cell{writableText(f), mark}, f.Label)
	}
	t.write(c.out, c.width)
	for _, f := range o.Fields {
		if values := picklistText(f); values != "" {
			fmt.Fprintf(c.out, "\n%s %s\n", f.Name, picklistKind(f))
			fmt.Fprintln(c.out, wrap(values, "    ", c.width))
		}
	}
}

// printField shows all that a writer of rules may want to know of a field.
func (c *console) printField(f *schema.Field) {
	name := f.Name
	if o := f.Object(); o != nil {
		name = o.Name + "." + f.Name
	}
	fmt.Fprintf(c.out, "%s  %s\n", c.style.bold(name), printable(f.Label))
	t := table{indent: "  "}
	t.row("type", fieldType(f))
	if f.RelationshipName != "" {
		t.row("relationship", f.RelationshipName)
	}
	t.row("on create", whetherText(f.WhyNotCreateable(), f.RequiredOnCreate()))
	t.row("on update", whetherText(f.WhyNotUpdateable(), false))
	empty := "may be empty"
	if !f.Nillable {
		empty = "never"
	}
	t.row("empty", empty)
	if keys := keyText(f); keys != "" {
		t.row("key", keys)
	}
	if d := cmp.Or(f.DefaultValue, f.DefaultValueFormula); d != "" {
		t.row("default", d)
	}
	if f.CalculatedFormula != "" {
		t.row("formula", f.CalculatedFormula)
	}
	if parts := f.Parts(); len(parts) > 0 {
		t.row("parts", strings.Join(parts, ", "))
	} else if f.CompoundFieldName != "" && f.CompoundFieldName != f.Name {
		t.row("part of", f.CompoundFieldName)
	}
	t.write(c.out, 0)
	if values := picklistText(f); values != "" {
		fmt.Fprintf(c.out, "\n%s\n", picklistKind(f))
		t := table{indent: "  "}
		for _, v := range f.PicklistValues {
			if v.Active {
				label := v.Label
				if label == v.Value {
					label = ""
				}
				t.row(v.Value, strings.TrimSpace(label+map[bool]string{true: " (default)"}[v.Default]))
			}
		}
		t.write(c.out, c.width)
	}
	c.printDependencies(f)
	if f.InlineHelpText != "" {
		fmt.Fprintln(c.out, "\n"+wrap(f.InlineHelpText, "  ", c.width))
	}
}

// printDependencies shows which values a dependent picklist takes when.
func (c *console) printDependencies(f *schema.Field) {
	if !f.DependentPicklist || f.Object() == nil {
		return
	}
	controller := f.Object().Field(f.ControllerName)
	if controller == nil {
		return
	}
	values := controller.ActiveValues()
	if controller.Type == schema.TypeBoolean {
		values = []string{"true", "false"}
	}
	fmt.Fprintf(c.out, "\nwhich of them depends on %s:\n", controller.Name)
	t := table{indent: "  "}
	for _, v := range values {
		t.row(v, cmp.Or(strings.Join(f.ValidFor(v, controller), "; "), "none"))
	}
	t.write(c.out, c.width)
}

func whetherText(why string, required bool) string {
	switch {
	case why != "":
		return "cannot be written: " + why
	case required:
		return "required"
	}
	return "can be written"
}

func keyText(f *schema.Field) string {
	var parts []string
	if f.ExternalID {
		parts = append(parts, "external id")
	}
	if f.Unique {
		parts = append(parts, "unique")
	}
	if f.CaseSensitive && len(parts) > 0 {
		parts = append(parts, "case counts")
	}
	return strings.Join(parts, ", ")
}

// typeText is a field's type with its limits, such as "string 80" or "lookup Account".
func typeText(f *schema.Field) string {
	text := fieldType(f)
	if f.ExternalID {
		text += ", ext. id"
	}
	if f.Unique {
		text += ", unique"
	}
	return text
}

func fieldType(f *schema.Field) string {
	switch {
	case f.MasterDetail():
		return "master " + strings.Join(f.ReferenceTo, "|")
	case f.Type == schema.TypeReference:
		return "lookup " + strings.Join(f.ReferenceTo, "|")
	case f.Type.Textual() && f.Length > 0:
		return fmt.Sprintf("%s %d", f.Type, f.Length)
	case f.Type == schema.TypeInt && f.Digits > 0:
		return fmt.Sprintf("int %d", f.Digits)
	case f.Type.Numeric() && f.Precision > 0:
		return fmt.Sprintf("%s %d.%d", f.Type, f.Precision-f.Scale, f.Scale)
	}
	return string(f.Type)
}

// writableText says whether a field can be written, and if not, why, in few words.
func writableText(f *schema.Field) string {
	if o := f.Object(); o != nil && o.Partial {
		return ""
	}
	create, update := f.WhyNotCreateable(), f.WhyNotUpdateable()
	switch {
	case create == "" && update == "" && f.RequiredOnCreate():
		return "required"
	case create == "" && update == "":
		return "writable"
	case create == "":
		return "on create only"
	case update == "":
		return "on update only"
	case update == schema.ReasonNoPermission, update == schema.ReasonNoObject:
		return "no: permission"
	case update == schema.ReasonRollUp:
		return "no: roll-up"
	}
	return "no: " + update
}

// picklistText lists the values that a picklist takes.
func picklistText(f *schema.Field) string { return strings.Join(f.ActiveValues(), "; ") }

// picklistKind says how strict a picklist is.
func picklistKind(f *schema.Field) string {
	text := "takes any text, and suggests"
	if f.RestrictedPicklist {
		text = "takes only"
	}
	if f.DependentPicklist {
		text += ", depending on " + f.ControllerName
	}
	return text + ":"
}

func noField(o *schema.Object, name string) error {
	if better, ok := dsl.Suggest(name, o.FieldNames()); ok {
		return problemf("", "%s has no field `%s`; did you mean `%s`?", o.Name, name, better)
	}
	if i := slices.IndexFunc(o.Fields, func(f *schema.Field) bool { return strings.EqualFold(f.Label, name) }); i >= 0 {
		return problemf("", "%s has no field `%s`; the label is that of `%s`", o.Name, name, o.Fields[i].Name)
	}
	return problemf("sfsync schema show "+o.Name, "%s has no field `%s`, or the user may not see it", o.Name, name)
}
