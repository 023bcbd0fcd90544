package orgsim

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Condition compares one field of a record with a value. Op is one of
//
//	=  !=  <  <=  >  >=     numbers by value, everything else as text; text regardless of case
//	in  not in              Value is a list
//	contains  matches       Value is a text, or a regular expression in RE2 syntax
//	null  not null          no Value
//	changed  not changed    the write changes the field (always, on create, if it is set); no Value
type Condition struct {
	Field string          `json:"field"`
	Op    string          `json:"op"`
	Value json.RawMessage `json:"value,omitempty"`
}

type condition struct {
	field   *field
	op      string
	values  []string
	pattern *regexp.Regexp
}

func compileConditions(o *object, list []Condition) ([]condition, error) {
	out := make([]condition, 0, len(list))
	for _, c := range list {
		f := o.field(c.Field)
		if f == nil {
			return nil, unknownField(o.name, c.Field)
		}
		compiled := condition{field: f, op: c.Op}
		var err error
		switch c.Op {
		case "null", "not null", "changed", "not changed":
			if len(c.Value) > 0 {
				return nil, fmt.Errorf("condition on %s.%s: %q takes no value", o.name, f.Name, c.Op)
			}
		case "in", "not in":
			var list []any
			if err := json.Unmarshal(c.Value, &list); err != nil {
				return nil, fmt.Errorf("condition on %s.%s: %q takes a list", o.name, f.Name, c.Op)
			}
			for _, v := range list {
				compiled.values = append(compiled.values, plainText(v))
			}
		case "=", "!=", "<", "<=", ">", ">=", "contains", "matches":
			var v any
			if err := json.Unmarshal(c.Value, &v); err != nil {
				return nil, fmt.Errorf("condition on %s.%s: %q takes a value", o.name, f.Name, c.Op)
			}
			compiled.values = []string{plainText(v)}
			if c.Op == "matches" {
				if compiled.pattern, err = regexp.Compile(compiled.values[0]); err != nil {
					return nil, fmt.Errorf("condition on %s.%s: %w", o.name, f.Name, err)
				}
			}
		default:
			return nil, fmt.Errorf("condition on %s.%s: there is no operator %q", o.name, f.Name, c.Op)
		}
		out = append(out, compiled)
	}
	return out, nil
}

// plainText is a decoded JSON scalar as records store it.
func plainText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return fmt.Sprint(v)
}

// holds reports whether all conditions hold on a record's new values; before is nil on create.
func holds(list []condition, before, after []string) bool {
	for _, c := range list {
		if !c.holds(before, after) {
			return false
		}
	}
	return true
}

func (c *condition) holds(before, after []string) bool {
	got := after[c.field.index]
	was := ""
	if before != nil {
		was = before[c.field.index]
	}
	equal := func(want string) bool { return compareValues(c.field, got, want) == 0 }
	switch c.op {
	case "=":
		return equal(c.values[0])
	case "!=":
		return !equal(c.values[0])
	case "in":
		return slices.ContainsFunc(c.values, equal)
	case "not in":
		return !slices.ContainsFunc(c.values, equal)
	case "null":
		return got == ""
	case "not null":
		return got != ""
	case "changed":
		return got != was
	case "not changed":
		return got == was
	case "contains":
		return strings.Contains(strings.ToLower(got), strings.ToLower(c.values[0]))
	case "matches":
		return c.pattern.MatchString(got)
	}
	if got == "" {
		return false // nothing is less or greater than null
	}
	order := compareValues(c.field, got, c.values[0])
	switch c.op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	default: // >=
		return order >= 0
	}
}

// compareValues orders two stored values of a field: numbers by value, all else as text
// without regard to case. Dates and times are stored so that their text sorts by time.
func compareValues(f *field, a, b string) int {
	if f.Type.Numeric() && a != "" && b != "" {
		x, errX := strconv.ParseFloat(a, 64)
		y, errY := strconv.ParseFloat(b, 64)
		if errX == nil && errY == nil {
			switch {
			case x < y:
				return -1
			case x > y:
				return 1
			}
			return 0
		}
	}
	if f.CaseSensitive {
		return strings.Compare(a, b)
	}
	return strings.Compare(strings.ToLower(a), strings.ToLower(b))
}
