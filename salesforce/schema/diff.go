package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Aspect is what of an object or field has changed.
type Aspect string

// The aspects. Each is a word that stands behind the name of the object or field.
const (
	AspectExists       Aspect = "exists" // Before and After are "yes" or "no"
	AspectLabel        Aspect = "label"
	AspectType         Aspect = "type"
	AspectLength       Aspect = "length"    // of a text, in characters
	AspectPrecision    Aspect = "precision" // of a number, such as "16.2": digits before and after the point
	AspectRequired     Aspect = "required on create"
	AspectNillable     Aspect = "may be empty"
	AspectDefault      Aspect = "default"
	AspectFormula      Aspect = "formula"
	AspectCreateable   Aspect = "createable"
	AspectUpdateable   Aspect = "updateable"
	AspectExternalID   Aspect = "external id"
	AspectUnique       Aspect = "unique"
	AspectIDLookup     Aspect = "id lookup"
	AspectReferenceTo  Aspect = "points to"
	AspectRelationship Aspect = "relationship name"
	AspectRestricted   Aspect = "restricted picklist"
	AspectValueAdded   Aspect = "picklist value added"   // After is the value
	AspectValueRemoved Aspect = "picklist value removed" // Before is the value
	AspectController   Aspect = "controlling field"
	AspectDependency   Aspect = "picklist dependency" // After is a value that other values of the controlling field allow
	AspectRecordType   Aspect = "record type"         // Before or After is its id and name
)

// Change is one difference between two describes of an object.
type Change struct {
	Object string `json:"object"`
	Field  string `json:"field,omitempty"` // "" for the object itself
	Aspect Aspect `json:"aspect"`
	// Before and After are the values as a person reads them; "" for none.
	Before string `json:"before"`
	After  string `json:"after"`
	// Why tells of a field that cannot be written any more one of the Reason constants.
	Why string `json:"why,omitempty"`
}

// Name is the API name of what has changed, such as Case.Status or Case.
func (c Change) Name() string {
	if c.Field == "" {
		return c.Object
	}
	return c.Object + "." + c.Field
}

// String says what has changed in one clause.
func (c Change) String() string {
	gained := c.After == "yes"
	switch c.Aspect {
	case AspectExists:
		switch {
		case gained:
			return "new"
		case c.Field == "":
			return "gone, or hidden from the user"
		}
		return "gone, or hidden from the user by field-level security"
	case AspectCreateable, AspectUpdateable:
		verb := map[Aspect]string{AspectCreateable: "created", AspectUpdateable: "updated"}[c.Aspect]
		if c.Field != "" {
			verb = map[Aspect]string{AspectCreateable: "set on create", AspectUpdateable: "updated"}[c.Aspect]
		}
		if gained {
			return "can be " + verb
		}
		if c.Why != "" {
			return "cannot be " + verb + " any more: " + c.Why
		}
		return "cannot be " + verb + " any more"
	case AspectRequired:
		if gained {
			return "required on create"
		}
		return "not required on create any more"
	case AspectNillable:
		if gained {
			return "may be empty"
		}
		return "may not be empty any more"
	case AspectExternalID, AspectUnique, AspectIDLookup, AspectRestricted:
		name := map[Aspect]string{AspectExternalID: "an external id", AspectUnique: "unique", AspectIDLookup: "a key for lookups", AspectRestricted: "restricted to its picklist values"}[c.Aspect]
		if gained {
			return "now " + name
		}
		return "not " + name + " any more"
	case AspectValueAdded:
		return fmt.Sprintf("picklist value %q added", c.After)
	case AspectValueRemoved:
		return fmt.Sprintf("picklist value %q removed", c.Before)
	case AspectDependency:
		return fmt.Sprintf("picklist value %q depends otherwise on the controlling field", c.After)
	case AspectRecordType:
		if c.After == "" {
			return "record type " + c.Before + " cannot be used any more"
		}
		return "record type " + c.After + " can be used"
	}
	none := func(s string) string { return cmp.Or(s, "none") }
	return fmt.Sprintf("%s %s → %s", c.Aspect, none(c.Before), none(c.After))
}

// Compare returns what is different in after, object by object in the order of
// their names. An object whose fields one side does not know, as in the list of all
// objects, is compared as a whole only.
func Compare(before, after *Schema) []Change {
	var changes []Change
	names := append(before.Names(), after.Names()...)
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		changes = append(changes, CompareObjects(before.Object(name), after.Object(name))...)
	}
	return changes
}

// CompareObjects returns what is different in after: the object itself first, then
// its fields in the order of the describe, gone ones last. Either may be nil.
func CompareObjects(before, after *Object) []Change {
	switch {
	case before == nil && after == nil:
		return nil
	case before == nil:
		return []Change{{Object: after.Name, Aspect: AspectExists, Before: "no", After: "yes"}}
	case after == nil:
		return []Change{{Object: before.Name, Aspect: AspectExists, Before: "yes", After: "no"}}
	}
	d := differ{object: after.Name}
	d.text(AspectLabel, before.Label, after.Label)
	d.flag(AspectCreateable, before.Createable, after.Createable)
	d.flag(AspectUpdateable, before.Updateable, after.Updateable)
	if len(before.Fields) == 0 || len(after.Fields) == 0 || before.Partial || after.Partial {
		return d.changes
	}
	d.recordTypes(before, after)
	for _, f := range after.Fields {
		d.field = f.Name
		if old := before.Field(f.Name); old != nil {
			d.compare(old, f)
		} else {
			d.flag(AspectExists, false, true)
		}
	}
	for _, f := range before.Fields {
		if after.Field(f.Name) == nil {
			d.field = f.Name
			d.flag(AspectExists, true, false)
		}
	}
	return d.changes
}

type differ struct {
	object, field string
	changes       []Change
}

func (d *differ) text(a Aspect, before, after string) {
	if before != after {
		d.changes = append(d.changes, Change{Object: d.object, Field: d.field, Aspect: a, Before: before, After: after})
	}
}

func (d *differ) flag(a Aspect, before, after bool) { d.text(a, yesNo(before), yesNo(after)) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func (d *differ) compare(old, f *Field) {
	d.text(AspectLabel, old.Label, f.Label)
	d.text(AspectType, string(old.Type), string(f.Type))
	if old.Type == f.Type {
		d.text(AspectLength, countText(old.Length), countText(f.Length))
		d.text(AspectPrecision, old.digits(), f.digits())
	}
	d.flag(AspectRequired, old.RequiredOnCreate(), f.RequiredOnCreate())
	if old.RequiredOnCreate() == f.RequiredOnCreate() {
		d.flag(AspectNillable, old.Nillable, f.Nillable)
	}
	d.text(AspectDefault, cmp.Or(old.DefaultValue, old.DefaultValueFormula), cmp.Or(f.DefaultValue, f.DefaultValueFormula))
	d.text(AspectFormula, old.CalculatedFormula, f.CalculatedFormula)
	at := len(d.changes)
	d.flag(AspectCreateable, old.Createable, f.Createable)
	d.flag(AspectUpdateable, old.Updateable, f.Updateable)
	for i := range d.changes[at:] {
		c := &d.changes[at+i]
		if c.Why = f.WhyNotUpdateable(); c.Aspect == AspectCreateable {
			c.Why = f.WhyNotCreateable()
		}
	}
	d.flag(AspectExternalID, old.ExternalID, f.ExternalID)
	d.flag(AspectUnique, old.Unique, f.Unique)
	if old.ExternalID == f.ExternalID {
		d.flag(AspectIDLookup, old.IDLookup, f.IDLookup)
	}
	d.text(AspectReferenceTo, strings.Join(old.ReferenceTo, ", "), strings.Join(f.ReferenceTo, ", "))
	d.text(AspectRelationship, old.RelationshipName, f.RelationshipName)
	d.picklist(old, f)
}

func countText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// digits is how many digits a number field holds before and after the point.
func (f *Field) digits() string {
	switch {
	case f.Type == TypeInt:
		return countText(f.Digits)
	case f.Precision > 0:
		return fmt.Sprintf("%d.%d", f.Precision-f.Scale, f.Scale)
	}
	return ""
}

// picklist compares the values that can be chosen, by API name: a label may change.
func (d *differ) picklist(old, f *Field) {
	d.flag(AspectRestricted, old.RestrictedPicklist, f.RestrictedPicklist)
	d.text(AspectController, old.ControllerName, f.ControllerName)
	before, after := old.ActiveValues(), f.ActiveValues()
	for _, v := range before {
		if !slices.Contains(after, v) {
			d.text(AspectValueRemoved, v, "")
		}
	}
	for _, v := range after {
		if !slices.Contains(before, v) {
			d.text(AspectValueAdded, "", v)
		}
	}
	if !f.DependentPicklist || old.ControllerName != f.ControllerName {
		return
	}
	validFor := map[string]string{}
	for _, p := range old.PicklistValues {
		validFor[p.Value] = strings.TrimRight(p.ValidFor, "A=") // zeros at the end do not count
	}
	for _, p := range f.PicklistValues {
		if was, ok := validFor[p.Value]; ok && p.Active && was != strings.TrimRight(p.ValidFor, "A=") {
			d.changes = append(d.changes, Change{Object: d.object, Field: d.field, Aspect: AspectDependency, After: p.Value})
		}
	}
}

// recordTypes compares those that the user may give a record.
func (d *differ) recordTypes(before, after *Object) {
	usable := func(o *Object) map[string]string {
		all := map[string]string{}
		for _, r := range o.RecordTypes {
			if r.Active && r.Available && !r.Master {
				all[r.ID] = r.ID + " (" + cmp.Or(r.DeveloperName, r.Name) + ")"
			}
		}
		return all
	}
	was, is := usable(before), usable(after)
	for _, r := range before.RecordTypes {
		if was[r.ID] != "" && is[r.ID] == "" {
			d.text(AspectRecordType, was[r.ID], "")
		}
	}
	for _, r := range after.RecordTypes {
		if is[r.ID] != "" && was[r.ID] == "" {
			d.text(AspectRecordType, "", is[r.ID])
		}
	}
}
