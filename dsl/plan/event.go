package plan

import (
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Event is what every event says of itself.
type Event struct {
	ID     string // the key by which a second delivery is recognised
	Type   string // one of the Type constants
	Time   string // as sent; may be ""
	Object string // of an outbound message: the record's object; "" if it does not say
	Record string // of an outbound message: the record's id, 18 characters; "" if it is no id
	Survey string // the survey's id; may be ""
	Status string // the distribution's status as sent; may be ""
	News   string // when what it tells happened: the distribution's time, else the event's
	Of     string // of a survey.distribution: the message's event id, or its record's id
}

// An EventError says why a text is not an event that rules can run on.
type EventError struct {
	Message string // one lower-case clause
	Help    string
}

func (e *EventError) Error() string { return e.Message }

// ReadEvent checks that a text is an event and reads what it says of itself. Its
// error is an *EventError.
func ReadEvent(text string) (Event, error) {
	ev, _, err := readEvent(text, nil)
	return ev, err
}

// A member is a top-level name of an event with its value.
type member struct {
	name  string
	value gjson.Result
}

// readEvent is ReadEvent; it also appends the event's members, so that nobody
// needs to look for them again.
func readEvent(text string, members []member) (Event, []member, error) {
	switch {
	case len(text) > MaxEvent:
		return Event{}, members, &EventError{fmt.Sprintf("this event is longer than %d bytes", MaxEvent), "send attachments and the like elsewhere"}
	case !validJSON(text):
		return Event{}, members, &EventError{"this is not JSON", fmt.Sprintf("an event is one JSON object, nested at most %d deep", maxDepth)}
	}
	root := gjson.Parse(text)
	if !root.IsObject() {
		return Event{}, members, &EventError{"an event is a JSON object, and this is " + jsonKind(root), ""}
	}
	var ev Event
	var wrong *EventError
	str := func(into *string, path string, v gjson.Result) {
		switch {
		case *into != "" || v.Type == gjson.Null:
		case v.Type == gjson.String:
			*into = v.Str
		case v.Type == gjson.Number && path != "type":
			*into = v.Raw
		case wrong == nil:
			wrong = &EventError{fmt.Sprintf("`%s` is %s, and text is needed", path, jsonKind(v)), ""}
		}
	}
	var statusTime string
	root.ForEach(func(key, value gjson.Result) bool {
		members = append(members, member{key.Str, value})
		switch key.Str {
		case "id":
			str(&ev.ID, "id", value)
		case "type":
			str(&ev.Type, "type", value)
		case "time":
			str(&ev.Time, "time", value)
		case "of":
			str(&ev.Of, "of", value)
		case "record":
			value.ForEach(func(key, value gjson.Result) bool {
				switch key.Str {
				case "attributes":
					str(&ev.Object, "record.attributes.type", value.Get("type"))
				case "Id":
					str(&ev.Record, "record.Id", value)
				}
				return ev.Object == "" || ev.Record == ""
			})
		case "survey":
			value.ForEach(func(key, value gjson.Result) bool {
				if key.Str == "id" {
					str(&ev.Survey, "survey.id", value)
				}
				return ev.Survey == ""
			})
		case "distribution":
			value.ForEach(func(key, value gjson.Result) bool {
				switch key.Str {
				case "status":
					str(&ev.Status, "distribution.status", value)
				case "time":
					str(&statusTime, "distribution.time", value)
				}
				return ev.Status == "" || statusTime == ""
			})
		}
		return true
	})
	ev.Record, _ = schema.To18(ev.Record)
	if ev.News = statusTime; ev.News == "" {
		ev.News = ev.Time
	}
	if wrong == nil {
		wrong = ev.check()
	}
	if wrong != nil {
		return ev, members, wrong
	}
	return ev, members, nil
}

// maxID bounds what becomes a key on disk.
const maxID = 255

func (ev *Event) check() *EventError {
	switch {
	case ev.ID == "":
		return &EventError{"this event has no `id`", "the id tells a second delivery from a second event"}
	case len(ev.ID) > maxID || len(ev.Of) > maxID:
		return &EventError{fmt.Sprintf("the `id` of an event has at most %d bytes", maxID), ""}
	case ev.Type == "":
		return &EventError{"this event has no `type`", fmt.Sprintf("it is %s, %s or %s", TypeOutbound, TypeDistribution, TypeResponse)}
	case ev.Type != TypeOutbound && ev.Type != TypeDistribution && ev.Type != TypeResponse:
		return &EventError{fmt.Sprintf("there is no event type %s", quoteValue(ev.Type)), fmt.Sprintf("it is %s, %s or %s", TypeOutbound, TypeDistribution, TypeResponse)}
	case ev.Type == TypeDistribution && ev.Of == "":
		return &EventError{"this status does not say which message it is of", "`of` is the id of the outbound message's event, or of its record"}
	case ev.Type == TypeDistribution && ev.Status == "":
		return &EventError{"this event has no `distribution.status`", ""}
	}
	for _, t := range []struct{ path, value string }{{"time", ev.Time}, {"distribution.time", ev.News}} {
		if _, ok := parseDateTime(t.value); t.value != "" && !ok {
			return &EventError{fmt.Sprintf("`%s` is no date-time: %s", t.path, quoteValue(t.value)), "write it as 2026-11-23T14:03:00Z"}
		}
	}
	return nil
}

func jsonKind(v gjson.Result) string {
	switch v.Type {
	case gjson.Null:
		return "null"
	case gjson.String:
		return "text"
	case gjson.Number:
		return "a number"
	case gjson.True, gjson.False:
		return "true or false"
	}
	if v.IsArray() {
		return "a list"
	}
	return "an object"
}
