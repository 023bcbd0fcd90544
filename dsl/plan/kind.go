package plan

import (
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Kinds is the set of kinds that a value may turn out to have. What is known of
// an expression before any event arrives is such a set.
type Kinds uint16

// The kinds of value. Dates and date-times travel as text, as they do in JSON,
// in a form whose order is that of time.
const (
	Null Kinds = 1 << iota // null or missing
	Text
	Number
	Bool
	Date     // 2026-11-23
	DateTime // 2026-11-23T14:03:00.000Z, always UTC
	List
	Object

	// Any is what an event's JSON may hold where no schema says more.
	Any = Null | Text | Number | Bool | List | Object

	textual = Text | Date | DateTime
)

var kindNames = []struct {
	kind Kinds
	name string
}{
	{Text, "text"}, {Number, "a number"}, {Bool, "true or false"}, {Date, "a date"},
	{DateTime, "a date-time"}, {List, "a list"}, {Object, "an object"},
}

// String names the kinds for a person: "a number", "text or a date".
func (k Kinds) String() string {
	if k&^Null == 0 {
		return "null"
	}
	if k|Null == Any {
		return "any value"
	}
	var names []string
	for _, n := range kindNames {
		if k&n.kind != 0 {
			names = append(names, n.name)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}

// can reports whether a value of kinds k can be of a kind among want. A literal
// null can: it is missing wherever it stands.
func (k Kinds) can(want Kinds) bool { return k&want != 0 || k&^Null == 0 }

// maybeNull reports whether the value can be null or missing.
func (k Kinds) maybeNull() bool { return k&Null != 0 }

// kindsOf returns the kinds that a record's field can have in an event.
func kindsOf(f *schema.Field) Kinds {
	switch f.Type {
	case "boolean":
		return Bool | Null
	case "int", "long", "double", "currency", "percent":
		return Number | Null
	case "date":
		return Date | Null
	case "datetime":
		return DateTime | Null
	case "address", "location", "anytype", "complexvalue":
		return Any
	default:
		return Text | Null
	}
}

// accepts returns the kinds of value that a field can take.
func accepts(f *schema.Field) Kinds {
	switch f.Type {
	case "boolean":
		return Bool
	case "int", "long", "double", "currency", "percent":
		return Number
	case "date":
		return Date | Text
	case "datetime":
		return DateTime | Text
	case "id", "reference", "picklist", "time":
		return Text
	case "multipicklist":
		return Text | List
	default:
		return Text | Number | Bool | Date | DateTime
	}
}
