package orgsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// AddField gives an object a new field, in the short form of a describe: {"name": "Segment__c", "type": "string",
// "length": 40}. Records have no value in it, checkboxes are false.
func (g *Org) AddField(objectName string, field map[string]any) error {
	return g.alter(objectName, func(d *description) error {
		f, err := cloneJSON(field)
		if err != nil {
			return err
		}
		name := text(f["name"])
		if !fieldName.MatchString(name) {
			return fmt.Errorf("%q is no name of a field", name)
		}
		if d.find(name) >= 0 {
			return fmt.Errorf("%s has a field %s already", objectName, name)
		}
		if err := checkKeys(f); err != nil {
			return err
		}
		expandField(f)
		d.fields = append(d.fields, f)
		return resolveWhen(f, d.byName())
	})
}

// ChangeField changes keys of a field's describe: its "type", "length", "picklistValues" in short form, or its "name". A
// record's value goes along where the new type can hold it, and is lost otherwise.
func (g *Org) ChangeField(objectName, field string, set map[string]any) error {
	return g.alter(objectName, func(d *description) error {
		i := d.find(field)
		if i < 0 {
			return fmt.Errorf("%s has no field %q", objectName, field)
		}
		changes, err := cloneJSON(set)
		if err != nil {
			return err
		}
		if err := checkKeys(changes); err != nil {
			return err
		}
		f := maps.Clone(d.fields[i])
		if kind := text(changes["type"]); kind != "" && kind != f["type"] {
			for _, key := range followType {
				delete(f, key)
			}
		}
		if changes["length"] != nil {
			delete(f, "byteLength")
		}
		was := text(f["name"])
		maps.Copy(f, changes)
		if now := text(f["name"]); now != was {
			if other := d.find(now); !fieldName.MatchString(now) || other >= 0 && other != i {
				return fmt.Errorf("%s.%s cannot be called %q", objectName, was, now)
			}
			d.rename(was, now)
			if text(f["relationshipName"]) == relationship(was) && changes["relationshipName"] == nil {
				f["relationshipName"] = relationship(now)
			}
		}
		expandField(f)
		d.fields[i] = f
		return resolveWhen(f, d.byName())
	})
}

// RemoveField takes a field away, with what records hold in it. It fails while the overlay names the field.
func (g *Org) RemoveField(objectName, field string) error {
	return g.alter(objectName, func(d *description) error {
		i := d.find(field)
		if i < 0 {
			return fmt.Errorf("%s has no field %q", objectName, field)
		}
		// The place stays, so that the values of other fields keep theirs.
		f := maps.Clone(d.fields[i])
		f["name"], f["relationshipName"] = fmt.Sprintf("removed%d", i), nil
		d.fields[i] = f
		d.removed = maps.Clone(d.removed)
		if d.removed == nil {
			d.removed = map[int]bool{}
		}
		d.removed[i] = true
		return nil
	})
}

// followType are the keys of a describe that a field of another type has other values for.
var followType = []string{"soapType", "length", "byteLength", "nillable", "defaultedOnCreate", "defaultValue", "aggregatable", "filterable", "sortable",
	"picklistValues", "restrictedPicklist", "dependentPicklist", "controllerName", "referenceTo", "relationshipName", "polymorphicForeignKey",
	"precision", "scale", "digits", "queryByDistance"}

var fieldName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)

var fieldTypes = []schema.Type{schema.TypeString, schema.TypeBoolean, schema.TypeInt, schema.TypeLong, schema.TypeDouble, schema.TypeDate, schema.TypeDateTime,
	schema.TypeTime, schema.TypeReference, schema.TypeCurrency, schema.TypeTextArea, schema.TypePercent, schema.TypePhone, schema.TypeURL, schema.TypeEmail,
	schema.TypeCombobox, schema.TypePicklist, schema.TypeMultiPicklist, schema.TypeEncryptedString}

func checkKeys(f map[string]any) error {
	for key := range f {
		if _, ok := fieldKeys[key]; !ok && key != "displayFormat" {
			return fmt.Errorf("%q is no key of a field's describe", key)
		}
	}
	if kind, given := f["type"]; given && !slices.Contains(fieldTypes, schema.Type(text(kind))) {
		return fmt.Errorf("%v is no type of field that can be made", kind)
	}
	return nil
}

// cloneJSON copies a decoded JSON object to its depths, as the org keeps it.
func cloneJSON(v map[string]any) (map[string]any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("describe of the field is not JSON: %w", err)
	}
	var out map[string]any
	err = json.Unmarshal(data, &out)
	return out, err
}

// alter changes the describe of one object, in a copy.
func (g *Org) alter(objectName string, do func(*description) error) error {
	return g.reconfigure(func(s *setup) error {
		i := slices.IndexFunc(s.described, func(d *description) bool { return strings.EqualFold(text(d.object["name"]), objectName) })
		if i < 0 {
			return fmt.Errorf("there is no object %q in this org", objectName)
		}
		d := *s.described[i]
		d.fields = slices.Clone(d.fields)
		if err := do(&d); err != nil {
			return err
		}
		s.described = slices.Clone(s.described)
		s.described[i] = &d
		return nil
	})
}

// find returns the place of a field, or -1.
func (d *description) find(name string) int {
	return slices.IndexFunc(d.fields, func(f map[string]any) bool { return strings.EqualFold(text(f["name"]), name) })
}

func (d *description) byName() map[string]map[string]any {
	out := make(map[string]map[string]any, len(d.fields))
	for _, f := range d.fields {
		out[text(f["name"])] = f
	}
	return out
}

// rename changes what other fields call a field.
func (d *description) rename(was, now string) {
	for i, f := range d.fields {
		for _, key := range []string{"controllerName", "compoundFieldName"} {
			if text(f[key]) == was {
				f = maps.Clone(f)
				f[key] = now
				d.fields[i] = f
			}
		}
	}
}

// relationship is what a custom lookup's parent is called.
func relationship(field string) string { return strings.TrimSuffix(field, "__c") + "__r" }

// adopt returns the values of a record for an object that was altered since they were written.
func (o *object) adopt(from *object, values []string, as *Assumptions) []string {
	out := make([]string, len(o.fields))
	copy(out, values)
	for i, f := range o.fields {
		switch {
		case f.removed:
			out[i] = ""
		case i >= len(from.fields) && f.Type == schema.TypeBoolean && out[i] == "":
			out[i] = "false"
		case i < len(from.fields) && f.Type != from.fields[i].Type:
			out[i] = f.convert(out[i], as)
			if out[i] == "" && f.Type == schema.TypeBoolean {
				out[i] = "false"
			}
		}
	}
	return out
}

// convert reads a stored value of another type; "" if the field cannot hold it.
func (f *field) convert(value string, as *Assumptions) string {
	if value == "" {
		return ""
	}
	v := gjson.Result{Type: gjson.String, Str: value, Raw: string(schema.AppendJSONString(nil, value))}
	if (f.Type.Numeric() || f.Type == schema.TypeBoolean) && gjson.Valid(value) {
		v = gjson.Parse(value)
	}
	stored, wrong, fails := f.read(v, as)
	if wrong != nil || len(fails) > 0 {
		return ""
	}
	return stored
}

// adopt rewrites all versions of all records for an object that was altered. Versions never change,
// so these are new ones: a call under way may still hold the old.
func (t *table) adopt(o *object, as *Assumptions) {
	if len(o.fields) == len(t.object.fields) && !slices.ContainsFunc(o.fields, func(f *field) bool {
		was := t.object.fields[f.index]
		return f.Type != was.Type || f.removed != was.removed
	}) {
		return
	}
	for id, r := range t.rows {
		var newest *record
		link := &newest
		for ; r != nil; r = r.before {
			again := *r
			again.values = o.adopt(t.object, r.values, as)
			*link = &again
			link = &again.before
		}
		t.rows[id] = newest
	}
}
