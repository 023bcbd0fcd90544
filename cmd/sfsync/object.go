package main

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// printObject shows an object as somebody who writes rules wants to see it.
func (c *console) printObject(o *schema.Object) {
	fmt.Fprintf(c.out, "%s  %s", c.style.bold(o.Name), printable(o.Label))
	if o.KeyPrefix != "" {
		fmt.Fprintf(c.out, "  %s", c.style.dim("ids begin with "+o.KeyPrefix))
	}
	fmt.Fprintln(c.out)
	switch {
	case !o.Createable && !o.Updateable:
		fmt.Fprintln(c.out, c.style.yellow("The user may neither create nor update it."))
	case !o.Createable:
		fmt.Fprintln(c.out, c.style.yellow("The user may not create it."))
	case !o.Updateable:
		fmt.Fprintln(c.out, c.style.yellow("The user may not update it."))
	}
	fmt.Fprintln(c.out)
	var t table
	for _, f := range o.Fields {
		mark := func(text string) string { return text }
		state := writableText(f)
		switch {
		case f.RequiredOnCreate():
			mark = c.style.yellow
		case !f.Createable && !f.Updateable:
			mark = c.style.dim
		}
		t.row(cell{f.Name, c.style.bold}, typeText(f), cell{state, mark}, f.Label)
	}
	t.write(c.out, c.width)
	for _, f := range o.Fields {
		if values := picklistText(f); values != "" {
			fmt.Fprintln(c.out)
			fmt.Fprintln(c.out, hanging(f.Name+": ", values, c.width))
		}
	}
}

// typeText is a field's type with its limits, such as "string 80" or "lookup Account".
func typeText(f *schema.Field) string {
	switch {
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

// writableText says whether a field can be written, and if not, why.
func writableText(f *schema.Field) string {
	create, update := f.WhyNotCreateable(), f.WhyNotUpdateable()
	var parts []string
	switch {
	case create == "" && update == "":
		if f.RequiredOnCreate() {
			parts = append(parts, "required")
		} else {
			parts = append(parts, "writable")
		}
	case create == "":
		parts = append(parts, "on create only")
	case update == "":
		parts = append(parts, "on update only")
	default:
		parts = append(parts, "not writable: "+update)
	}
	if f.ExternalID {
		parts = append(parts, "external id")
	}
	if f.Unique {
		parts = append(parts, "unique")
	}
	return strings.Join(parts, ", ")
}

// picklistText lists the values that a picklist takes.
func picklistText(f *schema.Field) string {
	var values []string
	for _, v := range f.PicklistValues {
		if v.Active {
			values = append(values, v.Value)
		}
	}
	if len(values) == 0 {
		return ""
	}
	text := strings.Join(values, "; ")
	if !f.RestrictedPicklist {
		text += " (others are taken, too)"
	}
	if f.DependentPicklist {
		text += " (which ones depends on " + f.ControllerName + ")"
	}
	return text
}
