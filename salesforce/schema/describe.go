package schema

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// MaxDescribe is the size of the largest describe result that is read, in bytes.
// The largest real ones, of objects with 800 fields and long picklists, are about 3 MB.
const MaxDescribe = 32 << 20

// ParseDescribe reads the answer of GET /sobjects/<Object>/describe. Keys that
// are not known are ignored and missing ones count as false, empty or zero, so
// describes of any API version and hand-written ones can be read. The result
// keeps data, which must not be changed afterwards.
func ParseDescribe(data []byte) (*Object, error) {
	if len(data) > MaxDescribe {
		return nil, fmt.Errorf("describe is %d bytes, more than %d", len(data), MaxDescribe)
	}
	o := new(Object)
	var misplaced *json.UnmarshalTypeError
	if err := json.Unmarshal(data, o); errors.As(err, &misplaced) {
		key := misplaced.Field[strings.LastIndexByte(misplaced.Field, '.')+1:]
		return nil, fmt.Errorf("describe is not readable: a value of type %s does not go into %s", misplaced.Value, cmp.Or(key, "a describe"))
	} else if err != nil {
		return nil, fmt.Errorf("describe is not readable: %w", err)
	}
	if o.Name == "" {
		return nil, errors.New("describe names no object")
	}
	if !validName(o.Name) {
		return nil, fmt.Errorf("describe names the object %q, which is no API name", o.Name)
	}
	if len(o.Fields) == 0 {
		return nil, fmt.Errorf("describe of %s lists no fields", o.Name)
	}
	for i, f := range o.Fields {
		switch {
		case f == nil || f.Name == "":
			return nil, fmt.Errorf("describe of %s: field %d has no name", o.Name, i+1)
		case !validName(f.Name):
			return nil, fmt.Errorf("describe of %s: field %d is called %q, which is no API name", o.Name, i+1, f.Name)
		case f.Type == "":
			return nil, fmt.Errorf("describe of %s: field %s has no type", o.Name, f.Name)
		}
	}
	for i, r := range o.RecordTypes {
		if r == nil {
			return nil, fmt.Errorf("describe of %s: record type %d is null", o.Name, i+1)
		}
	}
	o.raw = data
	o.link()
	return o, nil
}

// Raw returns the describe result that the object was read from, nil for an
// object made by hand. It must not be changed.
func (o *Object) Raw() []byte { return o.raw }

// validName reports whether s can be an API name. File names are made of object
// names, so nothing else may get through.
func validName(s string) bool {
	if s == "" || len(s) > 255 || !isLetter(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if c := s[i]; !isLetter(c) && !isDigit(c) && c != '_' {
			return false
		}
	}
	return true
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// UnmarshalJSON reads one field of a describe result.
func (f *Field) UnmarshalJSON(data []byte) error {
	type plain Field
	p := struct {
		plain
		// The default of a checkbox is a JSON boolean, that of a text a string.
		DefaultValue json.RawMessage `json:"defaultValue"`
	}{plain: plain{Permissionable: true}}
	if err := json.Unmarshal(data, &p); err != nil {
		return err
	}
	*f = Field(p.plain)
	switch {
	case len(p.DefaultValue) == 0 || string(p.DefaultValue) == "null":
	case p.DefaultValue[0] == '"':
		return json.Unmarshal(p.DefaultValue, &f.DefaultValue)
	default:
		f.DefaultValue = string(p.DefaultValue)
	}
	return nil
}
