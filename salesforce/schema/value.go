package schema

import "unicode/utf8"

// Kind is the kind of a [Value], as JSON knows it.
type Kind uint8

// The kinds of values.
const (
	KindNull Kind = iota
	KindText
	KindNumber
	KindBool
	KindList
	KindObject
)

var kindNames = [...]string{"null", "a text", "a number", "true or false", "a list", "an object"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "an unknown kind of value"
}

// Value is a value on its way into a field.
type Value struct {
	Kind Kind
	// Text is the decoded text, a number's JSON literal as it was written, or
	// "true" or "false".
	Text string
	// List holds the elements of a list.
	List []Value
}

// ErrorKind says in one word what is wrong with a value for a field.
type ErrorKind string

// The kinds of value errors.
const (
	WrongType     ErrorKind = "wrong_type"
	NotInPicklist ErrorKind = "not_in_picklist"
	TooLong       ErrorKind = "too_long"
	OutOfRange    ErrorKind = "out_of_range"
	BadDate       ErrorKind = "bad_date"
	BadEmail      ErrorKind = "bad_email"
	BadID         ErrorKind = "bad_id"
	WrongObject   ErrorKind = "wrong_object"
	NotNillable   ErrorKind = "not_nillable"
	NotWritable   ErrorKind = "not_writable"
)

// ValueError says why a field does not take a value.
type ValueError struct {
	Kind  ErrorKind
	Field *Field
	// Message is one lower-case clause in an admin's words.
	Message string
	// Help is one way out; empty if there is none to give.
	Help string
}

func (e *ValueError) Error() string { return e.Message }

// AppendJSON appends the JSON that Salesforce takes for the field to dst, or
// says why Salesforce would refuse the value; then dst comes back as it was.
//
// A number is written as it stands, so that 4.50 and integers of any size stay
// exact; dates and times are written in Salesforce's form, date-times in UTC. A
// list goes into a multi-select picklist only, its nulls left out; an empty list
// is null. Null is written as null where the field can be empty. Whether the user
// may write the field is not asked here: see [Field.WhyNotUpdateable]. An Id field
// takes the ids of its own object, as needed to match records.
//
// The happy path does not allocate for text, numbers, booleans, dates and ids,
// given enough room in dst.
func (f *Field) AppendJSON(dst []byte, v Value) ([]byte, *ValueError) {
	if bad := f.neverWritable(); bad != nil {
		return dst, bad
	}
	switch v.Kind {
	case KindNull:
		return f.appendNull(dst)
	case KindObject:
		return dst, f.wrongType(v, "use one of the values inside it")
	case KindList:
		if f.Type != TypeMultiPicklist {
			return dst, f.wrongType(v, `use first(...) for one of its values or join(..., ", ") for a text of all`)
		}
	}
	switch {
	case f.Type == TypeBoolean:
		return f.appendBool(dst, v)
	case f.Type.Numeric():
		return f.appendNumber(dst, v)
	case f.Type.Textual():
		return f.appendText(dst, v)
	}
	switch f.Type {
	case TypePicklist:
		return f.appendPicklist(dst, v)
	case TypeMultiPicklist:
		return f.appendMultiPicklist(dst, v)
	case TypeDate:
		return f.appendDate(dst, v)
	case TypeDateTime:
		return f.appendDateTime(dst, v)
	case TypeTime:
		return f.appendTime(dst, v)
	case TypeReference, TypeID:
		return f.appendID(dst, v)
	case TypeBase64:
		return f.appendBase64(dst, v)
	}
	// A type that is newer than this program: Salesforce decides.
	if v.Kind == KindNumber && jsonNumber(v.Text) || v.Kind == KindBool && (v.Text == "true" || v.Text == "false") {
		return append(dst, v.Text...), nil
	}
	return AppendJSONString(dst, v.Text), nil
}

func (f *Field) neverWritable() *ValueError {
	switch {
	case f.Type == TypeAddress || f.Type == TypeLocation:
		help := "set the fields that it is made of"
		if parts := f.Parts(); len(parts) > 0 {
			help = "set its parts instead: " + oneOf(parts, 6)
		}
		return f.err(NotWritable, "is a compound field and can only be read", help)
	case f.Calculated:
		return f.err(NotWritable, "is calculated by Salesforce", "set the fields that it is calculated from")
	case f.AutoNumber:
		return f.err(NotWritable, "is numbered by Salesforce", "leave it out")
	case f.Type == TypeComplexValue:
		return f.err(NotWritable, "is of a type that the API cannot write", "leave it out")
	}
	return nil
}

func (f *Field) appendNull(dst []byte) ([]byte, *ValueError) {
	if !f.Nillable {
		help := "give a value, or a default with ??"
		if f.Type == TypeBoolean {
			help = "a checkbox is true or false; give a default with ?? false"
		}
		return dst, f.err(NotNillable, "cannot be empty", help)
	}
	return append(dst, "null"...), nil
}

func (f *Field) appendBool(dst []byte, v Value) ([]byte, *ValueError) {
	if v.Kind != KindBool || v.Text != "true" && v.Text != "false" {
		return dst, f.wrongType(v, "use bool(...), or compare: ... == \"yes\"")
	}
	return append(dst, v.Text...), nil
}

// ref names the field for a person: its label, and the API name where that differs.
func (f *Field) ref() string {
	name := f.Name
	if f.object != nil {
		name = f.object.Name + "." + name
	}
	if f.Label == "" || f.Label == f.Name {
		return name
	}
	return f.Label + " (" + name + ")"
}

func (f *Field) err(kind ErrorKind, clause, help string) *ValueError {
	return &ValueError{Kind: kind, Field: f, Message: f.ref() + " " + clause, Help: help}
}

func (f *Field) wrongType(v Value, help string) *ValueError {
	got := v.Kind.String()
	if v.Kind == KindText || v.Kind == KindNumber || v.Kind == KindBool {
		got += ", " + show(v)
	}
	return f.err(WrongType, "takes "+f.takes()+", not "+got, help)
}

// takes says in a few words what a field of this type holds.
func (f *Field) takes() string {
	switch f.Type {
	case TypeBoolean:
		return "true or false (it is a checkbox)"
	case TypeInt, TypeLong:
		return "a whole number"
	case TypeDouble, TypeCurrency, TypePercent:
		return "a number"
	case TypeDate:
		return "a date"
	case TypeDateTime:
		return "a date and time"
	case TypeTime:
		return "a time of day"
	case TypeReference, TypeID:
		return "a record id"
	case TypePicklist:
		return "one value of its picklist"
	case TypeMultiPicklist:
		return "values of its picklist"
	}
	return "a text"
}

// shownValue is how much of a value a message shows, in bytes.
const shownValue = 60

func show(v Value) string {
	s := v.Text
	cut := len(s) > shownValue
	if cut {
		n := shownValue
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	if v.Kind == KindText {
		return string(AppendJSONString(nil, s))
	}
	return s
}

func showText(s string) string { return show(Value{Kind: KindText, Text: s}) }
