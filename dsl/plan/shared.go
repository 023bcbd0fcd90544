package plan

import (
	"github.com/expr-lang/expr/ast"

	"github.com/sfsync/sfsync/dsl"
)

// shares reports, and says so, whether a part of an expression stands at two places
// of its tree: expr's parser writes `a ?: b` as `a ? a : b`, and `0 < a < 9` as
// `0 < a and a < 9`. Such parts within each other would be walked, and run, as often
// as two to the power of their depth. A chain with a plain middle is let through.
func (a *analysis) shares(n ast.Node) bool {
	message, help, at := "", "", a.at.Span
	switch n := n.(type) {
	case *ast.ConditionalNode:
		if n.Exp1 == n.Cond {
			message, help = "`?:` is not part of the language", "`??` gives a default for a missing value"
		}
	case *ast.BinaryNode:
		if m := middle(n); m != nil && !plain(m) {
			at = spanAt(a.at, n.Location())
			message, help = "the middle of a chain of comparisons is a path or a number", "compare twice, with `and` between"
		}
	}
	if message != "" {
		a.c.report(a.s.source, at, dsl.Error, "S132", "%s", message).Help = help
		return true
	}
	shared := false
	below(n, func(child ast.Node) { shared = shared || a.shares(child) })
	return shared
}

// middle returns what a chain of comparisons compares twice, nil for any other node.
func middle(n *ast.BinaryNode) ast.Node {
	if n.Operator != "&&" {
		return nil
	}
	left, ok := n.Left.(*ast.BinaryNode)
	if ok && left.Operator == "&&" { // a longer chain
		left, ok = left.Right.(*ast.BinaryNode)
	}
	right, alsoOK := n.Right.(*ast.BinaryNode)
	if ok && alsoOK && left.Right == right.Left {
		return right.Left
	}
	return nil
}

// plain reports whether a node can be looked at twice: a path or a literal.
func plain(n ast.Node) bool {
	switch n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.BoolNode, *ast.NilNode:
		return true
	}
	_, isPath := chain(n)
	return isPath
}

// below calls f for the nodes right below n.
func below(n ast.Node, f func(ast.Node)) {
	all := func(nodes []ast.Node) {
		for _, n := range nodes {
			f(n)
		}
	}
	switch n := n.(type) {
	case *ast.UnaryNode:
		f(n.Node)
	case *ast.BinaryNode:
		f(n.Left)
		f(n.Right)
	case *ast.ConditionalNode:
		f(n.Cond)
		f(n.Exp1)
		f(n.Exp2)
	case *ast.CallNode:
		f(n.Callee)
		all(n.Arguments)
	case *ast.BuiltinNode:
		all(n.Arguments)
	case *ast.ArrayNode:
		all(n.Nodes)
	case *ast.ChainNode:
		f(n.Node)
	case *ast.MemberNode:
		f(n.Node)
		f(n.Property)
	case *ast.SliceNode:
		f(n.Node)
		if n.From != nil {
			f(n.From)
		}
		if n.To != nil {
			f(n.To)
		}
	case *ast.PredicateNode:
		f(n.Node)
	case *ast.VariableDeclaratorNode:
		f(n.Value)
		f(n.Expr)
	case *ast.SequenceNode:
		all(n.Nodes)
	case *ast.MapNode:
		all(n.Pairs)
	case *ast.PairNode:
		f(n.Key)
		f(n.Value)
	}
}
