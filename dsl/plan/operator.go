package plan

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The functions that expressions are rewritten to use; nobody can type their names.
const (
	fnAdd    = "$add"
	fnDivide = "$divide"
	fnPower  = "$power"
	fnBool   = "$bool"
	fnItem   = "$item"
)

// An exactNumber is a whole number of more digits than a float64 holds, as it was
// written: the ids of some systems are such. It can be compared and written, but nothing
// calculates with it.
type exactNumber string

// wholeNumber reads a JSON number whose float64 is known.
func wholeNumber(raw string, n float64) any {
	// 15 digits always fit.
	if len(raw) <= 15 || strings.ContainsAny(raw, ".eE") || strconv.FormatFloat(n, 'f', -1, 64) == raw {
		return n
	}
	if i, err := strconv.ParseInt(raw, 10, 64); err == nil && math.Abs(n) < 1<<63 && int64(n) == i {
		return n
	}
	return exactNumber(raw)
}

// calculable refuses values that would lose digits in a calculation.
func calculable(values ...any) error {
	for _, v := range values {
		if n, ok := v.(exactNumber); ok {
			return fmt.Errorf("%s has more digits than can be calculated with", n)
		}
	}
	return nil
}

// add is `+` where either side may be text: no text grows without bound, and a
// message says what was added to what.
func add(a ...any) (any, error) {
	if a[0] == nil || a[1] == nil {
		return nil, nil
	}
	l, lok := a[0].(string)
	r, rok := a[1].(string)
	if lok && rok {
		if len(l)+len(r) > maxText*4 {
			return nil, errTooLong
		}
		return l + r, nil
	}
	if kindOfValue(a[0]) == Number && kindOfValue(a[1]) == Number {
		if err := calculable(a...); err != nil {
			return nil, err
		}
		return float(a[0]) + float(a[1]), nil
	}
	return nil, fmt.Errorf("%s cannot be added to %s; text(…) makes text of a number", quoteValue(a[1]), quoteValue(a[0]))
}

// divide and power refuse what has no result, which would go on as an infinity
// that is larger than any number of a guard.
func divide(a ...any) (any, error) {
	return calculate("/", a, func(l, r float64) float64 { return l / r })
}

func power(a ...any) (any, error) { return calculate("**", a, math.Pow) }

func calculate(operator string, a []any, f func(l, r float64) float64) (any, error) {
	if a[0] == nil || a[1] == nil {
		return nil, nil
	}
	if l, r := kindOfValue(a[0]), kindOfValue(a[1]); l != Number || r != Number {
		return nil, fmt.Errorf("`%s` does not work between %s and %s", operator, l, r)
	}
	if err := calculable(a...); err != nil {
		return nil, err
	}
	v := f(float(a[0]), float(a[1]))
	if finite(v) != nil {
		return nil, fmt.Errorf("%s %s %s has no result", toText(a[0]), operator, toText(a[1]))
	}
	return v, nil
}

// truth lets through what can stand in a condition.
func truth(a ...any) (any, error) {
	switch a[0].(type) {
	case nil, bool:
		return a[0], nil
	}
	return nil, fmt.Errorf("a condition needs true or false, and got %s; bool(…) reads yes and no", quoteValue(a[0]))
}

// itemAt is list[i], where an index outside of the list finds nothing.
func itemAt(a ...any) (any, error) {
	if a[0] == nil || a[1] == nil {
		return nil, nil
	}
	list, ok := a[0].([]any)
	if !ok {
		return nil, fmt.Errorf("only a list has items, and this is %s", quoteValue(a[0]))
	}
	if kindOfValue(a[1]) != Number {
		return nil, fmt.Errorf("an item of a list is found by its number, and got %s", quoteValue(a[1]))
	}
	if err := calculable(a[1]); err != nil {
		return nil, err
	}
	i := float(a[1])
	if i < 0 {
		i += float64(len(list))
	}
	if i != math.Trunc(i) || i < 0 || i >= float64(len(list)) {
		return nil, nil
	}
	return list[int(i)], nil
}

// finite rejects numbers that JSON cannot hold.
func finite(v any) error {
	if n, ok := v.(float64); ok && (math.IsInf(n, 0) || math.IsNaN(n)) {
		return errors.New("the result is too large to be a number")
	}
	return nil
}
