package plan

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/sfsync/sfsync/dsl"
)

// analysis checks one expression and rewrites it to what runs:
//
//   - each path becomes one flat variable;
//   - a comparison of order or a calculation with a missing value is itself
//     missing, while == and != always answer;
//   - and, or and not reckon with missing values the way SQL does.
type analysis struct {
	c     *compilation
	s     *scope
	at    *dsl.Expr
	x     *Expression
	temps int
}

func (a *analysis) report(n ast.Node, code dsl.Code, format string, args ...any) *dsl.Diagnostic {
	return a.c.report(a.s.source, a.span(n), dsl.Error, code, format, args...)
}

// span returns the place of a node and all that belongs to it.
func (a *analysis) span(n ast.Node) dsl.Span {
	l := n.Location()
	ast.Walk(&n, extent{&l})
	span := spanAt(a.at, l)
	span.To += unclosed(a.at.Text[span.From-a.at.From:], span.To-span.From)
	return span
}

// unclosed returns how many bytes after the first n of a text close the brackets
// that those open: the places of expr's nodes leave them out.
func unclosed(text string, n int) int {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		if i >= n && depth == 0 && quote == 0 {
			return i - n
		}
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			if depth--; depth < 0 {
				return 0
			}
		}
	}
	if depth == 0 && quote == 0 {
		return max(0, len(text)-n)
	}
	return 0
}

type extent struct{ l *file.Location }

func (e extent) Visit(n *ast.Node) {
	if l := (*n).Location(); l.To > l.From {
		e.l.From = min(e.l.From, l.From)
		e.l.To = max(e.l.To, l.To)
	}
}

// leaves returns the literals that a node can result in, through `?:` and `??`.
func (a *analysis) leaves(n ast.Node) []leaf {
	switch n := n.(type) {
	case *ast.ConditionalNode:
		return append(a.leaves(n.Exp1), a.leaves(n.Exp2)...)
	case *ast.BinaryNode:
		if n.Operator == "??" {
			return append(a.leaves(n.Left), a.leaves(n.Right)...)
		}
	case *ast.StringNode:
		return []leaf{{n.Value, a.span(n)}}
	case *ast.IntegerNode:
		return []leaf{{n.Value, a.span(n)}}
	case *ast.FloatNode:
		return []leaf{{n.Value, a.span(n)}}
	case *ast.BoolNode:
		return []leaf{{n.Value, a.span(n)}}
	}
	return nil
}

// closed reports whether a node can result in nothing but literals.
func closed(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ConditionalNode:
		return closed(n.Exp1) && closed(n.Exp2)
	case *ast.BinaryNode:
		return n.Operator == "??" && closed(n.Left) && closed(n.Right)
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NilNode:
		return true
	}
	return false
}

// visit checks a node, rewrites it, and returns the kinds of its value.
func (a *analysis) visit(n *ast.Node) Kinds {
	switch node := (*n).(type) {
	case *ast.NilNode:
		a.c.report(a.s.source, a.span(node), dsl.Warning, "S406", "a missing value is written `null`").
			Fixes = []dsl.Fix{{Title: "write `null`", Edits: []dsl.Edit{{Span: a.span(node), New: "null"}}, Safe: true}}
		return Null
	case *ast.BoolNode:
		return Bool
	case *ast.IntegerNode, *ast.FloatNode:
		return Number
	case *ast.StringNode:
		return Text
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		return a.member(n)
	case *ast.UnaryNode:
		return a.unary(n, node)
	case *ast.BinaryNode:
		return a.binary(n, node)
	case *ast.ConditionalNode:
		return a.conditional(n, node)
	case *ast.CallNode:
		return a.call(node)
	case *ast.BuiltinNode:
		a.unknownFunction(node.Name, file.Location{From: node.Location().From, To: node.Location().From + len(node.Name)})
		return Any
	case *ast.ArrayNode:
		return a.array(n, node)
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		a.report(node, "S132", "an expression is one value").Help = "name a value with a `let` line of its own"
		return Any
	default:
		a.report(*n, "S132", "this is not part of the language")
		return Any
	}
}

func (a *analysis) array(n *ast.Node, node *ast.ArrayNode) Kinds {
	values := make([]any, 0, len(node.Nodes))
	for i := range node.Nodes {
		a.visit(&node.Nodes[i])
		if l := a.leaves(node.Nodes[i]); len(l) == 1 {
			values = append(values, asInEvent(l[0].value))
		}
	}
	if len(values) == len(node.Nodes) { // literals only: built once, here
		ast.Patch(n, &ast.ConstantNode{Value: values})
	}
	return List
}

func (a *analysis) unary(n *ast.Node, node *ast.UnaryNode) Kinds {
	switch node.Operator {
	case "not", "!":
		k := a.condition(&node.Node)
		return Bool | a.unlessNull(n, k, &node.Node)
	default: // + and -
		k := a.visit(&node.Node)
		if !k.can(Number) {
			a.report(node, "S131", "`%s` needs a number, and this is %s", node.Operator, k&^Null)
		}
		return Number | a.unlessNull(n, k, &node.Node)
	}
}

// condition visits a node that must be true or false.
func (a *analysis) condition(n *ast.Node) Kinds {
	k := a.visit(n)
	switch {
	case !k.can(Bool):
		d := a.report(*n, "S131", "a condition is true or false, and this is %s", k&^Null)
		if k&(textual|Number) != 0 {
			d.Help = "compare it, or read yes and no with bool(…)"
		}
	case k&^(Bool|Null) != 0: // only the event can tell
		ast.Patch(n, &ast.CallNode{Callee: &ast.IdentifierNode{Value: fnBool}, Arguments: []ast.Node{*n}})
	}
	return k & (Bool | Null)
}

func (a *analysis) conditional(n *ast.Node, node *ast.ConditionalNode) Kinds {
	cond := a.condition(&node.Cond)
	k := a.visit(&node.Exp1) | a.visit(&node.Exp2)
	return k | a.unlessNull(n, cond, &node.Cond)
}

func (a *analysis) binary(n *ast.Node, node *ast.BinaryNode) Kinds {
	switch node.Operator {
	case "and", "&&", "or", "||":
		return a.logical(n, node)
	}
	l, r := a.visit(&node.Left), a.visit(&node.Right)
	wrong := func(help string) Kinds {
		a.report(node, "S131", "`%s` does not work between %s and %s", node.Operator, l&^Null, r&^Null).Help = help
		return Any
	}
	both := func(k Kinds) bool { return l.can(k) && r.can(k) }
	alike := func(k Kinds) bool { return l&k != 0 && r&k != 0 }
	missing := func() Kinds { return a.unlessNull2(n, l, r, node) }
	switch node.Operator {
	case "==", "!=":
		if !alike(Number) && !alike(textual) && !alike(Bool) && !alike(List) && !alike(Object) && l&^Null != 0 && r&^Null != 0 {
			return wrong(conversionHelp(l, r))
		}
		exact(&node.Left)
		exact(&node.Right)
		a.dates(node, l, r)
		return Bool
	case "<", "<=", ">", ">=":
		if !alike(Number) && !alike(textual) {
			return wrong(conversionHelp(l, r))
		}
		a.dates(node, l, r)
		return Bool | missing()
	case "+":
		if !alike(Number) && !alike(textual) {
			if (l|r)&(Date|DateTime) != 0 && l|Null != Any && r|Null != Any {
				return wrong("date_add(…, \"5d\") moves a date")
			}
			return wrong("text(…) makes text of a number, and {…} in static text needs no `+`")
		}
		floats(&node.Left)
		floats(&node.Right)
		if (l|r)&textual == 0 {
			return Number | missing()
		}
		k := (l | r) & Null
		if alike(Number) {
			k |= Number
		}
		if alike(textual) {
			k |= Text
		}
		ast.Patch(n, &ast.CallNode{Callee: &ast.IdentifierNode{Value: fnAdd}, Arguments: []ast.Node{node.Left, node.Right}})
		return k
	case "-", "*", "/", "**", "^":
		if !both(Number) {
			help := ""
			if node.Operator == "-" && (l|Null != Any) && l&(Date|DateTime) != 0 {
				help = "date_add(…, \"-5d\") moves a date"
			}
			return wrong(help)
		}
		floats(&node.Left)
		floats(&node.Right)
		call := map[string]string{"/": fnDivide, "**": fnPower, "^": fnPower}[node.Operator]
		if call == "" {
			return Number | missing()
		}
		ast.Patch(n, &ast.CallNode{Callee: &ast.IdentifierNode{Value: call}, Arguments: []ast.Node{node.Left, node.Right}})
		return Number | (l|r)&Null
	case "??":
		return l&^Null | r
	case "in":
		if !r.can(List) {
			return wrong("`in` needs a list such as [\"a\", \"b\"]; `contains` looks into a text")
		}
		return Bool
	case "contains", "startsWith", "endsWith":
		if !both(textual) {
			return wrong("")
		}
		return Bool | missing()
	case "matches":
		pattern, ok := node.Right.(*ast.StringNode)
		if !ok {
			a.report(node.Right, "S132", "the pattern of `matches` is a text between quotes")
			return Bool | Null
		}
		if _, err := regexp.Compile(pattern.Value); err != nil {
			a.report(node.Right, "S020", "this pattern cannot be read: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			return Bool | Null
		}
		if !l.can(textual) {
			return wrong("")
		}
		return Bool | missing()
	default:
		a.report(node, "S132", "`%s` is not part of the language", node.Operator)
		return Any
	}
}

// dates brings a literal that a date or date-time is compared with into its form: they
// are compared as text, so `event.time > "1.12.2026"` would be decided by the first digit.
func (a *analysis) dates(node *ast.BinaryNode, l, r Kinds) {
	for _, side := range []struct {
		literal *ast.Node
		of      Kinds
	}{{&node.Right, l}, {&node.Left, r}} {
		literal, ok := (*side.literal).(*ast.StringNode)
		of := side.of &^ Null
		if !ok || of == 0 || of&^(Date|DateTime) != 0 {
			continue
		}
		text := strings.TrimSpace(literal.Value)
		_, isDate := parseDate(text)
		t, isTime := parseDateTime(text)
		order := node.Operator != "==" && node.Operator != "!="
		switch {
		case isDate && of&Date != 0:
			a.patchText(side.literal, text)
		case isTime && of&DateTime != 0:
			a.patchText(side.literal, formatDateTime(t))
		case isDate && order:
			a.patchText(side.literal, text+"T00:00:00.000Z")
		case isDate || isTime:
			a.report(node, "S131", "`%s` does not work between a date and a date-time", node.Operator).
				Help = "date(…) takes the day of a date-time"
		default:
			d := a.report(literal, "S131", "this is compared with %s, and is none", of)
			d.Help = "write it as 2026-11-23T14:03:00Z, or use datetime(…)"
			if of == Date {
				d.Help = "write it as 2026-11-23, or use date(…)"
			}
		}
	}
}

func (a *analysis) patchText(n *ast.Node, text string) {
	if (*n).(*ast.StringNode).Value != text {
		ast.Patch(n, &ast.StringNode{Value: text})
	}
}

// exact makes a whole number that is compared what the event's are.
func exact(n *ast.Node) {
	if node, ok := (*n).(*ast.IntegerNode); ok {
		if value, ok := asInEvent(node.Value).(exactNumber); ok {
			ast.Patch(n, &ast.ConstantNode{Value: value})
		}
	}
}

// asInEvent returns a literal in the form that the event's value would have.
func asInEvent(literal any) any {
	if n, ok := literal.(int); ok {
		if value, ok := wholeNumber(strconv.Itoa(n), float64(n)).(exactNumber); ok {
			return value
		}
	}
	return literal
}

// floats makes the whole numbers that a node can result in decimal ones, which
// the event's are: whole numbers wrap round when they grow too large.
func floats(n *ast.Node) {
	switch node := (*n).(type) {
	case *ast.IntegerNode:
		ast.Patch(n, &ast.FloatNode{Value: float64(node.Value)})
	case *ast.UnaryNode:
		floats(&node.Node)
	case *ast.ConditionalNode:
		floats(&node.Exp1)
		floats(&node.Exp2)
	}
}

// conversionHelp says how two kinds could be made one.
func conversionHelp(l, r Kinds) string {
	switch all := l | r; {
	case all&Bool != 0 && all&textual != 0:
		return "bool(…) reads yes and no"
	case all&Number != 0 && all&textual != 0:
		return "number(…) reads a number from text, text(…) makes text of a number"
	}
	return ""
}

// argumentHelp says how a value could be made one that a function takes.
func argumentHelp(p Param, got Kinds) string {
	want := p.Kinds
	switch {
	case p.Name == "duration":
		return "a duration is a text such as \"5d\""
	case want&textual != 0 && got&(Number|Bool) != 0:
		return "text(…) makes text of it"
	case want&textual != 0 && got&List != 0:
		return "join(…) makes text of a list, first(…) takes one of its items"
	case want&Number != 0 && got&textual != 0:
		return "number(…) reads a number from text"
	case want&List != 0 && got&textual != 0:
		return "split(…) makes a list of a text"
	}
	return ""
}

// logical rewrites `and` and `or`: a side that decides decides, even when the
// other is missing.
func (a *analysis) logical(n *ast.Node, node *ast.BinaryNode) Kinds {
	before := a.c.errors
	l := a.condition(&node.Left)
	_, isText := node.Right.(*ast.StringNode)
	if isText && a.c.errors > before {
		return Any // `a and "b" or "c"` is one fault
	}
	r := a.condition(&node.Right)
	if isText && a.c.errors > before { // `answers.a || "default"`, `answers.nps > 6 and "high"`
		d := &a.c.diagnostics[len(a.c.diagnostics)-1]
		if d.Help = choose; node.Operator == "or" || node.Operator == "||" {
			d.Help = giveDefault
		}
	}
	if !l.maybeNull() && !r.maybeNull() {
		return Bool
	}
	decides := node.Operator == "or" || node.Operator == "||"
	var wrap []binding
	left, right := node.Left, node.Right
	left = a.bind(left, &wrap)
	// The right side is only computed when the left one does not decide.
	var wrapRight []binding
	right = a.bind(right, &wrapRight)
	unknown := &ast.BinaryNode{Operator: "||", Left: isNull(left), Right: isNull(right)}
	rest := wrapRightNode(wrapRight, &ast.ConditionalNode{
		Ternary: true,
		Cond:    &ast.BinaryNode{Operator: "==", Left: right, Right: &ast.BoolNode{Value: decides}},
		Exp1:    &ast.BoolNode{Value: decides},
		Exp2:    &ast.ConditionalNode{Ternary: true, Cond: unknown, Exp1: &ast.NilNode{}, Exp2: &ast.BoolNode{Value: !decides}},
	})
	ast.Patch(n, wrapRightNode(wrap, &ast.ConditionalNode{
		Ternary: true,
		Cond:    &ast.BinaryNode{Operator: "==", Left: left, Right: &ast.BoolNode{Value: decides}},
		Exp1:    &ast.BoolNode{Value: decides},
		Exp2:    rest,
	}))
	return Bool | Null
}

// A binding gives a computed value a name, so that it is computed once.
type binding struct {
	name  string
	value ast.Node
}

// bind returns a node that can be used several times for the same value.
func (a *analysis) bind(n ast.Node, wrap *[]binding) ast.Node {
	switch n.(type) {
	case *ast.IdentifierNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.NilNode:
		return n
	}
	a.temps++
	id := &ast.IdentifierNode{Value: fmt.Sprintf("$%d", a.temps)}
	id.SetLocation(n.Location())
	*wrap = append(*wrap, binding{id.Value, n})
	return id
}

func wrapRightNode(wrap []binding, n ast.Node) ast.Node {
	for i := len(wrap) - 1; i >= 0; i-- {
		n = &ast.VariableDeclaratorNode{Name: wrap[i].name, Value: wrap[i].value, Expr: n}
	}
	return n
}

func isNull(n ast.Node) ast.Node {
	return &ast.BinaryNode{Operator: "==", Left: n, Right: &ast.NilNode{}}
}

// unlessNull makes the node null when its operand is, and returns Null if that
// can happen. The operand is one of the node's own children.
func (a *analysis) unlessNull(n *ast.Node, k Kinds, operand *ast.Node) Kinds {
	if !k.maybeNull() {
		return 0
	}
	var wrap []binding
	*operand = a.bind(*operand, &wrap)
	inner := *n
	ast.Patch(n, wrapRightNode(wrap, &ast.ConditionalNode{Ternary: true, Cond: isNull(*operand), Exp1: &ast.NilNode{}, Exp2: inner}))
	return Null
}

// unlessNull2 is unlessNull for the two operands of a binary node.
func (a *analysis) unlessNull2(n *ast.Node, l, r Kinds, node *ast.BinaryNode) Kinds {
	var wrap []binding
	var test ast.Node
	for _, side := range []struct {
		k    Kinds
		node *ast.Node
	}{{l, &node.Left}, {r, &node.Right}} {
		if !side.k.maybeNull() {
			continue
		}
		*side.node = a.bind(*side.node, &wrap)
		if test == nil {
			test = isNull(*side.node)
		} else {
			test = &ast.BinaryNode{Operator: "||", Left: test, Right: isNull(*side.node)}
		}
	}
	if test == nil {
		return 0
	}
	ast.Patch(n, wrapRightNode(wrap, &ast.ConditionalNode{Ternary: true, Cond: test, Exp1: &ast.NilNode{}, Exp2: node}))
	return Null
}

// call checks a call of one of our functions.
func (a *analysis) call(node *ast.CallNode) Kinds {
	callee, ok := node.Callee.(*ast.IdentifierNode)
	if !ok {
		d := a.report(node, "S105", "a value cannot be called like a function")
		if m, ok := node.Callee.(*ast.MemberNode); ok {
			if name, ok := m.Property.(*ast.StringNode); ok && functionByName[name.Value] != nil {
				d.Help = fmt.Sprintf("a function stands in front of its values: %s", functionByName[name.Value].Signature())
			}
		}
		return Any
	}
	f := functionByName[callee.Value]
	if f == nil {
		a.unknownFunction(callee.Value, callee.Location())
		return Any
	}
	result := f.Result
	least, most := len(f.Params), len(f.Params)
	for _, p := range f.Params {
		if p.Optional {
			least--
		}
		if p.Repeats {
			most = 32
		}
	}
	wrongCount := len(node.Arguments) < least || len(node.Arguments) > most
	if wrongCount {
		a.report(node, "S130", "`%s` takes %s, and here are %d", f.Name, countArgs(least, most), len(node.Arguments)).
			Help = "it is written " + f.Signature()
	}
	var all Kinds
	for i := range node.Arguments {
		arg := a.span(node.Arguments[i])
		k := a.visit(&node.Arguments[i])
		all |= k
		if wrongCount {
			continue // which is which cannot be told
		}
		if want := f.param(i).Kinds; !k.can(want) {
			a.c.report(a.s.source, arg, dsl.Error, "S130", "`%s` needs %s here, and this is %s", f.Name, want&^(Date|DateTime), k&^Null).
				Help = argumentHelp(f.param(i), k)
		}
		a.checkArgument(f, i, node.Arguments[i], arg)
	}
	if f.Name == "date_add" && all&textual&^Text != 0 {
		if only := all & (Date | DateTime); only != Date|DateTime {
			result = only
		}
	}
	if f.mayMiss || (all.maybeNull() && !f.keepsNull) {
		result |= Null
	}
	return result
}

// checkArgument finds literals that a function will refuse, before any event.
func (a *analysis) checkArgument(f *Function, i int, n ast.Node, at dsl.Span) {
	var err error
	switch lit := n.(type) {
	case *ast.StringNode:
		switch f.param(i).Name {
		case "zone":
			_, err = zone([]any{nil, lit.Value})
		case "duration":
			_, err = parseDuration(lit.Value)
		case "old":
			_, err = replace([]any{"", lit.Value, ""})
		case "separator":
			if f.Name == "split" {
				_, err = split([]any{"", lit.Value})
			}
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.UnaryNode:
		value, ok := numeralOf(lit)
		switch {
		case !ok:
		case f.param(i).Name == "digits":
			_, err = round([]any{0.0, value})
		case f.param(i).Name == "length":
			_, err = truncate([]any{"", value})
		case f.Name == "nps_group":
			_, err = npsGroup([]any{value})
		}
	}
	if err != nil {
		a.c.report(a.s.source, at, dsl.Error, "S130", "%s", err)
	}
}

// numeralOf returns the number that a literal is, with its sign.
func numeralOf(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.UnaryNode:
		v, ok := numeralOf(n.Node)
		return -v, ok && n.Operator == "-"
	}
	return 0, false
}

func countArgs(least, most int) string {
	switch {
	case least == most && least == 1:
		return "1 value"
	case least == most:
		return fmt.Sprintf("%d values", least)
	case most == 32:
		return fmt.Sprintf("%d or more values", least)
	case most == least+1:
		return fmt.Sprintf("%d or %d values", least, most)
	default:
		return fmt.Sprintf("%d to %d values", least, most)
	}
}

func (a *analysis) unknownFunction(name string, at file.Location) {
	var names []string
	for i := range functions {
		names = append(names, functions[i].Name)
	}
	span := spanAt(a.at, at)
	d := a.c.report(a.s.source, span, dsl.Error, "S105", "there is no function `%s`", name)
	other := otherFunctions[strings.ToUpper(name)]
	switch better, ok := dsl.Suggest(name, names); {
	case ok && strings.EqualFold(name, better), ok && other == "":
		d.Help = fmt.Sprintf("did you mean `%s`?", better)
		d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: span, New: better}}}}
	case other != "":
		d.Help = other
	default:
		d.Help = "`sfsync explain` lists the functions that there are"
	}
}
