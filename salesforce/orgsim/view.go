package orgsim

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// view is an object as one user sees it: object permissions, field-level security and
// record access.
type view struct {
	*object
	user                          *User
	visible, canCreate, canUpdate []bool // by field index
	hidden, mayCreate, mayEdit    bool   // of the object as a whole
	mayDelete                     bool
	sharing                       []sharingRule
	governed                      []fieldRule
	readable                      []*field // the visible fields, in order
	maskEncrypted                 bool
}

type sharingRule struct {
	records map[string]bool
	when    []condition
	level   string
}

// holdsFor reports whether a part of the overlay is meant for the user.
func (u *User) holdsFor(user, profile string) bool {
	return (user == "" || user == u.Username) && (profile == "" || profile == u.Profile)
}

func newView(o *object, user *User, overlay Overlay) (*view, error) {
	n := len(o.fields)
	v := &view{object: o, user: user, visible: make([]bool, n), canCreate: make([]bool, n), canUpdate: make([]bool, n),
		mayCreate: o.createable, mayEdit: o.updateable, mayDelete: o.deletable, maskEncrypted: !user.ViewEncryptedData}
	for i, f := range o.fields {
		v.visible[i], v.canCreate[i], v.canUpdate[i] = !f.removed, f.Createable && !f.removed, f.Updateable && !f.removed
	}
	for _, a := range overlay.Access {
		if !strings.EqualFold(a.Object, o.name) || !user.holdsFor(a.User, a.Profile) {
			continue
		}
		if err := v.limit(a); err != nil {
			return nil, err
		}
		for _, name := range a.Hidden {
			if f := o.field(name); f != nil {
				v.visible[f.index], v.canCreate[f.index], v.canUpdate[f.index] = false, false, false
			}
		}
		for _, name := range a.ReadOnly {
			if f := o.field(name); f != nil {
				v.canCreate[f.index], v.canUpdate[f.index] = false, false
			}
		}
	}
	if err := v.govern(overlay.FieldRules); err != nil {
		return nil, err
	}
	for _, f := range o.fields {
		if v.visible[f.index] {
			v.readable = append(v.readable, f)
		}
	}
	for _, s := range overlay.Sharing {
		if !strings.EqualFold(s.Object, o.name) || !user.holdsFor(s.User, s.Profile) {
			continue
		}
		if s.Level != "none" && s.Level != "read" {
			return nil, fmt.Errorf("overlay gives %q as level of sharing of %s; it is none or read", s.Level, o.name)
		}
		rule := sharingRule{records: make(map[string]bool), level: s.Level}
		for _, id := range s.Records {
			long, ok := schema.To18(id)
			if !ok {
				return nil, fmt.Errorf("overlay shares the record %q, which is no record id", id)
			}
			rule.records[long] = true
		}
		var err error
		if rule.when, err = compileConditions(o, s.When); err != nil {
			return nil, err
		}
		v.sharing = append(v.sharing, rule)
	}
	return v, nil
}

// limit takes permissions away.
func (v *view) limit(a Access) error {
	can := a.Can
	switch {
	case a.Can != nil && a.Level != "":
		return fmt.Errorf("overlay gives access to %s both as a level and as permissions", v.name)
	case a.Can != nil:
		for _, p := range can {
			if !slices.Contains([]string{"create", "read", "edit", "delete"}, p) {
				return fmt.Errorf("overlay gives %q as permission on %s; they are create, read, edit and delete", p, v.name)
			}
		}
		has := func(p string) bool { return slices.Contains(can, p) }
		if len(can) > 0 && !has("read") || has("delete") && !has("edit") {
			return fmt.Errorf("overlay gives %s on %s: all permissions need read, and delete needs edit", strings.Join(can, ", "), v.name)
		}
	case a.Level == "" || a.Level == "full":
		can = []string{"create", "read", "edit", "delete"}
	case a.Level == "edit":
		can = []string{"read", "edit"}
	case a.Level == "read":
		can = []string{"read"}
	case a.Level != "none":
		return fmt.Errorf("overlay gives %q as level of access to %s; it is none, read, edit or full", a.Level, v.name)
	}
	v.hidden = v.hidden || !slices.Contains(can, "read")
	v.mayCreate = v.mayCreate && slices.Contains(can, "create")
	v.mayEdit = v.mayEdit && slices.Contains(can, "edit")
	v.mayDelete = v.mayDelete && slices.Contains(can, "delete")
	for _, f := range v.fields {
		if !f.Permissionable || f.RequiredOnCreate() || v.system(f) && f.Type == schema.TypeID {
			continue
		}
		if a.Readable != nil && !names(a.Readable, f) {
			v.visible[f.index], v.canCreate[f.index], v.canUpdate[f.index] = false, false, false
		}
		if a.Editable != nil && !names(a.Editable, f) {
			v.canCreate[f.index], v.canUpdate[f.index] = false, false
		}
	}
	return nil
}

// names reports whether a list has a field, or the address that it is part of.
func names(list []string, f *field) bool {
	return slices.ContainsFunc(list, func(name string) bool {
		return strings.EqualFold(name, f.Name) || f.CompoundFieldName != "" && strings.EqualFold(name, f.CompoundFieldName)
	})
}

// field finds a field that the user can see.
func (v *view) field(name string) *field {
	f := v.object.field(name)
	if f == nil || !v.visible[f.index] {
		return nil
	}
	return f
}

// access returns what the user may do with a record: "none", "read" or "full".
func (v *view) access(r *record) string {
	level := "full"
	for _, rule := range v.sharing {
		if rule.records[r.id] || len(rule.when) > 0 && holds(rule.when, nil, r.values) {
			if rule.level == "none" {
				return "none"
			}
			level = "read"
		}
	}
	return level
}
