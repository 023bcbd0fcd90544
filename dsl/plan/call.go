package plan

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"github.com/sfsync/sfsync/dsl"
)

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
