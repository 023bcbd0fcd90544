package schema

import (
	"fmt"
	"strconv"
	"strings"
)

// number is a JSON number taken apart: digits (with fraction) and the place of
// the decimal point in them, without leading zeros.
type number struct {
	negative  bool
	lead      string // digits before the point as written
	frac      string // digits after the point as written
	exp       int
	malformed bool
}

// maxExponent is far beyond any Salesforce field; a larger one is out of range
// whatever the digits are.
const maxExponent = 1000

func readNumber(s string) number {
	var n number
	bad := number{malformed: true}
	s, n.negative = strings.CutPrefix(s, "-")
	i := 0
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	n.lead = s[:i]
	if i == 0 || i > 1 && s[0] == '0' {
		return bad
	}
	s = s[i:]
	if strings.HasPrefix(s, ".") {
		i = 1
		for i < len(s) && isDigit(s[i]) {
			i++
		}
		if i == 1 {
			return bad
		}
		n.frac, s = s[1:i], s[i:]
	}
	if s == "" {
		return n
	}
	if s[0] != 'e' && s[0] != 'E' {
		return bad
	}
	s = s[1:]
	negative := false
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative, s = s[0] == '-', s[1:]
	}
	if s == "" {
		return bad
	}
	for i := range len(s) {
		if !isDigit(s[i]) {
			return bad
		}
		n.exp = min(n.exp*10+int(s[i]-'0'), maxExponent+1)
	}
	if negative {
		n.exp = -n.exp
	}
	return n
}

func jsonNumber(s string) bool { return !readNumber(s).malformed }

// digit returns the i-th digit of the mantissa.
func (n *number) digit(i int) byte {
	if i < len(n.lead) {
		return n.lead[i]
	}
	return n.frac[i-len(n.lead)]
}

// size returns how many digits stand left of the decimal point when the number
// is written without exponent, and whether anything but zeros stands right of it.
func (n *number) size() (integer int, fraction bool) {
	total := len(n.lead) + len(n.frac)
	first := 0
	for first < total && n.digit(first) == '0' {
		first++
	}
	if first == total {
		return 0, false
	}
	last := total
	for n.digit(last-1) == '0' {
		last--
	}
	point := len(n.lead) + n.exp
	return max(point-first, 0), last > point
}

func (f *Field) appendNumber(dst []byte, v Value) ([]byte, *ValueError) {
	if v.Kind != KindNumber {
		return dst, f.wrongType(v, "use number(...)")
	}
	n := readNumber(v.Text)
	if n.malformed {
		return dst, f.wrongType(v, "")
	}
	integer, fraction := n.size()
	if f.Type == TypeInt || f.Type == TypeLong {
		return f.appendInteger(dst, v, &n, integer, fraction)
	}
	// Digits beyond the scale are left to Salesforce, which drops them.
	if f.Precision > 0 && integer > f.Precision-f.Scale {
		return dst, f.err(OutOfRange,
			fmt.Sprintf("holds %d digits before the decimal point and %s has %s", f.Precision-f.Scale, show(v), howMany(integer)), "")
	}
	if bound := f.coordinateBound(); bound > 0 {
		if x, err := strconv.ParseFloat(v.Text, 64); err != nil || x < -bound || x > bound {
			return dst, f.err(OutOfRange, fmt.Sprintf("takes a number from -%g to %g, and %s is outside", bound, bound, show(v)), "")
		}
	}
	return append(dst, v.Text...), nil
}

// appendInteger writes a whole number without point and exponent, which the API
// does not take for an int field.
func (f *Field) appendInteger(dst []byte, v Value, n *number, integer int, fraction bool) ([]byte, *ValueError) {
	if fraction {
		return dst, f.wrongType(v, "use round(...), floor(...) or ceil(...)")
	}
	digits := f.Digits
	if digits == 0 && f.Type == TypeInt {
		digits = 10
	}
	if digits == 0 {
		digits = 19
	}
	if integer > digits {
		return dst, f.err(OutOfRange, fmt.Sprintf("holds %d digits and %s has %s", digits, show(v), howMany(integer)), "")
	}
	if n.frac == "" && n.exp == 0 {
		return append(dst, v.Text...), nil
	}
	if integer == 0 {
		return append(dst, '0'), nil
	}
	if n.negative {
		dst = append(dst, '-')
	}
	point := len(n.lead) + n.exp
	total := len(n.lead) + len(n.frac)
	for i := point - integer; i < point; i++ {
		if i < total {
			dst = append(dst, n.digit(i))
		} else {
			dst = append(dst, '0')
		}
	}
	return dst, nil
}

// howMany says a number of digits, which a large exponent makes unbounded.
func howMany(digits int) string {
	if digits > maxExponent {
		return "more than " + strconv.Itoa(maxExponent)
	}
	return strconv.Itoa(digits)
}

// coordinateBound returns the greatest latitude or longitude for the parts of a
// geolocation or address, 0 for other fields.
func (f *Field) coordinateBound() float64 {
	if f.CompoundFieldName == "" {
		return 0
	}
	switch {
	case strings.HasSuffix(f.Name, "Latitude") || strings.HasSuffix(f.Name, "__Latitude__s"):
		return 90
	case strings.HasSuffix(f.Name, "Longitude") || strings.HasSuffix(f.Name, "__Longitude__s"):
		return 180
	}
	return 0
}
