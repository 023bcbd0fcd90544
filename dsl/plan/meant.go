package plan

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// meantAsValue reports static text that was meant as a value, or has one in it: it would
// be sent as it stands, and nobody would notice before a customer does.
func (c *compilation) meantAsValue(as *dsl.Assignment, text string, severity dsl.Severity, s *scope) bool {
	at, field := as.Text.Span, as.Field.String()
	warn := func(help string, fixes ...dsl.Fix) bool {
		d := c.report(s.source, at, severity, "S402", "this is sent as the text `%s`", cut(text, 40))
		d.Help, d.Fixes = help, fixes
		return true
	}
	value := func(x string) bool {
		return warn("a value takes an equals sign: "+field+" = "+x, toExpression(as, x)...)
	}
	if x := strings.Trim(text, "{}<>[]()$%@!&;"); x != text && barePath.MatchString(x) && c.isExpression(x, s) {
		return value(x)
	}
	if c.isExpression(text, s) {
		return value(text)
	}
	if x, ok := strings.CutPrefix(text, "="); ok && !strings.HasPrefix(x, "=") {
		apart := strings.HasPrefix(x, " ")
		x = strings.TrimSpace(x)
		switch {
		case c.isExpression(x, s):
			return value(x)
		case apart:
			return warn(fmt.Sprintf("either a colon or an equals sign stands behind a field: %s: %s", field, x))
		}
	}
	if words := strings.Fields(text); len(words) > 1 {
		braced := make([]string, len(words))
		for i, word := range words {
			if !barePath.MatchString(word) || !c.isExpression(word, s) {
				return c.clauseInText(as, text, severity, s)
			}
			braced[i] = "{" + word + "}"
		}
		better := strings.Join(braced, " ")
		return warn("braces put values into a text: "+field+": "+better, dsl.Fix{Title: "write braces", Edits: []dsl.Edit{{Span: at, New: better}}})
	}
	return false
}

var (
	barePath     = regexp.MustCompile(`^[a-z]\w*(\.\w+|\["[^"]*"\])+$`)
	guardInText  = regexp.MustCompile(`\s(if)\s+(.+)$`)
	matchInText  = regexp.MustCompile(`\s(where)\s+\w+\s*=\s*(.+)$`)
	commentAtEnd = regexp.MustCompile(`(?:\s\s+|\t)((?:#|//)\s.*)$`)
)

// clauseInText reports a clause or a comment that a text took in, since it goes on to
// the end of its line.
func (c *compilation) clauseInText(as *dsl.Assignment, text string, severity dsl.Severity, s *scope) bool {
	help := ""
	var m []int
	if m = guardInText.FindStringSubmatchIndex(text); m != nil && c.isExpression(text[m[4]:m[5]], s) {
		help = "put `if …` before `set`"
	} else if m = matchInText.FindStringSubmatchIndex(text); m != nil && c.isExpression(text[m[4]:m[5]], s) {
		help = "put `where …` before `set`"
	} else if m = commentAtEnd.FindStringSubmatchIndex(text); m != nil {
		help = "a comment stands on a line of its own"
	} else {
		return false
	}
	from := as.Text.From + m[2]
	if s.source.Slice(as.Text.Span) != text { // `{{` is two characters of the line, and one of the text
		from = as.Text.From
	}
	c.report(s.source, dsl.Span{From: from, To: as.Text.To}, severity, "S402", "this is a part of the text, which goes on to the end of the line").Help = help
	return true
}

// doubleBraces matches a value between `{{` and `}}`, as other template languages want it.
var doubleBraces = regexp.MustCompile(`(?:^|[^{])(\{\{\s*([^{}]+?)\s*\}\})`)

// doubledBraces reports values between double braces: the first two are one plain brace.
func (c *compilation) doubledBraces(as *dsl.Assignment, f *schema.Field, s *scope) bool {
	raw := s.source.Slice(as.Text.Span)
	found := false
	for _, m := range doubleBraces.FindAllStringSubmatchIndex(raw, -1) {
		x := raw[m[4]:m[5]]
		if !c.isExpression(x, s) {
			continue
		}
		found = true
		at := dsl.Span{From: as.Text.From + m[2], To: as.Text.From + m[3]}
		d := c.report(s.source, at, textSeverity(raw, f), "S402", "this is sent as text: `{{` is a brace, and no value begins with it")
		d.Help = "a value stands between single braces: {" + x + "}"
		d.Fixes = []dsl.Fix{{Title: "write single braces", Edits: []dsl.Edit{{Span: at, New: "{" + x + "}"}}}}
	}
	return found
}

var valueInString = regexp.MustCompile(`\{([^{}]+)\}`)

// bracesInStrings reports texts between quotes with values between braces: only the
// text after a colon has such.
func (c *compilation) bracesInStrings(as *dsl.Assignment, x *Expression, s *scope) {
	for _, l := range x.leaves {
		text, ok := l.value.(string)
		if !ok || !strings.Contains(text, "{") {
			continue
		}
		for _, m := range valueInString.FindAllStringSubmatch(text, -1) {
			if !c.isExpression(m[1], s) {
				continue
			}
			d := c.report(s.source, l.span, dsl.Warning, "S402", "this is sent as the text `%s`", cut(text, 40))
			d.Help = "`+` joins texts and values; after a colon, braces do: " + as.Field.String() + ": " + text
			if raw := s.source.Slice(l.span); l.span == as.Value.Span && !strings.Contains(raw, `\`) {
				d.Fixes = []dsl.Fix{{Title: "make it static text", Edits: []dsl.Edit{
					{Span: dsl.Span{From: as.Field.To, To: l.span.To}, New: ": " + text},
				}}}
			}
			break
		}
	}
}

// isExpression reports whether a text reads as an expression: it has a value of the event
// or a function in it, and every name in it is known. A sentence of people's is none.
func (c *compilation) isExpression(text string, s *scope) bool {
	if len(text) > maxExprLength || !strings.ContainsAny(text, ".[(") {
		return false
	}
	tree, err := parser.ParseWithConfig(text, c.config)
	if err != nil {
		return false
	}
	names := &nameReader{scope: s}
	ast.Walk(&tree.Node, names)
	return names.values && !names.unknown
}

// nameReader looks at the names in an expression.
type nameReader struct {
	scope   *scope
	values  bool // one of them is a value of the event, a part of a let, or a function
	unknown bool // one of them is nothing at all
}

func (r *nameReader) Visit(n *ast.Node) {
	switch node := (*n).(type) {
	case *ast.IdentifierNode:
		_, isNamespace := namespaces[node.Value]
		_, isLet := r.scope.lets[node.Value]
		r.unknown = r.unknown || !isNamespace && !isLet && functionByName[node.Value] == nil && node.Value != "null"
	case *ast.MemberNode:
		steps, ok := chain(node)
		if !ok || len(steps) < 2 {
			return
		}
		ns, isNamespace := namespaces[steps[0].name]
		if _, fixed := ns.fields[steps[1].name]; isNamespace && !ns.open && !fixed {
			r.unknown = true
		}
		r.values = true
	case *ast.CallNode:
		r.values = true
	case *ast.BuiltinNode, *ast.VariableDeclaratorNode, *ast.SequenceNode:
		r.unknown = true
	}
}
