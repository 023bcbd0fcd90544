package schema

import (
	"encoding/base64"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

func (f *Field) appendPicklist(dst []byte, v Value) ([]byte, *ValueError) {
	value := strings.TrimSpace(v.Text)
	if value == "" {
		return f.appendNull(dst)
	}
	if bad := f.checkPicklist(value); bad != nil {
		return dst, bad
	}
	return AppendJSONString(dst, value), nil
}

// appendMultiPicklist writes values separated by semicolons, the only form in
// which the API takes several.
func (f *Field) appendMultiPicklist(dst []byte, v Value) ([]byte, *ValueError) {
	start := len(dst)
	dst = append(dst, '"')
	first, length := true, 0
	add := func(value string) *ValueError {
		value = strings.TrimSpace(value)
		if value == "" {
			return nil
		}
		if bad := f.checkPicklist(value); bad != nil {
			return bad
		}
		if !first {
			dst = append(dst, ';')
			length++
		}
		first = false
		length += utf8.RuneCountInString(value)
		// The escaper writes both quotes; the values share one pair.
		at := len(dst)
		dst = AppendJSONString(dst, value)
		dst = append(dst[:at], dst[at+1:len(dst)-1]...)
		return nil
	}
	var bad *ValueError
	if v.Kind == KindList {
		for _, e := range v.List {
			switch {
			case e.Kind == KindNull:
				continue
			case e.Kind == KindList || e.Kind == KindObject:
				bad = f.wrongType(e, "send a list of texts")
			case strings.Contains(e.Text, ";"):
				bad = f.err(NotInPicklist, "takes values without a semicolon, which separates them, and "+show(e)+" has one", "")
			default:
				bad = add(e.Text)
			}
			if bad != nil {
				return dst[:start], bad
			}
		}
	} else {
		for value := range strings.SplitSeq(v.Text, ";") {
			if bad = add(value); bad != nil {
				return dst[:start], bad
			}
		}
	}
	if first {
		return f.appendNull(dst[:start])
	}
	if f.Length > 0 && length > f.Length {
		return dst[:start], f.err(TooLong, fmt.Sprintf("holds %d characters and the values have %d together", f.Length, length), "")
	}
	return append(dst, '"'), nil
}

func (f *Field) checkPicklist(value string) *ValueError {
	if !f.RestrictedPicklist {
		return f.checkLength(value)
	}
	for i := range f.PicklistValues {
		if p := &f.PicklistValues[i]; p.Value == value && p.Active {
			return nil
		}
	}
	clause := "takes only the values of its picklist, and " + showText(value) + " is not one of them"
	if f.inactive(value) {
		clause = "does not take " + showText(value) + " any more: the value is inactive"
	}
	if s := f.PicklistSuggest(value); s != "" {
		return f.err(NotInPicklist, clause, "did you mean "+showText(s)+"?")
	}
	if values := f.ActiveValues(); len(values) > 0 {
		return f.err(NotInPicklist, clause, "it takes "+oneOf(values, 8))
	}
	return f.err(NotInPicklist, clause, "the picklist has no active values; ask your Salesforce admin")
}

func (f *Field) inactive(value string) bool {
	for _, p := range f.PicklistValues {
		if p.Value == value && !p.Active {
			return true
		}
	}
	return false
}

// ActiveValues returns the API values of the picklist that can be chosen, in
// the order in which Salesforce shows them.
func (f *Field) ActiveValues() []string {
	var values []string
	for _, p := range f.PicklistValues {
		if p.Active {
			values = append(values, p.Value)
		}
	}
	return values
}

// PicklistSuggest returns the active API value that was probably meant by value:
// the one that differs in case and punctuation only, or has it as its label, else the nearest by
// spelling. It returns "" if value is right as it is, or if nothing is near. An
// unrestricted picklist stores a typing error without complaint, which is worth
// a warning.
func (f *Field) PicklistSuggest(value string) string {
	if value == "" {
		return ""
	}
	byLabel, nearest := "", ""
	limit := min(len(value)/4, 3)
	if limit == 0 && len(value) > 2 {
		limit = 1
	}
	for _, p := range f.PicklistValues {
		switch {
		case !p.Active:
			continue
		case p.Value == value:
			return ""
		case sameLetters(p.Value, value) || sameLetters(p.Label, value):
			if byLabel == "" {
				byLabel = p.Value
			}
		}
		for _, s := range [2]string{p.Value, p.Label} {
			if s == "" {
				continue
			}
			if d := editDistance(strings.ToLower(s), strings.ToLower(value), limit); d <= limit {
				nearest, limit = p.Value, d-1
			}
		}
	}
	if byLabel != "" {
		return byLabel
	}
	return nearest
}

// sameLetters reports whether two values differ in nothing but case, blanks and
// punctuation, as `Mr` and `Mr.` do.
func sameLetters(a, b string) bool {
	letters := func(s string) string {
		return strings.Map(func(r rune) rune {
			if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				return -1
			}
			return unicode.ToLower(r)
		}, s)
	}
	a = letters(a)
	return a != "" && a == letters(b)
}

// editDistance counts the letters to insert, delete, replace or swap with their
// neighbour to get from a to b; anything above limit comes back as limit+1.
func editDistance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) > limit || len(y)-len(x) > limit || limit < 0 {
		return limit + 1
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		best := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			best = min(best, row[j])
		}
		if best > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(y)], limit+1)
}

// ValidFor returns the active values that a dependent picklist takes while its
// controlling field has controllingValue: an API value of a picklist, or "true" or
// "false" of a checkbox. It returns nil when the controller does not have that value.
//
// Bit n of a value's bitset, counted from the most significant bit of the first
// byte, stands for the n-th value of the controlling field, active or not ("SOAP API
// Developer Guide", describeSObjectResult).
func (f *Field) ValidFor(controllingValue string, controller *Field) []string {
	bit := -1
	if controller.Type == TypeBoolean {
		switch controllingValue {
		case "false":
			bit = 0
		case "true":
			bit = 1
		}
	}
	for i, p := range controller.PicklistValues {
		if p.Value == controllingValue {
			bit = i
			break
		}
	}
	if bit < 0 {
		return nil
	}
	values := []string{}
	for _, p := range f.PicklistValues {
		set, err := base64.StdEncoding.DecodeString(p.ValidFor)
		if p.Active && err == nil && bit>>3 < len(set) && set[bit>>3]&(0x80>>(bit%8)) != 0 {
			values = append(values, p.Value)
		}
	}
	return values
}
