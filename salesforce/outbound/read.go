package outbound

import (
	"errors"
	"slices"
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
	room := 32
	if last := len(m.Notifications) - 1; last >= 0 {
		room = len(m.Notifications[last].Fields) // one definition selects the same for all
		if last == 0 {                           // and so they are about as long as the first
			m.Notifications = slices.Grow(m.Notifications, min(MaxNotifications-1, 2*len(s.source.body)/s.source.at))
		}
	}
	n := Notification{Fields: make([]Field, 0, room)}
	if err := s.readNotification(&n); err != nil {
		if refused := (*Refusal)(nil); errors.As(err, &refused) {
			refused.Notification = len(m.Notifications) + 1
		}
		return err
	}
	m.Notifications = append(m.Notifications, n)
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
