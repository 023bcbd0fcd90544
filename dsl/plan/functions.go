package plan

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Function is one function of the language. All functions take null for null:
// a missing value in gives a missing value out, unless the table says otherwise.
type Function struct {
	Name    string
	Params  []Param
	Result  Kinds
	Doc     string // one sentence for the author
	Example string // an expression and its value

	keepsNull bool // sees null arguments itself
	keepsAll  bool // takes numbers of any number of digits
	mayMiss   bool // can give a missing value for values that are there
	call      func(args []any) (any, error)
}

// Param is one parameter of a function.
type Param struct {
	Name     string
	Kinds    Kinds
	Optional bool
	Repeats  bool // the last parameter of a function that takes any number
}

// Signature returns how the function is written, such as "truncate(text, length)".
func (f *Function) Signature() string {
	var b strings.Builder
	b.WriteString(f.Name + "(")
	for i, p := range f.Params {
		if p.Optional {
			b.WriteString("[")
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name)
		if p.Repeats {
			b.WriteString("…")
		}
		if p.Optional {
			b.WriteString("]")
		}
	}
	return b.String() + ")"
}

// Functions lists every function of the language in the order of the manual.
func Functions() []Function { return append([]Function(nil), functions...) }

// LookupFunction finds a function by its name.
func LookupFunction(name string) (Function, bool) {
	f := functionByName[name]
	if f == nil {
		return Function{}, false
	}
	return *f, true
}

var functionByName = map[string]*Function{}

func init() {
	for i := range functions {
		functionByName[functions[i].Name] = &functions[i]
	}
}

// maxText bounds what a function may build: no Salesforce field holds more.
const maxText = 131072

var errTooLong = fmt.Errorf("the text would be longer than %d characters, the most a Salesforce field holds", maxText)

var (
	aText   = Param{Name: "text", Kinds: textual}
	aNumber = Param{Name: "number", Kinds: Number}
	aList   = Param{Name: "list", Kinds: List}
	aTime   = Param{Name: "time", Kinds: textual}
	aZone   = Param{Name: "zone", Kinds: Text, Optional: true}
)

var functions = []Function{
	{Name: "trim", Params: []Param{aText}, Result: Text,
		Doc: "Takes blanks and line ends off both ends.", Example: `trim("  good ") = "good"`,
		call: func(a []any) (any, error) { return strings.TrimSpace(a[0].(string)), nil }},
	{Name: "upper", Params: []Param{aText}, Result: Text,
		Doc: "Writes the text in capitals.", Example: `upper("vip") = "VIP"`,
		call: func(a []any) (any, error) { return strings.ToUpper(a[0].(string)), nil }},
	{Name: "lower", Params: []Param{aText}, Result: Text,
		Doc: "Writes the text in small letters.", Example: `lower("Ann@Example.com") = "ann@example.com"`,
		call: func(a []any) (any, error) { return strings.ToLower(a[0].(string)), nil }},
	{Name: "replace", Params: []Param{aText, {Name: "old", Kinds: textual}, {Name: "new", Kinds: textual}}, Result: Text,
		Doc: "Puts new in the place of every old.", Example: `replace("a-b-c", "-", " ") = "a b c"`,
		call: replace},
	{Name: "split", Params: []Param{aText, {Name: "separator", Kinds: textual}}, Result: List,
		Doc: "Cuts the text at every separator into a list.", Example: `split("red;blue", ";") = ["red", "blue"]`,
		call: split},
	{Name: "join", Params: []Param{aList, {Name: "separator", Kinds: textual, Optional: true}}, Result: Text,
		Doc: "Joins a list into one text; missing items are left out. The separator is \", \" unless given.", Example: `join(["red", "blue"], "; ") = "red; blue"`,
		call: joinList},
	{Name: "truncate", Params: []Param{aText, {Name: "length", Kinds: Number}}, Result: Text,
		Doc: "Cuts the text to at most length characters; what was cut ends in an ellipsis.", Example: `truncate("a long comment", 7) = "a long…"`,
		call: truncate},

	{Name: "number", Params: []Param{{Name: "value", Kinds: textual | Number | Bool}}, Result: Number, mayMiss: true, keepsAll: true,
		Doc: "Reads a number from text; true is 1 and false is 0.", Example: `number("4.5") = 4.5`,
		call: toNumber},
	{Name: "round", Params: []Param{aNumber, {Name: "digits", Kinds: Number, Optional: true}}, Result: Number,
		Doc: "Rounds to a number of digits after the point, none unless given; halves go away from zero.", Example: `round(2.345, 2) = 2.35`,
		call: round},
	{Name: "floor", Params: []Param{aNumber}, Result: Number,
		Doc: "Rounds down.", Example: `floor(2.9) = 2`,
		call: func(a []any) (any, error) { return math.Floor(float(a[0])), nil }},
	{Name: "ceil", Params: []Param{aNumber}, Result: Number,
		Doc: "Rounds up.", Example: `ceil(2.1) = 3`,
		call: func(a []any) (any, error) { return math.Ceil(float(a[0])), nil }},
	{Name: "abs", Params: []Param{aNumber}, Result: Number,
		Doc: "Drops the sign.", Example: `abs(-3) = 3`,
		call: func(a []any) (any, error) { return math.Abs(float(a[0])), nil }},
	{Name: "min", Params: []Param{{Name: "number", Kinds: Number, Repeats: true}}, Result: Number, mayMiss: true,
		Doc: "Picks the smallest of its numbers.", Example: `min(3, 1, 2) = 1`,
		call: func(a []any) (any, error) { return fold(a, math.Min), nil }},
	{Name: "max", Params: []Param{{Name: "number", Kinds: Number, Repeats: true}}, Result: Number, mayMiss: true,
		Doc: "Picks the largest of its numbers.", Example: `max(3, 1, 2) = 3`,
		call: func(a []any) (any, error) { return fold(a, math.Max), nil }},

	{Name: "text", Params: []Param{{Name: "value", Kinds: textual | Number | Bool}}, Result: Text, keepsAll: true,
		Doc: "Writes a value as text.", Example: `text(9) = "9"`,
		call: func(a []any) (any, error) { return toText(a[0]), nil }},
	{Name: "bool", Params: []Param{{Name: "value", Kinds: Text | Bool | Number}}, Result: Bool, mayMiss: true,
		Doc: "Reads true from yes, true, on, y, x and 1, and false from no, false, off, n and 0.", Example: `bool("yes") = true`,
		call: toBool},
	{Name: "date", Params: []Param{{Name: "value", Kinds: textual}, aZone}, Result: Date, mayMiss: true,
		Doc: "Takes the calendar day of a date-time, in UTC unless a time zone is given.", Example: `date("2026-11-23T23:30:00Z", "Europe/Berlin") = "2026-11-24"`,
		call: toDate},
	{Name: "datetime", Params: []Param{{Name: "value", Kinds: textual}, aZone}, Result: DateTime, mayMiss: true,
		Doc: "Reads a date-time; a date, or a time without an offset, is taken in UTC unless a time zone is given.", Example: `datetime("2026-11-23", "Europe/Berlin") = "2026-11-22T23:00:00.000Z"`,
		call: toDateTime},
	{Name: "date_add", Params: []Param{aTime, {Name: "duration", Kinds: Text}}, Result: Date | DateTime, mayMiss: true,
		Doc: "Moves a date or date-time by a duration of s, m, h, d, w, mo or y; in a month that is too short, to its last day.", Example: `date_add("2026-11-23", "5d") = "2026-11-28"`,
		call: dateAdd},

	{Name: "first", Params: []Param{aList}, Result: Any, mayMiss: true,
		Doc: "Takes the first item of a list; an empty list has none.", Example: `first(["a", "b"]) = "a"`,
		call: func(a []any) (any, error) { return item(a[0].([]any), 0), nil }},
	{Name: "last", Params: []Param{aList}, Result: Any, mayMiss: true,
		Doc: "Takes the last item of a list; an empty list has none.", Example: `last(["a", "b"]) = "b"`,
		call: func(a []any) (any, error) { l := a[0].([]any); return item(l, len(l)-1), nil }},
	{Name: "multi", Params: []Param{{Name: "value", Kinds: textual | List, Repeats: true}}, Result: Text, mayMiss: true, keepsNull: true,
		Doc: "Joins its values into one for a multi-select picklist; missing values are left out.", Example: `multi("Email", ["Phone", "SMS"]) = "Email;Phone;SMS"`,
		call: multi},

	{Name: "id18", Params: []Param{{Name: "id", Kinds: Text}}, Result: Text,
		Doc: "Writes a Salesforce record id in its 18-character form.", Example: `id18("0035g00000AbCdE") = "0035g00000AbCdEAAV"`,
		call: id18},
	{Name: "nps_group", Params: []Param{{Name: "score", Kinds: Number}}, Result: Text,
		Doc: "Names the group of a score from 0 to 10: Detractor to 6, Passive to 8, Promoter above.", Example: `nps_group(9) = "Promoter"`,
		call: npsGroup},
}

// invoke checks the kinds of the arguments, which are known only now where an
// event brings them, and calls the function.
func (f *Function) invoke(args ...any) (any, error) {
	for i, a := range args {
		if a == nil {
			if f.keepsNull {
				continue
			}
			return nil, nil
		}
		if want := f.param(i).Kinds; kindOfValue(a)&want == 0 {
			return nil, fmt.Errorf("%s needs %s, and got %s", f.Name, want&^(Date|DateTime), quoteValue(a))
		}
		if err := calculable(a); err != nil && !f.keepsAll {
			return nil, err
		}
	}
	return f.call(args)
}

func (f *Function) param(i int) Param {
	if i >= len(f.Params) {
		return f.Params[len(f.Params)-1]
	}
	return f.Params[i]
}

func kindOfValue(v any) Kinds {
	switch v.(type) {
	case nil:
		return Null
	case string:
		return Text
	case float64, int, exactNumber:
		return Number
	case bool:
		return Bool
	case []any:
		return List
	default:
		return Object
	}
}

// quoteValue shows a value in a message, cut to a readable length.
func quoteValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(cut(v, 40))
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	default:
		return toText(v)
	}
}

func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return string(r[:n-1]) + "…"
}

func float(v any) float64 {
	if i, ok := v.(int); ok {
		return float64(i)
	}
	return v.(float64)
}

func fold(args []any, f func(a, b float64) float64) float64 {
	r := float(args[0])
	for _, a := range args[1:] {
		r = f(r, float(a))
	}
	return r
}

func item(list []any, i int) any {
	if i < 0 || i >= len(list) {
		return nil
	}
	return list[i]
}

func replace(a []any) (any, error) {
	s, old, repl := a[0].(string), a[1].(string), a[2].(string)
	if old == "" {
		return nil, errors.New("replace needs the text that it should look for")
	}
	if len(s)+strings.Count(s, old)*(len(repl)-len(old)) > maxText*4 {
		return nil, errTooLong
	}
	return strings.ReplaceAll(s, old, repl), nil
}

func split(a []any) (any, error) {
	sep := a[1].(string)
	if sep == "" {
		return nil, errors.New("split needs a separator")
	}
	parts := strings.Split(a[0].(string), sep)
	list := make([]any, len(parts))
	for i, p := range parts {
		list[i] = strings.TrimSpace(p)
	}
	return list, nil
}

func joinList(a []any) (any, error) {
	sep := ", "
	if len(a) > 1 {
		sep = a[1].(string)
	}
	return joined(a[0].([]any), sep)
}

func joined(list []any, sep string) (string, error) {
	var b strings.Builder
	for _, v := range list {
		switch v.(type) {
		case nil:
			continue
		case []any, map[string]any:
			return "", fmt.Errorf("a list can be joined only when its items are texts or numbers, and one is %s", quoteValue(v))
		}
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(toText(v))
		if b.Len() > maxText*4 {
			return "", errTooLong
		}
	}
	return b.String(), nil
}

func truncate(a []any) (any, error) {
	s, n := a[0].(string), float(a[1])
	if n < 1 || n != math.Trunc(n) {
		return nil, fmt.Errorf("truncate needs a length of 1 or more, and got %s", toText(a[1]))
	}
	if float64(utf8.RuneCountInString(s)) <= n {
		return s, nil
	}
	return strings.TrimRight(string([]rune(s)[:int(n)-1]), " ") + "…", nil
}

func toNumber(a []any) (any, error) {
	switch v := a[0].(type) {
	case bool:
		if v {
			return 1.0, nil
		}
		return 0.0, nil
	case string:
		s := strings.TrimSpace(v)
		if s == "" {
			return nil, nil
		}
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(n, 0) || math.IsNaN(n) || strings.ContainsAny(s, "xXpP_") {
			return nil, fmt.Errorf("number cannot read a number from %s", quoteValue(v))
		}
		return n, nil
	}
	return a[0], nil
}

func round(a []any) (any, error) {
	n, digits := float(a[0]), 0.0
	if len(a) > 1 {
		digits = float(a[1])
	}
	if digits < 0 || digits > 15 || digits != math.Trunc(digits) {
		return nil, fmt.Errorf("round needs 0 to 15 digits, and got %s", toText(a[1]))
	}
	// Decimal text has no binary surprises: 2.345 rounds to 2.35, as people expect.
	return roundDecimal(n, int(digits)), nil
}

// toText writes a value the way JSON does, numbers without an exponent.
func toText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case exactNumber:
		return string(v)
	case float64:
		return strconv.FormatFloat(v+0, 'f', -1, 64) // + 0 makes -0 plain 0
	default:
		return fmt.Sprint(v)
	}
}

func toBool(a []any) (any, error) {
	switch v := a[0].(type) {
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "yes", "true", "on", "y", "x", "1":
			return true, nil
		case "no", "false", "off", "n", "0":
			return false, nil
		case "":
			return nil, nil
		}
	default:
		switch float(v) {
		case 1:
			return true, nil
		case 0:
			return false, nil
		}
	}
	return nil, fmt.Errorf("bool reads yes, true, on, y, x, 1 and no, false, off, n, 0, and got %s", quoteValue(a[0]))
}

func multi(args []any) (any, error) {
	var all []any
	for _, a := range args {
		if list, ok := a.([]any); ok {
			all = append(all, list...)
		} else if a != nil {
			all = append(all, a)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	for _, v := range all {
		if s, ok := v.(string); ok && strings.Contains(s, ";") {
			return nil, fmt.Errorf("a value of a multi-select picklist cannot contain a semicolon, and one is %s", quoteValue(s))
		}
	}
	s, err := joined(all, ";")
	if err != nil || s == "" {
		return nil, err
	}
	return s, nil
}

func id18(a []any) (any, error) {
	id, ok := schema.To18(strings.TrimSpace(a[0].(string)))
	if !ok {
		return nil, fmt.Errorf("id18 needs a Salesforce record id, and got %s", quoteValue(a[0]))
	}
	return id, nil
}

func npsGroup(a []any) (any, error) {
	n := float(a[0])
	switch {
	case n < 0 || n > 10:
		return nil, fmt.Errorf("nps_group needs a score from 0 to 10, and got %s", toText(a[0]))
	case n <= 6:
		return "Detractor", nil
	case n <= 8:
		return "Passive", nil
	default:
		return "Promoter", nil
	}
}
