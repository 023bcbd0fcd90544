package plan

import (
	"strings"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"
)

// printConfig is for expressions that are parsed once more, to be printed.
var printConfig = sync.OnceValue(func() *conf.Config { return newConfig() })

// Meaning writes the expression in one way, however the author laid it out: the same
// blanks, brackets where they matter, and the value of each `let` in the place of its
// name. Two expressions of one meaning do the same to every event. Of an expression
// that would grow very long, the values of names stand behind it.
func (x *Expression) Meaning() string {
	if x == nil {
		return ""
	}
	budget := maxNodes
	if n := x.inlined(&budget); n != nil {
		return n.String()
	}
	return x.meaningWith()
}

// inlined returns the tree of the expression with the names replaced by their values,
// nil if that takes more nodes than the budget has.
func (x *Expression) inlined(budget *int) ast.Node {
	n := x.tree()
	if n == nil {
		return nil
	}
	in := &inliner{lets: x.lets, budget: budget}
	ast.Walk(&n, in)
	if in.failed {
		return nil
	}
	return n
}

// tree parses the expression and writes what has two spellings in one.
func (x *Expression) tree() ast.Node {
	tree, err := parser.ParseWithConfig(x.Text, printConfig())
	if err != nil {
		return nil
	}
	ast.Walk(&tree.Node, spelling{})
	return tree.Node
}

// meaningWith is the expression, with the values of the names that it uses behind it.
func (x *Expression) meaningWith() string {
	var b strings.Builder
	seen := map[*Expression]bool{}
	var add func(x *Expression)
	add = func(x *Expression) {
		n := x.tree()
		if n == nil {
			b.WriteString(strings.Join(strings.Fields(x.Text), " "))
			return
		}
		b.WriteString(n.String())
		for _, name := range letNames(n, x.lets) {
			if let := x.lets[name]; !seen[let] {
				seen[let] = true
				b.WriteString(" with " + name + " = ")
				add(let)
			}
		}
	}
	add(x)
	return b.String()
}

// letNames are the names of lets in a tree, each once, in order.
func letNames(n ast.Node, lets map[string]*Expression) []string {
	f := &finder{lets: lets, seen: map[string]bool{}}
	ast.Walk(&n, f)
	return f.names
}

type finder struct {
	lets  map[string]*Expression
	seen  map[string]bool
	names []string
}

func (f *finder) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok && f.lets[id.Value] != nil && !f.seen[id.Value] {
		f.seen[id.Value] = true
		f.names = append(f.names, id.Value)
	}
}

type inliner struct {
	lets   map[string]*Expression
	budget *int
	failed bool
}

func (in *inliner) Visit(n *ast.Node) {
	if *in.budget--; *in.budget < 0 {
		in.failed = true
	}
	id, ok := (*n).(*ast.IdentifierNode)
	if !ok || in.failed || in.lets[id.Value] == nil {
		return
	}
	value := in.lets[id.Value].inlined(in.budget)
	if value == nil {
		in.failed = true
		return
	}
	ast.Patch(n, value)
}

// spelling writes operators and null in the language's own words.
type spelling struct{}

func (spelling) Visit(n *ast.Node) {
	switch node := (*n).(type) {
	case *ast.BinaryNode:
		switch node.Operator {
		case "&&":
			node.Operator = "and"
		case "||":
			node.Operator = "or"
		case "^":
			node.Operator = "**"
		}
	case *ast.UnaryNode:
		if node.Operator == "!" {
			node.Operator = "not"
		}
	case *ast.NilNode:
		ast.Patch(n, &ast.IdentifierNode{Value: "null"})
	}
}

// Meaning writes what the assignment gives its field in one way, however the author
// wrote it: JSON for what is known before any event, null for a field that is
// cleared, an expression, or text in quotes with expressions between braces.
func (a *Assignment) Meaning() string {
	switch {
	case a.null:
		return "null"
	case a.static != nil:
		if a.static[0] == '"' {
			return strings.ReplaceAll(string(a.static), "{", "{{")
		}
		return string(a.static)
	case a.template != nil:
		var b strings.Builder
		for _, p := range a.template {
			if p.expr != nil {
				b.WriteString("{" + p.expr.Meaning() + "}")
			} else {
				b.WriteString(strings.ReplaceAll(p.text, "{", "{{"))
			}
		}
		return `"` + b.String() + `"`
	}
	return a.value.Meaning()
}
