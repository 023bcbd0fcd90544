package orgsim

import (
	"fmt"
	"slices"
	"strings"
)

// FieldRule makes fields of an object's records read-only but for some states of the record, which no describe
// tells: it says the fields are updateable. Such "dynamic governance" is made of managed packages' triggers and of
// approval locks in real orgs. A write outside the state answers INVALID_FIELD_FOR_INSERT_UPDATE. New records
// may have any value.
type FieldRule struct {
	User    string   `json:"user,omitempty"`
	Profile string   `json:"profile,omitempty"`
	Object  string   `json:"object"`
	Fields  []string `json:"fields"`
	// WritableWhen are conditions on the record before the write, which may be on the fields themselves. All have to hold.
	WritableWhen []Condition `json:"writableWhen"`
}

type fieldRule struct {
	fields []*field
	when   []condition
}

// govern files the rules that hold for the view's user.
func (v *view) govern(list []FieldRule) error {
	for _, r := range list {
		if !strings.EqualFold(r.Object, v.name) {
			continue
		}
		if len(r.Fields) == 0 || len(r.WritableWhen) == 0 {
			return fmt.Errorf("rule on fields of %s needs fields and a condition", v.name)
		}
		var rule fieldRule
		for _, name := range r.Fields {
			f := v.object.field(name)
			if f == nil {
				return unknownField(v.name, name)
			}
			rule.fields = append(rule.fields, f)
		}
		for _, c := range r.WritableWhen {
			if c.Op == "changed" || c.Op == "not changed" {
				return fmt.Errorf("rule on fields of %s: %q is no state of a record", v.name, c.Op)
			}
		}
		var err error
		if rule.when, err = compileConditions(v.object, r.WritableWhen); err != nil {
			return err
		}
		if v.user.holdsFor(r.User, r.Profile) {
			v.governed = append(v.governed, rule)
		}
	}
	return nil
}

// governs lists the fields of a row that cannot be written while the record is as it is.
func (v *view) governs(ch *change, old *record) []string {
	var names []string
	for _, rule := range v.governed {
		if holds(rule.when, nil, old.values) {
			continue
		}
		locked := func(f *field) {
			if slices.Contains(rule.fields, f) && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		}
		for _, s := range ch.sets {
			locked(s.field)
		}
		for _, p := range ch.parents {
			locked(p.field)
		}
	}
	return names
}
