package dsl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/participle/v2/lexer"
)

// name returns the name that a token stands for, or the zero Name if it is missing.
func (st *statement) name(t lexer.Token) Name {
	if t.Pos.Line == 0 {
		return Name{}
	}
	span := st.tokens[t.Pos.Line-1].Span
	return Name{span, st.src.Slice(span)}
}

// objectName returns the name of an object and whether an object can be called so.
func (p *parser) objectName(st *statement, t lexer.Token) (Name, bool) {
	name := st.name(t)
	for i, r := range name.Text {
		letter := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			p.report(codeBadName, name.Span, fmt.Sprintf("`%s` is no name of an object", name.Text), "use the API name, such as `Case` or `Survey_Response__c`")
			return name, false
		}
	}
	return name, true
}

// connectionName returns the name of a connection.
func (p *parser) connectionName(st *statement, t lexer.Token) Name {
	name := st.name(t)
	if name.Text != "" && !IsConnectionName(name.Text) {
		p.report(codeBadName, name.Span, fmt.Sprintf("`%s` is no name of a connection", name.Text), "a connection is called by one word of letters, digits, `-`, `_` and `.`")
	}
	return name
}

// IsConnectionName reports whether rules can name a connection so: one word of letters,
// digits, '-', '_' and '.'.
func IsConnectionName(name string) bool {
	for _, r := range name {
		if !isIdentPart(r) && r != '-' && r != '.' {
			return false
		}
	}
	return strings.Trim(name, ".") != ""
}

// plainName returns a name that may not be a path; what says what it names.
func (p *parser) plainName(st *statement, node *pathNode, what string) Name {
	path := p.pathName(st, node)
	if node.last > node.first {
		p.report(codeBadName, path.Span, fmt.Sprintf("`%s` is a path, and here stands %s", path.Text, what), "")
	}
	return path
}

// pathName returns a path as one name.
func (p *parser) pathName(st *statement, node *pathNode) Name {
	span := Span{st.tokens[node.first-1].From, st.tokens[node.last-1].To}
	return Name{span, p.src.Slice(span)}
}

// fieldPath returns the left side of an assignment.
func (p *parser) fieldPath(st *statement, node *pathNode) FieldPath {
	whole := p.pathName(st, node)
	path := FieldPath{Span: whole.Span}
	for _, t := range st.tokens[node.first-1 : node.last] {
		dot := t.To - t.From - len(strings.TrimLeft(p.src.Slice(t.Span), "?."))
		part := Span{t.From + dot, t.To}
		path.Parts = append(path.Parts, Name{part, p.src.Slice(part)})
	}
	if len(path.Parts) > 2 || strings.Contains(whole.Text, "?") {
		p.report(codeBadName, whole.Span, fmt.Sprintf("`%s` is no field that can be set", whole.Text), "a field, or a relationship and a field of the parent: `Account__r.Crm_Key__c`")
		path.Parts = path.Parts[:min(2, len(path.Parts))]
	}
	return path
}

// expr returns an expression. In a value, words side by side were meant for text.
func (p *parser) expr(st *statement, node *exprNode, value bool) *Expr {
	if node.last < node.first {
		at := st.tokens[max(0, node.first-2)]
		p.report(codeMissingValue, Span{at.To, at.To}, fmt.Sprintf("an expression is missing after `%s`", p.src.Slice(at.Span)), missingHelp(st, node.first-1))
		if node.first > len(st.tokens) {
			p.unfinished = len(p.diags)
		}
		return &Expr{Span: Span{at.To, at.To}, Broken: true}
	}
	tokens := st.tokens[node.first-1 : node.last]
	e := &Expr{Span: Span{tokens[0].From, tokens[len(tokens)-1].To}}
	e.Text = p.src.Slice(e.Span)
	var blanked []byte // the text without comments, if it has any
	for _, c := range st.comments {
		if c.From > e.From && c.To < e.To {
			if blanked == nil {
				blanked = []byte(e.Text)
			}
			copy(blanked[c.From-e.From:c.To-e.From], strings.Repeat(" ", c.To-c.From))
		}
	}
	if blanked != nil {
		e.Text = string(blanked)
	}
	e.Broken = value && p.twoWords(st, node) || p.lexicalFault(st, tokens)
	p.above, p.aboveOpen, p.wrapped = e, isOperator(p.src, tokens[len(tokens)-1]), -1
	return e
}

func missingHelp(st *statement, i int) string {
	if i > 0 && st.kind(i-1) == KindEquals && st.keyword(st.tokens[0]) != "let" && st.keyword(st.tokens[0]) != "with" {
		return "`= null` clears a field"
	}
	return ""
}

// isOperator reports whether a token stands between two values.
func isOperator(src *Source, t Token) bool {
	return t.Kind == KindOperator || t.Kind == KindIdent && slices.Contains(operatorWords, src.Slice(t.Span))
}

// twoWords reports text that stands after `=`.
func (p *parser) twoWords(st *statement, node *exprNode) bool {
	from, to := st.tokens[node.first-1].From, st.tokens[node.last-1].To
	if !isStatic(p.src.Text[from:]) {
		return false
	}
	equals := st.tokens[node.first-2]
	if equals.Kind != KindEquals || st.keyword(st.tokens[0]) == "let" {
		return false
	}
	first := node.first - 3
	for first > 0 && st.kind(first) == KindMember {
		first--
	}
	name := st.tokens[node.first-3]
	field := p.src.Slice(Span{st.tokens[first].From, name.To})
	d := p.report(codeTwoWords, Span{from, to}, fmt.Sprintf("`%s` has words after `=`, and no expression", field),
		fmt.Sprintf("static text takes a colon: `%s: %s`", field, firstLine(p.src.Slice(Span{from, to}))))
	if strings.HasPrefix(p.src.Text[from:], "if ") {
		d.Help = "`condition ? this : that` chooses a value"
		return true
	}
	// Names of values are lower case, so a capital letter tells that text was meant.
	safe := p.src.Text[from] >= 'A' && p.src.Text[from] <= 'Z'
	if text := p.src.Slice(Span{from, to}); node.last < len(st.tokens) { // a colon would take what follows, too
		if !strings.ContainsAny(text, "\"\\{") {
			d.Help = shortened(fmt.Sprintf("static text takes quotes here: `%s = \"%s\"`", field, firstLine(text)), maxMessage)
			d.Fixes = []Fix{{"Put the text in quotes", []Edit{{Span{from, to}, `"` + text + `"`}}, safe}}
		}
		return true
	}
	d.Fixes = []Fix{{"Make it static text", []Edit{{equals.Span, ":"}}, safe}}
	if before := p.src.Text[equals.From-1]; before == ' ' || before == '\t' {
		d.Fixes[0].Edits[0] = Edit{Span{name.To, equals.To}, ":"}
	}
	return true
}

func firstLine(text string) string { return strings.TrimSpace(text[:lineEnd(text, 0)]) }

// template returns the text of `Field: text`.
func (p *parser) template(st *statement, node *templateNode) *Template {
	if node.last < node.first {
		colon := st.tokens[max(0, node.first-2)]
		p.report(codeMissingValue, Span{colon.To, colon.To}, "text is missing after `:`", "`= null` clears a field")
		if node.first > len(st.tokens) {
			p.unfinished = len(p.diags)
		}
		return &Template{Span: Span{colon.To, colon.To}}
	}
	t := &Template{Span: Span{st.tokens[node.first-1].From, st.tokens[node.last-1].To}}
	for i := node.first - 1; i < node.last; i++ {
		token := st.tokens[i]
		if token.Kind != KindOpenBrace {
			t.Parts = append(t.Parts, TemplatePart{Text: strings.ReplaceAll(p.src.Slice(token.Span), "{{", "{")})
			continue
		}
		first := i + 1
		for i+1 < node.last && exprKinds>>st.kind(i+1)&1 != 0 {
			i++
		}
		if i+1 == node.last { // the brace is not closed
			faults := len(p.diags)
			e := &Expr{Span: Span{token.To, t.To}, Text: p.src.Slice(Span{token.To, t.To}), Broken: true}
			if !p.lexicalFault(st, st.tokens[first:node.last]) && len(p.diags) == faults {
				d := p.report(codeBrace, token.Span, "this brace is not closed", "write `{{` for a brace that is meant to be read as one")
				d.Fixes = []Fix{{"Make it a plain brace", []Edit{{token.Span, "{{"}}, false}}
			}
			t.Parts = append(t.Parts, TemplatePart{Expr: e})
			break
		}
		t.Parts = append(t.Parts, TemplatePart{Expr: p.expr(st, &exprNode{first + 1, i + 1}, false)})
		i++ // the closing brace
	}
	return t
}
