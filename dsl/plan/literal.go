package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// A leaf is a literal that an expression can result in, with its place.
type leaf struct {
	value any
	span  dsl.Span
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
			switch {
			case text == "":
				d.Help = testMissing
			case of == Date:
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

// texts returns the texts that a node is, or a list of.
func (a *analysis) texts(n ast.Node) []leaf {
	switch n := n.(type) {
	case *ast.StringNode:
		return []leaf{{n.Value, a.span(n)}}
	case *ast.ArrayNode:
		var all []leaf
		for _, item := range n.Nodes {
			all = append(all, a.texts(item)...)
		}
		return all
	}
	return nil
}

// parts returns the texts among the values of a list or of multi(…).
func (a *analysis) parts(n ast.Node) []leaf {
	call, ok := n.(*ast.CallNode)
	if !ok {
		return a.texts(n)
	}
	var all []leaf
	if name, ok := call.Callee.(*ast.IdentifierNode); ok && name.Value == "multi" {
		for _, argument := range call.Arguments {
			all = append(all, a.texts(argument)...)
		}
	}
	return all
}

// picklistCompared warns of a misspelt text that a picklist of the record is compared with:
// the comparison would never hold, and nobody would be told.
func (a *analysis) picklistCompared(n ast.Node, texts []leaf) {
	path, ok := n.(*ast.IdentifierNode)
	if !ok {
		return
	}
	id, ok := a.c.variableByKey[path.Value]
	if !ok || a.c.variables[id].field == nil || a.c.variables[id].field.Type != schema.TypePicklist {
		return
	}
	f := a.c.variables[id].field
	for _, l := range texts {
		text := l.value.(string)
		better := f.PicklistSuggest(text)
		// Records may still have a value that is inactive now.
		if better == "" || slices.ContainsFunc(f.PicklistValues, func(p schema.PicklistValue) bool { return p.Value == text }) {
			continue
		}
		d := a.c.report(a.s.source, l.span, dsl.Warning, "S206", "%s has no value `%s`", f.Name, cut(text, 40))
		d.Help = fmt.Sprintf("did you mean `%s`?", better)
		d.Fixes = []dsl.Fix{{Title: "write `" + better + "`", Edits: []dsl.Edit{{Span: l.span, New: strconv.Quote(better)}}}}
	}
}
