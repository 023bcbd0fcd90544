package plan

import (
	"regexp"
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
	textsLeft, textsRight := a.texts(node.Left), a.texts(node.Right) // before lists of them become constants
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
		a.picklistCompared(node.Left, textsRight)
		a.picklistCompared(node.Right, textsLeft)
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
		a.picklistCompared(node.Left, textsRight)
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
