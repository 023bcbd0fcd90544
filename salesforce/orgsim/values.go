package orgsim

import (
	"math/big"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Records store every value as text: "" is null, booleans are true and false, numbers
// are decimal digits, dates and times are in the form in which REST returns them.

// dateTimeForm is how REST returns a date/time: always UTC, with an offset without a colon.
const dateTimeForm = "2006-01-02T15:04:05.000+0000"

// wrongType is the answer to a JSON value that does not fit its field at all.
type wrongType struct{ message string }

// read turns a JSON value into what is stored. A value of the wrong JSON type, which
// fails the whole call, comes back as wrongType; one that Salesforce refuses later, as
// failures of the row.
func (f *field) read(v gjson.Result, as *Assumptions) (string, *wrongType, []failure) {
	if v.Type == gjson.Null {
		if f.Type == schema.TypeBoolean && !as.NullBooleanIsFalse {
			return "", f.cannotRead(v), nil
		}
		if f.Type == schema.TypeBoolean {
			return "false", nil, nil
		}
		return "", nil, nil
	}
	switch f.Type {
	case schema.TypeBoolean:
		if v.Type != gjson.True && v.Type != gjson.False {
			return "", f.cannotRead(v), nil
		}
		return v.Raw, nil, nil
	case schema.TypeInt, schema.TypeLong, schema.TypeDouble, schema.TypeCurrency, schema.TypePercent:
		digits := v.Raw
		if v.Type == gjson.String && as.NumberTextAccepted && gjson.Valid(v.Str) && gjson.Parse(v.Str).Type == gjson.Number {
			digits = v.Str
		} else if v.Type != gjson.Number {
			return "", f.cannotRead(v), nil
		}
		return f.readNumber(v, digits)
	}
	if v.Type != gjson.String {
		return "", f.cannotRead(v), nil
	}
	s := v.Str
	if !as.KeepBlanks {
		s = strings.TrimSpace(s)
	}
	if s == "" {
		return "", nil, nil
	}
	switch f.Type {
	case schema.TypeDate:
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return "", f.cannotRead(v), nil
		}
		return strings.Clone(s), nil, nil
	case schema.TypeDateTime:
		t, ok := parseDateTime(s)
		if !ok {
			return "", f.cannotRead(v), nil
		}
		return t.UTC().Truncate(time.Second).Format(dateTimeForm), nil, nil
	case schema.TypeTime:
		t, err := time.Parse("15:04:05.999Z", s)
		if err != nil {
			return "", f.cannotRead(v), nil
		}
		return t.Format("15:04:05.000Z"), nil, nil
	case schema.TypeReference, schema.TypeID:
		long, ok := schema.To18(s)
		if !ok {
			return "", nil, []failure{malformedID(s)}
		}
		return strings.Clone(long), nil, nil
	case schema.TypePicklist, schema.TypeCombobox:
		return f.readChoice(s)
	case schema.TypeMultiPicklist:
		return f.readChoices(s)
	}
	if f.Length > 0 && len(s) > f.Length && utf8.RuneCountInString(s) > f.Length {
		return "", nil, []failure{{status: 400, code: "STRING_TOO_LONG", fields: []string{f.Name},
			message: f.Label + ": data value too large: " + s + " (max length=" + strconv.Itoa(f.Length) + ")"}}
	}
	if f.Type == schema.TypeEmail && !emailShape(s) {
		return "", nil, []failure{{status: 400, code: "INVALID_EMAIL_ADDRESS", fields: []string{f.Name},
			message: f.Label + ": invalid email address: " + s}}
	}
	return strings.Clone(s), nil, nil
}

// readKey turns the text of an external id, from a path or a row, into what is stored.
func (f *field) readKey(text string, as *Assumptions) (string, []failure) {
	v := gjson.Result{Type: gjson.String, Str: text}
	if f.Type.Numeric() {
		digits := strings.TrimSpace(text)
		if digits == "" {
			return "", nil
		}
		if gjson.Valid(digits) {
			v = gjson.Parse(digits)
		}
	}
	stored, wrong, fails := f.read(v, as)
	if wrong != nil {
		fails = []failure{{status: 400, code: "INVALID_TYPE_ON_FIELD_IN_RECORD", fields: []string{f.Name}, message: f.Label + ": value not of required type: " + text}}
	}
	return stored, fails
}

// cannotRead names the types as Salesforce's JSON reader does.
func (f *field) cannotRead(v gjson.Result) *wrongType {
	want := string(f.Type)
	switch f.Type {
	case schema.TypeCurrency, schema.TypePercent:
		want = "double"
	case schema.TypeID, schema.TypeReference:
		want = "reference ID"
	case schema.TypeDate, schema.TypeDateTime, schema.TypeTime, schema.TypeBoolean, schema.TypeInt, schema.TypeLong, schema.TypeDouble:
	default:
		want = "string"
	}
	token, value := "VALUE_STRING", v.String()
	switch v.Type {
	case gjson.Null:
		token, value = "VALUE_NULL", "null"
	case gjson.True:
		token = "VALUE_TRUE"
	case gjson.False:
		token = "VALUE_FALSE"
	case gjson.Number:
		token, value = "VALUE_NUMBER_INT", v.Raw
		if strings.ContainsAny(v.Raw, ".eE") {
			token = "VALUE_NUMBER_FLOAT"
		}
	case gjson.JSON:
		token, value = "START_OBJECT", "{"
		if v.IsArray() {
			token, value = "START_ARRAY", "["
		}
	}
	return &wrongType{"Cannot deserialize instance of " + want + " from " + token + " value " + value + " or request may be missing a required field"}
}

func (f *field) readNumber(v gjson.Result, literal string) (string, *wrongType, []failure) {
	outside := []failure{{status: 400, code: "NUMBER_OUTSIDE_VALID_RANGE", fields: []string{f.Name},
		message: f.Label + ": value outside of valid range on numeric field: " + literal}}
	whole := f.Type == schema.TypeInt || f.Type == schema.TypeLong
	digits, ok := plainDigits(literal)
	if !ok {
		return "", nil, outside
	}
	integer, fraction, fractional := strings.Cut(digits, ".")
	if fractional && whole {
		return "", f.cannotRead(v), nil
	}
	most := f.Precision - f.Scale
	if whole {
		most = f.Digits
	}
	significant := strings.TrimLeft(strings.TrimPrefix(integer, "-"), "0")
	if most > 0 && len(significant) > most {
		return "", nil, outside
	}
	if whole {
		if n, err := strconv.ParseInt(integer, 10, 64); err != nil || f.Type == schema.TypeInt && int64(int32(n)) != n {
			return "", nil, outside
		}
		return strings.Clone(integer), nil, nil
	}
	// More digits than the scale has are dropped without a word.
	if f.Precision > 0 && len(fraction) > f.Scale {
		fraction = fraction[:f.Scale]
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction == "" {
		fraction = "0"
	}
	return integer + "." + fraction, nil, nil
}

// plainDigits writes a JSON number without an exponent. Numbers that no field could hold
// are refused before they are worked out.
func plainDigits(literal string) (string, bool) {
	mark := strings.IndexAny(literal, "eE")
	if mark < 0 {
		return literal, len(literal) <= 400
	}
	if exponent, err := strconv.Atoi(literal[mark+1:]); err != nil || exponent > 100 || exponent < -100 || mark > 400 {
		return "", false
	}
	r, ok := new(big.Rat).SetString(literal)
	if !ok {
		return "", false
	}
	if r.IsInt() {
		return r.Num().String(), true
	}
	return strings.TrimRight(r.FloatString(120), "0"), true
}

func (f *field) readChoice(s string) (string, *wrongType, []failure) {
	known, ok := f.values[strings.ToLower(s)]
	switch {
	case ok && (known.active || !f.RestrictedPicklist) && (known.value == s || !f.RestrictedPicklist):
		return known.value, nil, nil
	case f.RestrictedPicklist:
		return "", nil, []failure{f.badChoice(s)}
	case f.Length > 0 && utf8.RuneCountInString(s) > f.Length:
		return "", nil, []failure{{status: 400, code: "STRING_TOO_LONG", fields: []string{f.Name},
			message: f.Label + ": data value too large: " + s + " (max length=" + strconv.Itoa(f.Length) + ")"}}
	}
	return strings.Clone(s), nil, nil
}

func (f *field) badChoice(s string) failure {
	return failure{status: 400, code: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", fields: []string{f.Name},
		message: f.Label + ": bad value for restricted picklist field: " + s}
}

func (f *field) readChoices(s string) (string, *wrongType, []failure) {
	var out []string
	for part := range strings.SplitSeq(s, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		choice, _, fails := f.readChoice(part)
		if fails != nil {
			return "", nil, fails
		}
		out = append(out, choice)
	}
	return strings.Join(out, ";"), nil, nil
}

// parseDateTime reads the forms of "Valid Date and DateTime Formats": a zone is needed,
// as Z or as an offset with or without a colon, a fraction is not.
func parseDateTime(s string) (time.Time, bool) {
	for _, form := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(form, s); err == nil {
			return t, t.Year() >= 1700 && t.Year() <= 4000
		}
	}
	return time.Time{}, false
}

// emailShape is about as strict as Salesforce: one plain address with a dot in its domain.
func emailShape(s string) bool {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return false
	}
	_, domain, _ := strings.Cut(s, "@")
	return strings.Contains(strings.Trim(domain, "."), ".") && !strings.HasSuffix(domain, ".")
}

// appendValue writes a stored value as REST returns it.
func (f *field) appendValue(dst []byte, value string, as *Assumptions) []byte {
	switch {
	case value == "":
		return append(dst, "null"...)
	case f.Type == schema.TypeBoolean || f.Type.Numeric():
		return append(dst, value...)
	case f.Type == schema.TypeMultiPicklist && as.MultiPicklistSpaced:
		return schema.AppendJSONString(dst, strings.ReplaceAll(value, ";", "; "))
	}
	return schema.AppendJSONString(dst, value)
}

// bitSet reports bit n of a validFor bitset, read straight from its base64 text.
func bitSet(validFor string, n int) bool {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	if n/6 >= len(validFor) {
		return false
	}
	six := strings.IndexByte(alphabet, validFor[n/6])
	return six >= 0 && six&(0x20>>(n%6)) != 0
}
