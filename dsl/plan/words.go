package plan

import (
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Words says in English what the expression is, for people who do not read
// expressions: "the answer nps", "the answer comment without blanks around it". What
// has no short way to be said stays as it is written.
func (x *Expression) Words() string {
	if x == nil {
		return ""
	}
	budget := maxNodes
	n := x.inlined(&budget)
	if n == nil {
		return x.meaningWith()
	}
	return words(n, false)
}

// Words says in English where the value of the field comes from. Static text stands
// in quotes.
func (a *Assignment) Words() string {
	switch {
	case a.null:
		return "nothing: the field is emptied"
	case a.static != nil:
		if text := unquote(a.static); text != string(a.static) {
			return "the text “" + text + "”"
		}
		return "always " + string(a.static)
	case a.template != nil:
		var b strings.Builder
		for _, p := range a.template {
			if p.expr != nil {
				b.WriteString("[" + p.expr.Words() + "]")
			} else {
				b.WriteString(p.text)
			}
		}
		return "the text “" + b.String() + "”"
	}
	return a.value.Words()
}

// operatorNames are the operators that have words.
var operatorNames = map[string]string{
	"==": "is", "!=": "is not", "<": "is less than", "<=": "is at most", ">": "is more than", ">=": "is at least",
	"in": "is one of", "not in": "is none of", "contains": "contains", "startsWith": "begins with", "endsWith": "ends with",
	"matches": "matches", "and": "and", "or": "or",
}

// callNames are the functions that have words: %1 is the first argument.
var callNames = map[string]string{
	"trim/1":      "%1 without blanks around it",
	"upper/1":     "%1 in capitals",
	"lower/1":     "%1 in small letters",
	"truncate/2":  "the first %2 characters of %1",
	"join/2":      "the items of %1 with %2 between them",
	"number/1":    "%1 as a number",
	"text/1":      "%1 as text",
	"bool/1":      "%1 as true or false",
	"date/1":      "the day of %1",
	"datetime/1":  "%1 as a date and time",
	"round/1":     "%1, rounded",
	"round/2":     "%1, rounded (decimal places: %2)",
	"date_add/2":  "%1 plus %2",
	"first/1":     "the first of %1",
	"last/1":      "the last of %1",
	"multi/1":     "%1 as picklist values",
	"id18/1":      "%1 as an 18-character id",
	"nps_group/1": "the NPS group of %1",
}

// words writes a node; inner ones are put in brackets where they could be misread.
func words(n ast.Node, inner bool) string {
	bracket := func(s string) string {
		if inner {
			return "(" + s + ")"
		}
		return s
	}
	switch n := n.(type) {
	case *ast.StringNode:
		return "“" + n.Value + "”"
	case *ast.ConditionalNode:
		return bracket(words(n.Exp1, true) + " if " + words(n.Cond, false) + ", otherwise " + words(n.Exp2, false))
	case *ast.UnaryNode:
		if n.Operator == "not" {
			return "not " + words(n.Node, true)
		}
	case *ast.BinaryNode:
		if namesNull(n.Right) && (n.Operator == "==" || n.Operator == "!=") {
			if n.Operator == "==" {
				return bracket(words(n.Left, true) + " is missing")
			}
			return bracket(words(n.Left, true) + " is there")
		}
		if n.Operator == "??" {
			return bracket(words(n.Left, true) + ", or if it is missing " + words(n.Right, true))
		}
		operator := n.Operator
		if name, ok := operatorNames[operator]; ok {
			operator = name
		}
		return bracket(side(n, n.Left) + " " + operator + " " + side(n, n.Right))
	case *ast.CallNode:
		name, ok := n.Callee.(*ast.IdentifierNode)
		if !ok {
			break
		}
		form, ok := callNames[name.Value+"/"+strconv.Itoa(len(n.Arguments))]
		if !ok {
			break
		}
		var pairs []string
		for i, arg := range n.Arguments {
			text := words(arg, true)
			if s, ok := arg.(*ast.StringNode); ok && name.Value == "date_add" {
				text = s.Value
			}
			pairs = append(pairs, "%"+strconv.Itoa(i+1), text)
		}
		return strings.NewReplacer(pairs...).Replace(form)
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		if steps, ok := chain(n); ok && len(steps) > 1 {
			return pathWords(names(steps))
		}
	}
	return n.String()
}

// side is an operand, without brackets where a chain of one operator goes on.
func side(of *ast.BinaryNode, n ast.Node) string {
	if b, ok := n.(*ast.BinaryNode); ok {
		chained := b.Operator == of.Operator && (of.Operator == "and" || of.Operator == "or" || of.Operator == "+")
		compared := operatorNames[b.Operator] != "" && b.Operator != "and" && b.Operator != "or"
		return words(n, !chained && !(compared && (of.Operator == "and" || of.Operator == "or")))
	}
	return words(n, true)
}

func namesNull(n ast.Node) bool {
	id, ok := n.(*ast.IdentifierNode)
	return ok && id.Value == "null"
}

// pathWords names a value of the event.
func pathWords(path []string) string {
	rest := strings.Join(path[1:], ".")
	switch path[0] {
	case "answers":
		return "the answer " + rest
	case "record":
		return rest + " of the message’s record"
	case "vars":
		return "the workflow’s variable " + rest
	case "distribution":
		switch rest {
		case "status":
			return "the status of the survey’s sending"
		case "time":
			return "the time of the status"
		}
		return "the sending’s " + rest
	case "contact", "profile", "transaction", "survey", "response", "event":
		return "the " + path[0] + "’s " + rest
	}
	return strings.Join(path, ".")
}
