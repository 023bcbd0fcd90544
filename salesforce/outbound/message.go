package outbound

import "io"

// Message is one Outbound Message: what one definition of one org has to tell of
// records of one object. All ids are in their 18-character form, also where they
// came with 15, so that they can be compared.
type Message struct {
	OrganizationID string
	// ActionID is the id of the outbound message's definition.
	ActionID string
	// SessionPresent says that the message carried a session id, which nobody needs
	// here: the definition should not send one.
	SessionPresent bool
	// EnterpriseURL and PartnerURL are the sender's claim of where its SOAP API is;
	// empty if it makes none. Call neither.
	EnterpriseURL, PartnerURL string
	// Notifications has 1 to MaxNotifications elements, in no particular order.
	Notifications []Notification
}

// Notification tells of one record.
type Notification struct {
	// ID is the same in each delivery of the notification.
	ID string
	// Object is the API name of the record's object; "" if no notification of the
	// message has a record.
	Object string
	// RecordID is "" if the record is not there, as after a delete.
	RecordID string
	// Fields is what the definition selects, beside the id, in the order of the
	// message. A field without a value is left out or Nil.
	Fields []Field
}

// Field is one field's value as it was sent, markup decoded.
type Field struct {
	Name  string
	Value string
	Nil   bool // xsi:nil; Value is ""
}

// Read reads a message from a request's body, at most maxBody bytes of it; 0 means
// MaxBody. Its error is a *Refusal, or wraps what reading from r failed with. The strings
// of a message are parts of one: who keeps a few of them for long should clone them.
func Read(r io.Reader, maxBody int) (*Message, error) {
	if maxBody <= 0 {
		maxBody = MaxBody
	}
	s, err := newScanner(r, maxBody)
	if err != nil {
		return nil, err
	}
	m := new(Message)
	if err := s.readEnvelope(m); err != nil {
		return nil, err
	}
	return m, nil
}
