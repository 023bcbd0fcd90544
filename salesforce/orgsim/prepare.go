package orgsim

import (
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/tidwall/gjson"
)

// operation is what a row is meant to do.
type operation uint8

const (
	creating operation = iota
	updating
	upserting
	deleting
)

// change is one row of a write, read from JSON and checked as far as that needs no
// records. It is made before the tables are locked.
type change struct {
	view    *view
	op      operation
	id      string // of an update, 18 characters
	key     *field // of an upsert; nil means the Id field
	keyText string
	keyIs   string    // keyText as records store it
	badKey  []failure // why it cannot be stored
	sets    []setting
	parents []parent
	unknown []failure // fields that do not exist: Salesforce's first class of errors
	badID   []failure
	typed   []failure // values that the field cannot hold: a later class
	// updateOnly keeps an upsert from creating.
	updateOnly bool
}

type setting struct {
	field *field
	value string
}

// parent is a lookup that is set through an external id of the parent record.
type parent struct {
	field *field // the lookup
	among []*object
	key   string // name of the parent's field
	value string
}

// rowForm says where a row's own ids may stand in its JSON.
type rowForm struct {
	idInBody  bool // Collections update: the record id
	keyInBody bool // Collections upsert: the external id
}

// prepare reads the fields of one row. A value of the wrong JSON type fails the whole
// call, unless the assumptions say otherwise.
func (c *call) prepare(ch *change, row gjson.Result, form rowForm) *failure {
	as := &c.org.opts.Assumptions
	var whole *failure
	ch.sets = make([]setting, 0, 12)
	hasID := false
	row.ForEach(func(name, value gjson.Result) bool {
		switch {
		case name.Str == "attributes":
			return true
		case strings.EqualFold(name.Str, "id"):
			hasID = hasID || value.Type != gjson.Null
			ch.readID(value, form, as)
			return true
		}
		f := ch.view.field(name.Str)
		if f == nil {
			if lookup := ch.view.byRelationship[strings.ToLower(name.Str)]; lookup != nil && ch.view.visible[lookup.index] && (value.IsObject() || value.Type == gjson.Null) {
				whole = c.prepareParent(ch, lookup, value)
				return whole == nil
			}
			unknown := noSuchColumn(name.Str, ch.view.object)
			if as.UnknownFieldFailsCall {
				whole = &unknown
				return false
			}
			ch.unknown = append(ch.unknown, unknown)
			return true
		}
		if ch.op == upserting && f == ch.key {
			if form.keyInBody {
				ch.keyText = value.String()
			} else if !as.IDInBodyIgnored {
				ch.unknown = append(ch.unknown, failure{status: 400, code: "INVALID_FIELD", fields: []string{f.Name},
					message: "The " + f.Name + " field should not be specified in the sobject data."})
			}
			return true
		}
		stored, wrong, fails := f.read(value, as)
		if wrong != nil {
			bad := parserError(c.body, value.Index, wrong.message)
			if as.WrongTypeFailsRow {
				ch.typed = append(ch.typed, bad)
				return true
			}
			whole = &bad
			return false
		}
		ch.typed = append(ch.typed, fails...)
		ch.sets = append(ch.sets, setting{f, stored})
		return true
	})
	if ch.key != nil {
		ch.keyIs, ch.badKey = ch.key.readKey(ch.keyText, as)
	}
	if form.idInBody && !hasID && ch.badID == nil {
		ch.badID = append(ch.badID, failure{status: 400, code: "MISSING_ARGUMENT", message: "Id not specified in an update call", fields: []string{}})
	}
	return whole
}

// readID deals with an id that stands in a row's body.
func (ch *change) readID(value gjson.Result, form rowForm, as *Assumptions) {
	switch {
	case form.idInBody:
		if value.Type != gjson.Null {
			ch.setID(value.String())
		}
	case ch.op == creating && value.Type == gjson.Null:
	case ch.op == creating:
		ch.unknown = append(ch.unknown, failure{status: 400, code: "INVALID_FIELD_FOR_INSERT_UPDATE", fields: []string{"Id"},
			message: "cannot specify Id in an insert call"})
	case ch.op == upserting && ch.key == nil && form.keyInBody:
		ch.setID(value.String())
	case !as.IDInBodyIgnored:
		ch.unknown = append(ch.unknown, failure{status: 400, code: "INVALID_FIELD", fields: []string{"Id"},
			message: "The Id field should not be specified in the sobject data."})
	}
}

// setID sets the record that the row is about, by an id of 15 or 18 characters.
func (ch *change) setID(id string) {
	long, ok := schema.To18(id)
	switch {
	case !ok:
		ch.badID = append(ch.badID, malformedID(id))
	case long[:3] != ch.view.prefix:
		ch.badID = append(ch.badID, wrongObjectID(ch.view.id, "MALFORMED_ID", id))
	default:
		ch.id = long
	}
}

// prepareParent reads {"Account__r": {"Crm_Key__c": "x"}}. Null clears the lookup.
func (c *call) prepareParent(ch *change, lookup *field, value gjson.Result) *failure {
	if value.Type == gjson.Null {
		ch.sets = append(ch.sets, setting{lookup, ""})
		return nil
	}
	p := parent{field: lookup}
	only := value.Get("attributes.type").Str
	for _, name := range lookup.ReferenceTo {
		if o := c.cfg.object(name); o != nil && (only == "" || strings.EqualFold(only, name)) {
			p.among = append(p.among, o)
		}
	}
	value.ForEach(func(name, v gjson.Result) bool {
		if name.Str != "attributes" {
			p.key, p.value = name.Str, v.String()
		}
		return true
	})
	switch {
	case len(p.among) == 0 || only == "" && lookup.Polymorphic() && c.org.opts.Assumptions.PolymorphicNeedsType:
		ch.unknown = append(ch.unknown, failure{status: 400, code: "INVALID_FIELD", fields: []string{lookup.Name},
			message: "The relationship " + lookup.RelationshipName + " needs the type of its parent in attributes."})
	case p.key == "":
		ch.unknown = append(ch.unknown, failure{status: 400, code: "INVALID_FIELD", fields: []string{lookup.Name},
			message: "The relationship " + lookup.RelationshipName + " names no external id of its parent."})
	default:
		ch.parents = append(ch.parents, p)
	}
	return nil
}

// notWritable lists the set fields that the user may not write in this operation.
func (ch *change) notWritable(create bool) []string {
	may := ch.view.canUpdate
	if create {
		may = ch.view.canCreate
	}
	var names []string
	for _, s := range ch.sets {
		if !may[s.field.index] {
			names = append(names, s.field.Name)
		}
	}
	for _, p := range ch.parents {
		if !may[p.field.index] {
			names = append(names, p.field.Name)
		}
	}
	return names
}
