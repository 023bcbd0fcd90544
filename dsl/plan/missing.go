package plan

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
)

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
