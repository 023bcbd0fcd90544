package plan

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

const (
	maxNodes      = 200  // of one expression
	maxExprLength = 4000 // bytes of one expression's text
)

// Expression is an expression of a rule, checked and ready to run.
type Expression struct {
	Text string // as the author wrote it
	at   place

	kinds    Kinds
	field    *schema.Field // of a bare record path
	variable int           // the variable that the whole expression is, or -1
	constant bool          // needs no event
	null     bool          // is the literal null, which clears a field
	value    any           // of a constant
	leaves   []leaf        // the literals that it can result in
	closed   bool          // whether it results in nothing else
	reads    []int         // every variable it reads, in order of first use
	names    []string      // of reads, as the author knows them
	program  *vm.Program
	lets     map[string]*Expression // the names that it can use
}

// A leaf is a literal that an expression can result in, with its place.
type leaf struct {
	value any
	span  dsl.Span
}

// place is a span of a source.
type place struct {
	source *dsl.Source
	span   dsl.Span
}

func (e *Expression) isNull() bool { return e.constant && e.value == nil }

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

// newConfig returns the configuration that all expressions of one compilation
// share: none of expr's builtins, our functions, and an environment of flat names.
func newConfig() *conf.Config {
	c := conf.New(map[string]any{})
	c.Builtins = conf.FunctionsTable{}
	for _, b := range builtin.Builtins {
		c.Disabled[b.Name] = true
	}
	c.MaxNodes = maxNodes
	c.DisableIfOperator = true
	for i := range functions {
		f := &functions[i]
		c.Functions[f.Name] = &builtin.Function{Name: f.Name, Func: f.invoke}
	}
	for name, call := range map[string]func(...any) (any, error){fnAdd: add, fnDivide: divide, fnPower: power, fnBool: truth, fnItem: itemAt} {
		c.Functions[name] = &builtin.Function{Name: name, Func: call}
	}
	return c
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

// expression checks and compiles one expression of the author's.
func (c *compilation) expression(e *dsl.Expr, s *scope) *Expression {
	x := &Expression{Text: e.Text, at: place{s.source, e.Span}, variable: -1, kinds: Any, lets: s.lets}
	if c.isFaulty(s.source, e.Span) || e.Broken {
		return x
	}
	if len(e.Text) > maxExprLength {
		c.report(s.source, e.Span, dsl.Error, "S020", "this expression is longer than %d characters", maxExprLength).
			Help = "split it with `let`"
		return x
	}
	before := c.errors
	tree, err := parser.ParseWithConfig(e.Text, c.config)
	if err != nil {
		c.syntaxError(err, e, s)
		return x
	}
	a := &analysis{c: c, s: s, at: e, x: x}
	if a.shares(tree.Node) {
		return x
	}
	x.leaves, x.closed = a.leaves(tree.Node), closed(tree.Node)
	x.kinds = a.visit(&tree.Node)
	if c.errors > before {
		return x
	}
	if id, ok := tree.Node.(*ast.IdentifierNode); ok && len(x.reads) == 1 && id.Value == c.variables[x.reads[0]].key {
		x.variable = x.reads[0]
		x.field = c.variables[x.variable].field
	}
	for _, id := range x.reads {
		x.names = append(x.names, c.variables[id].name)
	}
	_, x.null = tree.Node.(*ast.NilNode)
	x.program, err = compiler.Compile(tree, c.config)
	if err != nil {
		c.report(s.source, e.Span, dsl.Error, "S020", "this expression cannot be read")
		return x
	}
	if len(x.reads) == 0 {
		x.constant = true
		x.value, err = vm.Run(x.program, map[string]any{})
		if err == nil {
			err = finite(x.value)
		}
		if err != nil {
			c.report(s.source, e.Span, dsl.Error, "S131", "%s", runMessage(err))
			x.constant = false // it has no value
		} else if x.value == nil {
			x.kinds = Null
		}
	}
	return x
}

// finite rejects numbers that JSON cannot hold.
func finite(v any) error {
	if n, ok := v.(float64); ok && (math.IsInf(n, 0) || math.IsNaN(n)) {
		return errors.New("the result is too large to be a number")
	}
	return nil
}

var (
	unexpectedToken = regexp.MustCompile(`^unexpected token (\w+)(?:\("(.*)"\))?`)
	wrongOperands   = regexp.MustCompile(`invalid operation: (\S+(?: \{\})?) (\S+) (\S+(?: \{\})?)`)
	wrongOperand    = regexp.MustCompile(`invalid operation: ([-+!]) (\S+)`)
	notAList        = regexp.MustCompile(`operator "in" not defined on (\S+)`)
	wrongKind       = regexp.MustCompile(`interface conversion: interface \{\} is (.+), not (\S+)`)
)

// syntaxError reports what expr's parser could not read, in the author's words
// and at its true place.
func (c *compilation) syntaxError(err error, e *dsl.Expr, s *scope) {
	var fe *file.Error
	if !errors.As(err, &fe) {
		c.report(s.source, e.Span, dsl.Error, "S020", "this expression cannot be read")
		return
	}
	span := spanAt(e, fe.Location)
	help := ""
	msg := "this expression cannot be read here"
	if m := unexpectedToken.FindStringSubmatch(fe.Message); m != nil {
		switch {
		case m[1] == "EOF":
			msg, span = endsEarly(e)
		case m[2] != "":
			msg = fmt.Sprintf("`%s` is not expected here", m[2])
			help = operatorHelp(e.Text, span.From-e.From, m[2])
		}
	} else if strings.Contains(fe.Message, "exceeds maximum allowed nodes") {
		msg = fmt.Sprintf("this expression has more than %d parts; split it with `let`", maxNodes)
		span = e.Span
	} else if fe.Message == "unexpected end of expression" {
		msg, span = endsEarly(e)
	} else if strings.Contains(fe.Message, "too large") || strings.Contains(fe.Message, "out of range") {
		msg, span = "this number is too large to calculate with", wordAt(e, span)
	} else if badNumber.MatchString(fe.Message) {
		msg, span = "this is not a number", wordAt(e, span)
	} else if fe.Message == "invalid char escape" {
		msg = "after a backslash stands n, t, a quote or a second backslash"
	} else if strings.Contains(fe.Message, "cannot be mixed") {
		msg = "`??` does not say how it goes together with `" + e.Text[span.From-e.From:span.To-e.From] + "`: put brackets round one of them"
	}
	if help == "" && strings.HasSuffix(strings.TrimSpace(e.Text), "%") {
		help = "a percentage is written as a number: 10 for 10 %"
	}
	c.report(s.source, span, dsl.Error, "S020", "%s", msg).Help = help
}

var badNumber = regexp.MustCompile(`^(bad number syntax|invalid (float|integer|hex|octal|binary) literal)`)

// endsEarly marks the last character of an expression of which more is needed.
func endsEarly(e *dsl.Expr) (string, dsl.Span) {
	end := e.From + len(strings.TrimRight(e.Text, " \t\r\n"))
	from := max(e.From, end-1)
	for from > e.From && !utf8.RuneStart(e.Text[from-e.From]) {
		from--
	}
	return "this expression ends too early", dsl.Span{From: from, To: end}
}

// wordAt widens a place to the number or word that it ends.
func wordAt(e *dsl.Expr, at dsl.Span) dsl.Span {
	text := e.Text[:at.To-e.From]
	start := len(strings.TrimRightFunc(text, func(r rune) bool {
		return r == '.' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
	}))
	return dsl.Span{From: min(at.From, e.From+start), To: at.To}
}

// spanAt maps expr's location, counted in runes from the start of the
// expression, to bytes of the file.
func spanAt(e *dsl.Expr, l file.Location) dsl.Span {
	from, to, runes := len(e.Text), len(e.Text), 0
	for i := range e.Text {
		if runes == l.From {
			from = i
		}
		if runes == l.To {
			to = i
			break
		}
		runes++
	}
	if to <= from {
		to = min(from+1, len(e.Text))
	}
	from = min(from, to)
	return dsl.Span{From: e.From + from, To: e.From + to}
}

// runMessage says in the author's words why an expression failed on an event.
func runMessage(err error) string {
	msg := err.Error()
	var fe *file.Error
	if errors.As(err, &fe) {
		msg = fe.Message
	}
	if m := wrongOperands.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("`%s` does not work between %s and %s", m[2], goKind(m[1]), goKind(m[3]))
	}
	if m := wrongOperand.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("`%s` needs a number, and this is %s", m[1], goKind(m[2]))
	}
	if m := notAList.FindStringSubmatch(msg); m != nil {
		return "`in` needs a list, and this is " + goKind(m[1])
	}
	if m := wrongKind.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("%s stands where %s is needed", goKind(m[1]), goKind(m[2]))
	}
	if i := strings.IndexByte(msg, '\n'); i >= 0 {
		msg = msg[:i]
	}
	return msg
}

// goKind names the kind of a Go type that expr shows in its messages.
func goKind(t string) string {
	switch {
	case t == "string":
		return "text"
	case t == "bool":
		return "true or false"
	case t == "float64" || t == "int":
		return "a number"
	case t == "plan.exactNumber":
		return "a number of more than 15 digits"
	case t == "nil" || t == "<nil>":
		return "null"
	case strings.HasPrefix(t, "[]"):
		return "a list"
	default:
		return "an object"
	}
}
