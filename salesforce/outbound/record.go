package outbound

import (
	"encoding/xml"
	"slices"
	"strings"
)

func (s *scanner) readNotification(n *Notification) error {
	var id, object bool
	err := s.children(func() error {
		if err := s.within(nsOutbound); err != nil {
			return err
		}
		switch s.name.Local {
		case "Id":
			return s.readID(&n.ID, &id)
		case "sObject":
			if err := s.once(&object); err != nil {
				return err
			}
			return s.readRecord(n)
		}
		return s.skip()
	})
	if err == nil && !id {
		return s.refuse(Missing, "the notification has no Id")
	}
	return err
}

func (s *scanner) readRecord(n *Notification) error {
	empty, err := s.isNil()
	if err != nil {
		return err
	}
	kind, found, err := s.attribute(nsInstance, "type")
	prefix := ""
	switch {
	case err != nil:
		return err
	case found:
		var name xml.Name
		name, prefix, err = s.qname(kind)
		if err != nil {
			return err
		}
		if name.Space != nsSObject || !isName(name.Local) {
			return s.refuse(WrongNamespace, "the xsi:type %q names no sObject", clip(kind))
		}
		n.Object = name.Local
	case !empty:
		return s.refuse(Missing, "the sObject has no xsi:type")
	}
	var id bool
	err = s.children(func() error {
		if err := s.within(nsSObject); err != nil {
			return err
		}
		var err error
		if s.name.Local == "Id" {
			err = s.readRecordID(&n.RecordID, &id)
		} else {
			err = s.readField(n)
		}
		if err == nil && found {
			n.Fields = s.plainFields(n.Fields, prefix)
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.distinct(n.Fields)
}

func (s *scanner) readField(n *Notification) error {
	if len(n.Fields) == MaxFields {
		return s.refuse(TooLarge, "a record has more than %d fields", MaxFields)
	}
	f := Field{Name: s.name.Local}
	var err error
	if f.Nil, err = s.isNil(); err != nil {
		return err
	}
	if f.Value, err = s.content(); err != nil {
		return err
	}
	if f.Nil && f.Value != "" {
		return s.refuse(Unexpected, "the field %s is nil and has a value", clip(f.Name))
	}
	if f.Name == "fieldsToNull" { // of the type that all objects extend: it names a field
		f = Field{Name: strings.TrimSpace(f.Value), Nil: true}
	}
	if !isName(f.Name) {
		return s.refuse(Unexpected, "%q is no field's name", clip(f.Name))
	}
	n.Fields = append(n.Fields, f)
	return nil
}

// distinct refuses a field that is there twice. Salesforce sends fields in the
// order of their names, and the same for every record, so that mostly one look at the
// neighbour is enough.
func (s *scanner) distinct(fields []Field) error {
	if slices.EqualFunc(fields, s.last, func(a, b Field) bool { return a.Name == b.Name }) {
		return nil
	}
	sorted := true
	for i := 1; i < len(fields); i++ {
		sorted = sorted && fields[i-1].Name < fields[i].Name
	}
	if sorted {
		s.last = fields
		return nil
	}
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		if seen[f.Name] {
			return s.refuse(Duplicate, "the field %s is given twice", clip(f.Name))
		}
		seen[f.Name] = true
	}
	s.last = fields
	return nil
}

// oneObject refuses records of different objects, and gives a notification without
// a record the object of the others.
func (s *scanner) oneObject(m *Message) error {
	object := ""
	for i, n := range m.Notifications {
		switch {
		case object == "":
			object = n.Object
		case n.Object != "" && n.Object != object:
			r := s.refuse(MixedObjects, "one message tells of two objects, %s and %s", clip(object), clip(n.Object))
			r.Notification = i + 1
			return r
		}
	}
	for i := range m.Notifications {
		m.Notifications[i].Object = object
	}
	return nil
}

// readRecordID is readID for the one id that may be nil or empty.
func (s *scanner) readRecordID(into *string, seen *bool) error {
	empty, err := s.isNil()
	if err != nil {
		return err
	}
	if !empty {
		return s.readID(into, seen)
	}
	if err := s.once(seen); err != nil {
		return err
	}
	return s.children(s.noChild)
}

func (s *scanner) noChild() error {
	return s.refuse(Unexpected, "there is an element where nothing can be")
}

func (s *scanner) isNil() (bool, error) {
	value, _, err := s.attribute(nsInstance, "nil")
	return isTrue(value), err
}

// isTrue reads an xsd:boolean.
func isTrue(s string) bool {
	s = strings.TrimSpace(s)
	return s == "true" || s == "1"
}

// isName reports whether s can be the API name of an object or a field.
func isName(s string) bool {
	if s == "" || len(s) > 255 || s == "attributes" { // which records hold in JSON beside their fields
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c|0x20 && c|0x20 <= 'z', i > 0 && ('0' <= c && c <= '9' || c == '_'):
		default:
			return false
		}
	}
	return true
}
