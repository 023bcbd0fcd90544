package salesforce

import (
	"context"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Refusal is a write that Salesforce has refused.
type Refusal struct {
	Row *Row
	Err *Error
}

// FieldState is the value of a field, as a person reads it; "" for none.
type FieldState struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// RecordState is what a record was like when a write to it was refused, as far as
// the refusal may depend on that.
type RecordState []FieldState

// String lists the values in one clause, such as "Status is Closed, RecordType is Support".
func (s RecordState) String() string {
	var parts []string
	for _, f := range s {
		value := f.Value
		if value == "" {
			value = "empty"
		}
		parts = append(parts, f.Field+" is "+value)
	}
	return strings.Join(parts, ", ")
}

// Governed reports whether a refusal may depend on the state that the record is in: a
// validation rule, a record type's picklist, a lock, a field that can be written in
// some states only.
func (e *Error) Governed() bool {
	switch e.Code {
	case "FIELD_CUSTOM_VALIDATION_EXCEPTION", "FIELD_FILTER_VALIDATION_EXCEPTION", "FIELD_INTEGRITY_EXCEPTION",
		"INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "INVALID_STATUS",
		"CANNOT_UPDATE_CONVERTED_LEAD", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "CANNOT_EXECUTE_FLOW_TRIGGER",
		"ENTITY_IS_LOCKED", "INSUFFICIENT_ACCESS_OR_READONLY":
		return !e.InDoubt
	}
	return false
}

const (
	maxStateFields = 20
	maxStateAsked  = 60   // fields of one query
	maxStateKeys   = 4500 // bytes of one query, which are the ids of a full call
	maxStateValue  = 80   // characters of one value
)

// StatesOf reads the state of records right after writes to them were refused, as a
// rule in one call for all of an object: the fields that the refusal names, by API
// name or in its author's words, and those that such rules look at, the record type
// and the status. A state is nil where the record may not be read, where the refusal
// does not depend on it (see [Error.Governed]), or where there are more refusals than
// fit into about one query. An error says that some could not be read; the others are
// there all the same.
func (c *Client) StatesOf(ctx context.Context, refused []Refusal) (states []RecordState, calls int, err error) {
	states = make([]RecordState, len(refused))
	type group struct {
		selection Selection
		rows      []int
		keys      int // bytes of its values
	}
	var groups []*group
	for i, r := range refused {
		fields := stateFields(r.Row.Schema, r.Err)
		key, value := "Id", r.Row.ID
		if value == "" {
			key, value = r.Row.ExternalField, r.Row.ExternalValue
		}
		if !r.Err.Governed() || value == "" || len(fields) == 0 {
			continue
		}
		at := slices.IndexFunc(groups, func(g *group) bool { return g.selection.Object == r.Row.Object && g.selection.Key == key })
		if at < 0 {
			at = len(groups)
			s := Selection{Object: r.Row.Object, Key: key}
			if f := r.Row.Schema.Field(key); f != nil {
				s.Numeric = f.Type.Numeric()
			}
			groups = append(groups, &group{selection: s})
		}
		g := groups[at]
		if g.keys += len(value) + len("'',"); g.keys > maxStateKeys {
			continue
		}
		g.rows = append(g.rows, i)
		g.selection.Values = append(g.selection.Values, value)
		for _, f := range fields {
			if len(g.selection.Fields) < maxStateAsked && !slices.Contains(g.selection.Fields, f.path) {
				g.selection.Fields = append(g.selection.Fields, f.path)
			}
		}
	}
	for _, g := range groups {
		records, n, failed := c.Select(ctx, g.selection)
		calls += n
		if failed != nil {
			err = failed
		}
		for _, record := range records {
			values := gjson.ParseBytes(record)
			key := values.Get(g.selection.Key).String()
			for at, i := range g.rows {
				if sameKey(g.selection.Values[at], key) {
					states[i] = stateOf(values, stateFields(refused[i].Row.Schema, refused[i].Err))
				}
			}
		}
	}
	return states, calls, err
}

func sameKey(asked, got string) bool {
	return strings.EqualFold(asked, got) || schema.SameID(asked, got)
}

func stateOf(record gjson.Result, fields []stateField) RecordState {
	state := RecordState{}
	for _, f := range fields {
		if root, _, _ := strings.Cut(f.path, "."); !record.Get(root).Exists() {
			continue // it was not asked for
		}
		value := []rune(strings.Join(strings.Fields(record.Get(f.path).String()), " "))
		if len(value) > maxStateValue {
			value = append(value[:maxStateValue-1], '…')
		}
		state = append(state, FieldState{f.name, string(value)})
	}
	return state
}

// stateField is a field of a state: its name for a person, and the path that is read.
type stateField struct{ name, path string }

// stateFields are what a refusal may depend on. What it names itself may be of any
// type; of the others only those that hold no free text, which may be personal.
func stateFields(o *schema.Object, bad *Error) []stateField {
	if o == nil {
		return nil
	}
	var fields []stateField
	add := func(f *schema.Field) {
		if f == nil || f.Compound() || f.Type == schema.TypeEncryptedString || f.Type == schema.TypeBase64 || len(fields) == maxStateFields {
			return
		}
		s := stateField{f.Name, f.Name}
		if f.Name == "RecordTypeId" {
			s = stateField{"RecordType", "RecordType.DeveloperName"}
		}
		if !slices.Contains(fields, s) {
			fields = append(fields, s)
		}
	}
	for _, name := range bad.Fields {
		f := o.Field(name)
		add(f)
		if f != nil && f.DependentPicklist {
			add(o.Field(f.ControllerName))
		}
	}
	for _, f := range o.Fields {
		if !bounded(f) {
			continue
		}
		if says(bad.Message, f.Name) || len(f.Label) > 3 && says(bad.Message, f.Label) {
			add(f)
		}
	}
	for _, name := range []string{"RecordTypeId", "Status", "StageName", "IsClosed", "IsConverted"} {
		add(o.Field(name))
	}
	return fields
}

// bounded reports whether a field takes no free text.
func bounded(f *schema.Field) bool {
	switch f.Type {
	case schema.TypePicklist, schema.TypeMultiPicklist, schema.TypeBoolean, schema.TypeDate, schema.TypeDateTime, schema.TypeReference:
		return true
	}
	return f.Type.Numeric()
}

// Names reports whether the error is about a field, by its list of fields or by its
// text, which has the API name in every language.
func (e *Error) Names(field string) bool {
	return slices.ContainsFunc(e.Fields, func(f string) bool { return f != "" && strings.EqualFold(f, field) }) || says(e.Message, field)
}

// says reports whether a message has a name in it as words of their own.
func says(message, name string) bool {
	if name == "" {
		return false
	}
	message, name = strings.ToLower(message), strings.ToLower(name)
	for {
		at := strings.Index(message, name)
		if at < 0 {
			return false
		}
		end := at + len(name)
		if (at == 0 || !wordByte(message[at-1])) && (end == len(message) || !wordByte(message[end])) {
			return true
		}
		message = message[end:]
	}
}

func wordByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c >= 0x80
}
