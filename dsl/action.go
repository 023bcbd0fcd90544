package dsl

import "fmt"

var actionKinds = map[string]ActionKind{"create": Create, "update": Update, "upsert": Upsert}

// readAction reads an action whose keyword is token `head` of the statement, and
// makes it the one that the lines below go on with.
func (p *parser) readAction(st *statement, head int) *Action {
	node, bad := parseTokens(actionGrammar, st, head)
	return p.newAction(st, head, node, bad)
}

func (p *parser) newAction(st *statement, head int, node *actionLine, bad int) *Action {
	a := &Action{Head: st.tokens[head].Span, Kind: actionKinds[st.keyword(st.tokens[head])], Broken: p.quiet}
	a.Span = Span{a.Head.From, st.span().To}
	p.action = a
	if node.Object.Value != "" {
		name, ok := p.objectName(st, node.Object)
		a.Object, a.Broken = name, a.Broken || !ok
	}
	p.clauses(st, node.Clauses)
	p.resume(st, bad)
	return a
}

// at returns the index of the token that a clause begins with.
func (c *clauseNode) at() int {
	head := c.Head
	switch {
	case c.Where != nil:
		head = c.Where.Head
	case c.If != nil:
		head = c.If.Head
	case c.Set != nil:
		head = c.Set.Head
	}
	return max(0, head.Pos.Line-1)
}

// clauses adds clauses to the action.
func (p *parser) clauses(st *statement, nodes []*clauseNode) {
	a := p.action
	for _, c := range nodes {
		at := st.tokens[c.at()].Span
		word := st.keyword(st.tokens[c.at()])
		if c.Set != nil {
			p.set(st, at, c.Set)
			continue
		}
		late := p.setAt != (Span{}) && !a.Broken
		if late {
			d := p.report(codeOrder, at, fmt.Sprintf("`%s` stands behind `set`", word), fmt.Sprintf("put `%s` before `set`", word))
			p.label(d, p.setAt, "the fields begin here")
		}
		switch {
		case c.Where != nil && c.Where.Field != nil:
			match := &Match{Span: Span{at.From, at.To}}
			match.Field = p.plainName(st, c.Where.Field, "a field")
			if c.Where.Value != nil {
				match.Value = p.guard(st, c.Where.Value)
			} else {
				match.Value = &Expr{Span: Span{match.Field.To, match.Field.To}, Broken: true}
			}
			match.To = match.Value.To
			if a.Where != nil {
				p.twice(late, word, at, a.Where.Span, "an action means one record; another record needs another action")
			} else {
				a.Where = match
			}
		case c.If != nil:
			guard := p.guard(st, c.If.Value)
			if a.If != nil {
				p.twice(late, word, at, a.If.Span, "join the two conditions with `&&`")
			} else {
				a.If = guard
			}
		case c.Using.Value != "":
			name := p.connectionName(st, c.Using)
			if !a.Using.Missing() {
				p.twice(late, word, at, a.Using.Span, "")
			} else {
				a.Using = name
			}
		}
	}
	a.To = max(a.To, st.span().To)
}

// guard reads the expression of a `where` or `if`. One that cannot be read may
// have swallowed the `set` behind it, so that is not missed.
func (p *parser) guard(st *statement, node *exprNode) *Expr {
	e := p.expr(st, node, false)
	if e.Broken && p.setAt == (Span{}) && p.lastToken(st, node) {
		p.setAt = e.Span
		if e.From == e.To {
			p.setAt = st.tokens[0].Span
		}
	}
	return e
}

// lastToken reports whether an expression of several tokens goes to the end of its statement.
func (p *parser) lastToken(st *statement, node *exprNode) bool {
	return node.last == len(st.tokens) && node.last > node.first
}

// twice reports a second clause of a kind, unless it has been reported as coming late.
func (p *parser) twice(late bool, word string, at, first Span, help string) {
	if late {
		return
	}
	d := p.report(codeTwice, at, fmt.Sprintf("the action has a second `%s`", word), help)
	p.label(d, first, "the first")
}

// set reads a `set` clause.
func (p *parser) set(st *statement, at Span, node *assignClause) {
	if p.setAt != (Span{}) && !p.action.Broken {
		d := p.report(codeTwice, at, "the action has a second `set`", "the fields may go on without it")
		p.label(d, p.setAt, "the first")
		i := node.Head.Pos.Line // of the token behind `set`
		if next := st.at(i); next.From > at.To {
			edit := Edit{Span{at.From, next.From}, ""}
			if i > 1 && st.kind(i-2) != KindComma { // fields on one line have commas between them
				edit = Edit{Span{st.at(i - 2).To, next.From}, ", "}
			}
			d.Fixes = []Fix{{"Leave the second `set` out", []Edit{edit}, true}}
		}
	} else {
		p.setAt = at
	}
	p.fields(st, node.Fields)
}

// fields adds assignments to the action.
func (p *parser) fields(st *statement, nodes []*assignNode) {
	for i, n := range nodes {
		if n.Field == nil || n.Text == nil && n.Value == nil {
			continue // the fault is reported by resume
		}
		if i > 0 && st.kind(n.Field.first-2) != KindComma {
			end := st.at(n.Field.first - 2).To
			d := p.report(codeNoComma, st.at(n.Field.first-1), fmt.Sprintf("a comma is missing before `%s`", st.text(n.Field.first-1)), "")
			d.Fixes = []Fix{{"Put in the comma", []Edit{{Span{end, end}, ","}}, true}}
		}
		a := &Assignment{Field: p.fieldPath(st, n.Field)}
		a.From = a.Field.From
		if n.Text != nil {
			a.Text = p.template(st, n.Text)
			a.To = a.Text.To
			p.above = nil
		} else {
			a.Value = p.expr(st, n.Value, true)
			a.To = a.Value.To
		}
		p.action.Set = append(p.action.Set, a)
	}
	p.action.To = max(p.action.To, st.span().To)
}

// maxResumes is how many faults of one statement are reported. Each one costs time in
// proportion to the length of the statement, so of a statement that is no person's fewer
// are: until maxResumed tokens were read again.
const (
	maxResumes = 20
	maxResumed = 1 << 17
)

// resume reports the token that did not fit and goes on reading the statement
// behind it, at the next clause or field.
func (p *parser) resume(st *statement, bad int) {
	for faults := 0; bad >= 0 && faults < maxResumes && faults*len(st.tokens) < maxResumed; faults++ {
		p.fault(st, bad)
		next := bad
		for next < len(st.tokens) && !st.resumesAt(next) {
			next++
		}
		if !st.inSet(bad) {
			p.action.Broken = true
		} else if p.setAt == (Span{}) {
			p.setAt = st.at(bad)
		}
		if next == len(st.tokens) {
			return
		}
		if st.kind(next) == KindName {
			var line *assignLine
			line, bad = parseTokens(assignGrammar, st, next)
			p.fields(st, line.Fields)
			p.clauses(st, line.Clauses)
		} else {
			var line *clauseLine
			line, bad = parseTokens(clauseGrammar, st, next)
			p.clauses(st, line.Clauses)
		}
	}
}

// resumesAt reports whether a clause begins at token i, or an assignment behind a comma.
func (st *statement) resumesAt(i int) bool {
	next := st.kind(i + 1)
	switch st.keyword(st.tokens[i]) {
	case "using", "where", "if", "set":
		return next != KindEquals && next != KindColon
	}
	return i > 0 && st.kind(i-1) == KindComma && st.kind(i) == KindName
}

// inSet reports whether token i stands among the fields of an action.
func (st *statement) inSet(i int) bool {
	for i--; i >= 0; i-- {
		switch st.keyword(st.tokens[i]) {
		case "set":
			return true
		case "using", "where", "if", "create", "update", "upsert":
			return false
		}
	}
	return st.kind(0) == KindName
}
