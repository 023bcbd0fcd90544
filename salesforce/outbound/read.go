package outbound

import (
	"errors"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

func (s *scanner) readEnvelope(m *Message) error {
	if _, err := s.next(); err != nil {
		return err
	}
	if s.name.Local != "Envelope" {
		return s.refuse(NotSOAP, "this is no SOAP envelope: the root is %s", clip(s.name.Local))
	}
	if s.name.Space != nsEnvelope {
		return s.refuse(NotSOAP, "this is no SOAP 1.1 envelope: its namespace is %q", clip(s.name.Space))
	}
	var header, body bool
	err := s.children(func() error {
		if err := s.within(nsEnvelope); err != nil {
			return err
		}
		switch s.name.Local {
		case "Header":
			if err := s.once(&header); err != nil {
				return err
			}
			return s.children(s.readHeader)
		case "Body":
			if err := s.once(&body); err != nil {
				return err
			}
			return s.readBody(m)
		}
		return s.refuse(Unexpected, "an envelope holds no %s", clip(s.name.Local))
	})
	if err != nil {
		return err
	}
	if !body {
		return s.refuse(Missing, "the envelope has no Body")
	}
	_, err = s.next() // refuses what follows the root
	return err
}

// readHeader passes over a header entry, as SOAP 1.1 (4.2.3) allows unless it says that
// it must be understood.
func (s *scanner) readHeader() error {
	must, _, err := s.attribute(nsEnvelope, "mustUnderstand")
	if err != nil {
		return err
	}
	if isTrue(must) {
		return s.refuse(Unexpected, "the header %s must be understood, and is not", clip(s.name.Local))
	}
	return s.skip()
}

func (s *scanner) readBody(m *Message) error {
	var notifications bool
	err := s.children(func() error {
		if s.name.Local != "notifications" {
			return s.refuse(Unexpected, "the body holds %s, and an outbound message holds notifications", clip(s.name.Local))
		}
		if err := s.within(nsOutbound); err != nil {
			return err
		}
		if err := s.once(&notifications); err != nil {
			return err
		}
		return s.readNotifications(m)
	})
	if err == nil && !notifications {
		return s.refuse(Missing, "the body holds no notifications")
	}
	return err
}

func (s *scanner) readNotifications(m *Message) error {
	var org, action, session, enterprise, partner bool
	err := s.children(func() error {
		if err := s.within(nsOutbound); err != nil {
			return err
		}
		switch s.name.Local {
		case "OrganizationId":
			return s.readID(&m.OrganizationID, &org)
		case "ActionId":
			return s.readID(&m.ActionID, &action)
		case "SessionId":
			return s.readSession(&m.SessionPresent, &session)
		case "EnterpriseUrl":
			return s.readText(&m.EnterpriseURL, &enterprise)
		case "PartnerUrl":
			return s.readText(&m.PartnerURL, &partner)
		case "Notification":
			return s.nextNotification(m)
		}
		return s.skip() // what Salesforce may add one day
	})
	switch {
	case err != nil:
		return err
	case !org:
		return s.refuse(Missing, "there is no OrganizationId")
	case !action:
		return s.refuse(Missing, "there is no ActionId")
	case len(m.Notifications) == 0:
		return s.refuse(Missing, "there is no Notification")
	}
	return s.oneObject(m)
}

func (s *scanner) nextNotification(m *Message) error {
	if len(m.Notifications) == MaxNotifications {
		return s.refuse(TooLarge, "there are more than %d notifications", MaxNotifications)
	}
	var n Notification
	if last := len(m.Notifications) - 1; last >= 0 {
		n.Fields = make([]Field, 0, len(m.Notifications[last].Fields))
	}
	if err := s.readNotification(&n); err != nil {
		if refused := (*Refusal)(nil); errors.As(err, &refused) {
			refused.Notification = len(m.Notifications) + 1
		}
		return err
	}
	m.Notifications = append(m.Notifications, n)
	return nil
}

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
	switch {
	case err != nil:
		return err
	case found:
		name, err := s.qname(kind)
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
		if s.name.Local == "Id" {
			return s.readRecordID(&n.RecordID, &id)
		}
		return s.readField(n)
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
// order of their names, so that mostly one look at the neighbour is enough.
func (s *scanner) distinct(fields []Field) error {
	sorted := true
	for i := 1; i < len(fields); i++ {
		sorted = sorted && fields[i-1].Name < fields[i].Name
	}
	if sorted {
		return nil
	}
	seen := make(map[string]bool, len(fields))
	for _, f := range fields {
		if seen[f.Name] {
			return s.refuse(Duplicate, "the field %s is given twice", clip(f.Name))
		}
		seen[f.Name] = true
	}
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

func (s *scanner) readID(into *string, seen *bool) error {
	if err := s.once(seen); err != nil {
		return err
	}
	name := s.name.Local
	text, err := s.content()
	if err != nil {
		return err
	}
	id, ok := schema.To18(strings.TrimSpace(text))
	if !ok {
		return s.refuse(BadID, "%q is no id, and %s needs one", clip(text), name)
	}
	*into = id
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

// readSession tells whether there is a session id, without keeping any of it.
func (s *scanner) readSession(present, seen *bool) error {
	if err := s.once(seen); err != nil {
		return err
	}
	s.secret = true
	for {
		tok, err := s.next()
		if err != nil {
			return err
		}
		if tok == tokenEnd {
			s.secret = false
			return nil
		}
		*present = *present || !blank(s.text)
	}
}

func (s *scanner) readText(into *string, seen *bool) error {
	if err := s.once(seen); err != nil {
		return err
	}
	text, err := s.content()
	*into = strings.TrimSpace(text)
	return err
}

// once refuses a second element of the current name.
func (s *scanner) once(seen *bool) error {
	if *seen {
		return s.refuse(Duplicate, "%s is given twice", clip(s.name.Local))
	}
	*seen = true
	return nil
}

// within refuses the current element unless its name is of the namespace.
func (s *scanner) within(space string) error {
	if s.name.Space == space {
		return nil
	}
	return s.refuse(WrongNamespace, "%s is of the namespace %q, and %q is needed", clip(s.name.Local), clip(s.name.Space), space)
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
