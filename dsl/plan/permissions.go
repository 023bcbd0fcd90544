package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Needs is what a user of Salesforce has to be allowed to do for the rules to work:
// the least that a permission set has to grant. Which records it may do that to is
// decided by sharing, of which describes say nothing.
type Needs struct {
	Connection string       `json:"connection,omitempty"`
	Objects    []ObjectNeed `json:"objects"` // by name
	// RecordTypes are those that rules give to records, such as Case.Support.
	RecordTypes []string `json:"record_types"`
	// User are user permissions by their API name, such as ApiEnabled.
	User []string `json:"user_permissions"`
}

// ObjectNeed is what has to be allowed on one object. Reading is needed of each.
type ObjectNeed struct {
	Object string      `json:"object"`
	Create bool        `json:"create"`
	Edit   bool        `json:"edit"`
	Fields []FieldNeed `json:"fields"` // by name
	Lines  []string    `json:"lines"`  // of the rules that need it: "rules.sfsync:12"

	creates, edits []string // those of Lines that create and edit
}

// FieldNeed is what has to be allowed on one field. Reading is needed of each.
type FieldNeed struct {
	Field  string   `json:"field"`
	Create bool     `json:"create"` // set when a record is created
	Edit   bool     `json:"edit"`   // changed of a record that is there
	Lines  []string `json:"lines"`
}

// NeedsOf returns what rules need of the org of a connection. The schema says where
// lookups lead. Rules with errors are taken for what can be read of them, since what
// the user may not see yet is an error, too.
func NeedsOf(files []*dsl.File, connection string, s *schema.Schema) *Needs {
	schemas := func(name string) *schema.Schema {
		if name == connection {
			return s
		}
		return nil
	}
	c := compile(files, Options{Schema: schemas})
	n := needs{schema: s, objects: map[string]*ObjectNeed{}, recordTypes: map[string]bool{}, user: map[string]bool{"ApiEnabled": true}}
	for _, u := range usesOf(c.plan.Rules, c.variables, schemas) {
		if u.connection == connection && u.role != leaves && u.object != "" {
			n.add(&u)
		}
	}
	out := &Needs{Connection: connection, Objects: []ObjectNeed{}, RecordTypes: slices.AppendSeq([]string{}, maps.Keys(n.recordTypes)), User: slices.Sorted(maps.Keys(n.user))}
	slices.Sort(out.RecordTypes)
	for _, name := range slices.Sorted(maps.Keys(n.objects)) {
		o := n.objects[name]
		slices.SortFunc(o.Fields, func(a, b FieldNeed) int { return strings.Compare(a.Field, b.Field) })
		out.Objects = append(out.Objects, *o)
	}
	return out
}

type needs struct {
	schema      *schema.Schema
	objects     map[string]*ObjectNeed
	recordTypes map[string]bool
	user        map[string]bool
}

func (n *needs) add(u *use) {
	line := fmt.Sprintf("%s:%d", u.rule.File, u.line)
	o := n.object(u.object, line)
	field := u.field
	if f := n.field(u); f != nil {
		field = f.Name
	}
	create := u.action != nil && u.action.Kind != dsl.Update
	edit := u.action != nil && u.action.Kind != dsl.Create
	switch u.role {
	case touches:
		o.may(create, edit, line)
		if u.action != nil {
			n.around(u, line)
		}
	case writes:
		o.field(field, create, edit, line)
		n.lookup(u, line)
	case finds:
		// What an upsert finds its record by is set when it creates one.
		o.field(field, u.action.Kind == dsl.Upsert, false, line)
	default:
		o.field(field, false, false, line)
	}
}

// field is the describe of a field in use, nil if there is none.
func (n *needs) field(u *use) *schema.Field {
	if o := n.schema.Object(u.object); o != nil {
		return o.Field(u.field)
	}
	return nil
}

func (n *needs) object(name, line string) *ObjectNeed {
	if o := n.schema.Object(name); o != nil {
		name = o.Name
	}
	o := n.objects[name]
	if o == nil {
		o = &ObjectNeed{Object: name, Fields: []FieldNeed{}, Lines: []string{}}
		n.objects[name] = o
	}
	if !slices.Contains(o.Lines, line) {
		o.Lines = append(o.Lines, line)
	}
	return o
}

func (o *ObjectNeed) may(create, edit bool, line string) {
	if create {
		o.Create = true
		o.creates = append(o.creates, line)
	}
	if edit {
		o.Edit = true
		o.edits = append(o.edits, line)
	}
}

func (o *ObjectNeed) field(name string, create, edit bool, line string) {
	if name == "" || name == "Id" {
		return // which nobody can be kept from
	}
	i := slices.IndexFunc(o.Fields, func(f FieldNeed) bool { return f.Field == name })
	if i < 0 {
		i = len(o.Fields)
		o.Fields = append(o.Fields, FieldNeed{Field: name, Lines: []string{}})
	}
	f := &o.Fields[i]
	f.Create, f.Edit = f.Create || create, f.Edit || edit
	if !slices.Contains(f.Lines, line) {
		f.Lines = append(f.Lines, line)
	}
}

// lookup adds what setting a lookup needs: the record that it points to must be
// visible, and a record type must be one that the user may give.
func (n *needs) lookup(u *use, line string) {
	f := n.field(u)
	if f == nil {
		return
	}
	if f.Name == "RecordTypeId" {
		values, _ := u.assignment.fixed()
		for _, r := range f.Object().RecordTypes {
			if r.DeveloperName != "" && slices.ContainsFunc(values, func(v string) bool { return schema.SameID(v, r.ID) }) {
				n.recordTypes[f.Object().Name+"."+r.DeveloperName] = true
			}
		}
		return
	}
	if len(f.ReferenceTo) == 1 && !notGrantable[f.ReferenceTo[0]] {
		n.object(f.ReferenceTo[0], line)
	}
}

// around adds what writing an object needs of others: of the masters of a detail, and
// of those that stand for an object without permissions of its own.
func (n *needs) around(u *use, line string) {
	switch u.object {
	case "Task":
		n.user["ActivitiesAccess"], n.user["EditTask"] = true, true
	case "Event":
		n.user["ActivitiesAccess"], n.user["EditEvent"] = true, true
	}
	if parent := partOf[u.object]; parent != "" {
		n.object(parent, line).may(false, true, line)
	}
	o := n.schema.Object(u.object)
	if o == nil {
		return
	}
	for _, f := range o.Fields {
		if f.MasterDetail() {
			for _, master := range f.ReferenceTo {
				n.object(master, line)
			}
		}
	}
}

// notGrantable are objects that permission sets grant nothing on: everybody sees
// them, or user permissions decide.
var notGrantable = map[string]bool{
	"User": true, "Group": true, "Organization": true, "Profile": true, "UserRole": true, "RecordType": true,
	"BusinessHours": true, "Name": true, "Task": true, "Event": true,
}

// partOf are objects that follow the permissions of another one.
var partOf = map[string]string{
	"CaseComment": "Case", "CampaignMember": "Campaign", "OpportunityContactRole": "Opportunity", "OpportunityLineItem": "Opportunity",
}

// Right is one thing that has to be allowed, and whether it is.
type Right struct {
	Object string   `json:"object"`
	Field  string   `json:"field,omitempty"` // "" for the object itself
	To     string   `json:"to"`              // read, create or edit
	Has    bool     `json:"has"`
	Why    string   `json:"why,omitempty"` // why not
	Help   string   `json:"help,omitempty"`
	Lines  []string `json:"lines"` // of the rules that need it
}

// Name is the API name of what has to be allowed, such as Case.Status.
func (r *Right) Name() string { return schema.Change{Object: r.Object, Field: r.Field}.Name() }

// Compare holds the needs against what Salesforce describes to the connected user:
// everything that is needed, and whether the user has it. Objects come by name, each
// before its fields.
func (n *Needs) Compare(s *schema.Schema) []Right {
	var rights []Right
	for i := range n.Objects {
		need := &n.Objects[i]
		o := s.Object(need.Object)
		if o != nil && len(o.Fields) == 0 {
			o = nil
		}
		add := func(to, why, help string, lines []string) {
			rights = append(rights, Right{Object: need.Object, To: to, Has: why == "", Why: why, Help: help, Lines: lines})
		}
		if o == nil {
			add("read", "there is no such object, or the user may not see it", "grant Read on "+need.Object+" in a permission set of the user", need.Lines)
			continue
		}
		add("read", "", "", need.Lines)
		if need.Create {
			add("create", unless(o.Createable, "the user may not create it"), unless(o.Createable, grantCreate(o)), need.creates)
		}
		if need.Edit {
			add("edit", unless(o.Updateable, "the user may not edit it"), unless(o.Updateable, grantEdit(o)), need.edits)
		}
		for _, f := range need.Fields {
			rights = append(rights, f.compare(o)...)
		}
	}
	return rights
}

func grantCreate(o *schema.Object) string {
	return "grant Create on " + o.Name + " in a permission set of the user"
}

func grantEdit(o *schema.Object) string {
	return "grant Edit on " + o.Name + " in a permission set of the user"
}

func unless(ok bool, text string) string {
	if ok {
		return ""
	}
	return text
}

// mayFollow are the reasons that a field seems to have for being read-only when it is the
// whole object that the user may not write.
var mayFollow = map[string]bool{
	schema.ReasonNoObject: true, schema.ReasonNoPermission: true, schema.ReasonSystem: true, schema.ReasonOnlyOnCreate: true, schema.ReasonOnlyOnUpdate: true,
}

func (need *FieldNeed) compare(o *schema.Object) []Right {
	right := Right{Object: o.Name, Field: need.Field, To: "read", Has: true, Lines: need.Lines}
	f := o.Field(need.Field)
	if f == nil {
		right.Has, right.Why = false, "there is no such field, or field-level security hides it"
		right.Help = "grant read access to " + o.Name + "." + need.Field + " in a permission set of the user"
		return []Right{right}
	}
	all := []Right{right}
	add := func(to, why string, object bool, grant string) {
		r := right
		r.To, r.Has, r.Why = to, why == "", cmp.Or(readOnly[why], why)
		switch {
		case why == "":
		case !object && mayFollow[why]:
			// Of an object that the user may not write, no field is described as one to write.
			r.Why, r.Help = "the user may not "+to+" "+o.Name, grant
		case why == schema.ReasonNoPermission:
			r.Help = "grant edit access to " + r.Name() + " in a permission set of the user"
		default:
			r.Help = "no permission changes that: take the field out of the rules"
		}
		all = append(all, r)
	}
	if need.Create {
		add("create", f.WhyNotCreateable(), o.Createable, grantCreate(o))
	}
	if need.Edit {
		add("edit", f.WhyNotUpdateable(), o.Updateable, grantEdit(o))
	}
	return all
}
