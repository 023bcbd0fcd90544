package orgsim

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// object is one sObject of the org, prepared for writing rows fast.
type object struct {
	name, label, prefix string
	table               int // index into Org.tables, the same after every change of the overlay
	described           *description
	since               time.Time // of the describe, for If-Modified-Since
	fields              []*field
	byName              map[string]*field // by API name, and by lower-case name
	byRelationship      map[string]*field // by lower-case relationship name

	createable, updateable, deletable bool

	id, isDeleted, owner, name_             *field
	createdDate, createdBy                  *field
	modifiedDate, modifiedBy, modstamp      *field
	firstName, lastName, converted          *field
	requiredOnCreate, indexed, defaulted    []*field
	dependent, unique, referencing, autoNum []*field
}

// field is one field of an object. Its index is the place of its value in a record.
type field struct {
	*schema.Field
	index         int
	removed       bool // nobody sees it any more
	lower         string
	initial       string // value of a new record that gives none
	displayFormat string
	parts         []*field // of a compound address
	controller    *field
	values        map[string]picklistValue // by lower-case API value
}

type picklistValue struct {
	value    string
	active   bool
	validFor map[string]bool // controlling values; nil if the picklist depends on none
}

// compile prepares a described object.
func compile(d *description, table int) (*object, error) {
	whole := map[string]any{"fields": d.fields}
	for key, value := range d.object {
		whole[key] = value
	}
	data, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	parsed, err := schema.ParseDescribe(data)
	if err != nil {
		return nil, err
	}
	o := &object{
		name: parsed.Name, label: parsed.Label, prefix: parsed.KeyPrefix, table: table, described: d,
		byName: make(map[string]*field, 2*len(parsed.Fields)), byRelationship: make(map[string]*field),
		createable: parsed.Createable, updateable: parsed.Updateable, deletable: parsed.Deletable,
	}
	for i, f := range parsed.Fields {
		f := &field{Field: f, index: i, lower: strings.ToLower(f.Name), removed: d.removed[i]}
		f.displayFormat = text(d.fields[i]["displayFormat"])
		o.fields = append(o.fields, f)
		if f.removed {
			continue
		}
		if o.byName[f.lower] != nil {
			return nil, fmt.Errorf("describe of %s has the field %s twice", o.name, f.Name)
		}
		o.byName[f.lower] = f
		o.byName[f.Name] = f
		if f.RelationshipName != "" {
			o.byRelationship[strings.ToLower(f.RelationshipName)] = f
		}
	}
	for _, f := range o.fields {
		if !f.removed {
			o.sort(f)
		}
	}
	o.id, o.isDeleted, o.owner = o.byName["id"], o.byName["isdeleted"], o.byName["ownerid"]
	o.createdDate, o.createdBy = o.byName["createddate"], o.byName["createdbyid"]
	o.modifiedDate, o.modifiedBy, o.modstamp = o.byName["lastmodifieddate"], o.byName["lastmodifiedbyid"], o.byName["systemmodstamp"]
	o.firstName, o.lastName, o.converted = o.byName["firstname"], o.byName["lastname"], o.byName["isconverted"]
	o.name_ = o.byName["name"]
	switch {
	case o.id == nil:
		return nil, fmt.Errorf("describe of %s has no field Id", o.name)
	case o.prefix == "":
		return nil, fmt.Errorf("describe of %s has no key prefix, so its records could have no ids", o.name)
	case !schema.ValidID(o.prefix + "000000000001"):
		return nil, fmt.Errorf("describe of %s has the key prefix %q, which is not three letters and digits", o.name, o.prefix)
	}
	return o, nil
}

// sort files a field under everything that rows ask for.
func (o *object) sort(f *field) {
	if f.RequiredOnCreate() {
		o.requiredOnCreate = append(o.requiredOnCreate, f)
	}
	if f.ExternalID || f.Unique || f.IDLookup && f.Type != schema.TypeID {
		o.indexed = append(o.indexed, f)
	}
	if f.Unique {
		o.unique = append(o.unique, f)
	}
	if f.Type == schema.TypeReference {
		o.referencing = append(o.referencing, f)
	}
	if f.AutoNumber {
		o.autoNum = append(o.autoNum, f)
	}
	if f.CompoundFieldName != "" {
		if whole := o.byName[f.CompoundFieldName]; whole != nil && whole.Type == schema.TypeAddress {
			whole.parts = append(whole.parts, f)
		}
	}
	if f.DependentPicklist {
		if f.controller = o.byName[f.ControllerName]; f.controller != nil {
			o.dependent = append(o.dependent, f)
		}
	}
	if f.Type == schema.TypePicklist || f.Type == schema.TypeMultiPicklist || f.Type == schema.TypeCombobox {
		f.readPicklist()
	}
	if f.initial == "" {
		f.initial = string(f.DefaultValue)
	}
	if f.Type == schema.TypeBoolean && f.initial == "" {
		f.initial = "false"
	}
	if f.initial != "" {
		o.defaulted = append(o.defaulted, f)
	}
}

func (f *field) readPicklist() {
	f.values = make(map[string]picklistValue, len(f.PicklistValues))
	for _, v := range f.PicklistValues {
		known := picklistValue{value: v.Value, active: v.Active}
		if f.controller != nil && v.ValidFor != "" {
			known.validFor = make(map[string]bool)
			for n, controlling := range f.controllingValues() {
				if bitSet(v.ValidFor, n) {
					known.validFor[controlling] = true
				}
			}
		}
		f.values[strings.ToLower(v.Value)] = known
		if v.Default && v.Active {
			f.initial = v.Value
		}
	}
}

func (f *field) controllingValues() []string {
	if f.controller.Type == schema.TypeBoolean {
		return []string{"false", "true"}
	}
	values := make([]string, len(f.controller.PicklistValues))
	for i, v := range f.controller.PicklistValues {
		values[i] = v.Value
	}
	return values
}

// field finds a field by its API name, in any case, or returns nil.
func (o *object) field(name string) *field {
	if f := o.byName[name]; f != nil {
		return f
	}
	return o.byName[strings.ToLower(name)]
}

// system reports whether only the org itself writes the field.
func (o *object) system(f *field) bool {
	switch f {
	case o.id, o.isDeleted, o.createdDate, o.createdBy, o.modifiedDate, o.modifiedBy, o.modstamp:
		return true
	}
	return f.Calculated || f.AutoNumber || f.Type == schema.TypeAddress || f.Type == schema.TypeLocation
}

// autoNumber renders a display format such as SR-{00001}. The digits in braces are the
// number that counting starts at, in the width that numbers are padded to.
func autoNumber(format string, n int64) string {
	before, rest, ok := strings.Cut(format, "{")
	width, after, closed := strings.Cut(rest, "}")
	if !ok || !closed {
		return fmt.Sprintf("%08d", n)
	}
	start, _ := strconv.ParseInt(width, 10, 64)
	return fmt.Sprintf("%s%0*d%s", before, len(width), start+n, after)
}

// index makes the tables keep an index of the field.
func (o *object) index(f *field) {
	if !slices.Contains(o.indexed, f) {
		o.indexed = append(o.indexed, f)
	}
}

// key is a value as indexes hold it.
func (f *field) key(value string) string {
	if f.CaseSensitive {
		return value
	}
	return strings.ToLower(value)
}
