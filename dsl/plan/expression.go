package plan

import (
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
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
	parts    []leaf        // the literals among the values that it joins for a multi-select picklist
	reads    []int         // every variable it reads, in order of first use
	names    []string      // of reads, as the author knows them
	program  *vm.Program
	lets     map[string]*Expression // the names that it can use
}

func (e *Expression) isNull() bool { return e.constant && e.value == nil }

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
	x.leaves, x.closed, x.parts = a.leaves(tree.Node), closed(tree.Node), a.parts(tree.Node)
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
