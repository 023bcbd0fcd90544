package dsl

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// assemble reads one statement and puts it where it belongs in the tree.
func (p *parser) assemble(st *statement) {
	above, open := p.above, p.aboveOpen
	p.above, p.aboveOpen = nil, false
	if k := st.kind(0); k != KindKeyword && k != KindNearMiss && k != KindName {
		p.unknown(st, above, open)
		return
	}
	p.nearMisses(st)
	trigger := p.trigger
	p.trigger = nil
	keyword := st.keyword(st.tokens[0])
	switch k := st.kind(1); {
	case keyword != "" && k == KindColon:
		p.colonAfterKeyword(st, keyword)
		return
	case keyword != "" && k == KindEquals:
		p.keywordAsName(st, 0)
		return
	}
	switch keyword {
	case "":
		p.fieldLine(st)
	case "using", "where", "if", "set":
		p.clauseLine(st, keyword, trigger)
	case "let":
		p.let(st)
	case "create", "update", "upsert":
		p.actionLine(st)
	case "with":
		p.with(st)
	case "given", "expect":
		p.testLine(st, keyword)
	default:
		p.closeAction()
		p.headLine(st, keyword)
	}
}

// headLine reads the statements that open a part of the file.
func (p *parser) headLine(st *statement, keyword string) {
	switch keyword {
	case "connection":
		p.connection(st)
	case "statuses":
		p.atTop(st, keyword)
		p.file.Statuses = append(p.file.Statuses, p.statuses(st)...)
	case "rule":
		p.endTest()
		p.endRule()
		p.rule = &Rule{Span: st.span(), Name: p.title(st)}
		p.file.Rules = append(p.file.Rules, p.rule)
	case "test":
		p.endTest()
		p.endRule()
		p.test = &Test{Span: st.span(), Name: p.title(st)}
		p.file.Tests = append(p.file.Tests, p.test)
	case "on":
		p.on(st)
	case "when":
		p.inRule(st, keyword)
		p.openArm(&Arm{Span: st.span(), Statuses: p.statuses(st)})
	case "otherwise":
		p.inRule(st, keyword)
		parseWhole(p, otherwiseGrammar, st)
		p.openArm(&Arm{Span: st.span(), Otherwise: true})
	}
}

func (p *parser) connection(st *statement) {
	p.atTop(st, "connection")
	name := p.connectionName(st, parseWhole(p, connectionGrammar, st).Name)
	if !p.file.Connection.Missing() {
		d := p.report(codeTwice, st.tokens[0].Span, "the connection is named twice", "an action goes to another one with `using NAME`")
		p.label(d, p.file.Connection.Span, "named here first")
		return
	}
	p.file.Connection = name
}

// atTop reports a statement that stands below the first rule or test.
func (p *parser) atTop(st *statement, keyword string) {
	if p.rule != nil || p.test != nil {
		p.report(codePlace, st.tokens[0].Span, fmt.Sprintf("`%s` stands above the first rule", keyword), "move the line to the top of the file")
	}
}

// inRule reports whether a statement stands in a rule. If it does not, that is a
// fault, and a rule that is not in the tree takes what follows.
func (p *parser) inRule(st *statement, keyword string) bool {
	if p.rule != nil {
		return true
	}
	p.report(codePlace, st.tokens[0].Span, fmt.Sprintf("`%s` stands outside of a rule", keyword), "a rule begins with a line `rule NAME`")
	p.endTest()
	p.rule = &Rule{Span: st.span()}
	p.triggers = []Span{st.span()}
	return false
}

func (p *parser) on(st *statement) {
	if !p.inRule(st, "on") {
		p.trigger = p.readTrigger(st)
		return
	}
	trigger := p.readTrigger(st)
	p.triggers = append(p.triggers, st.span())
	if len(p.triggers) > 1 {
		d := p.report(codeTwice, st.tokens[0].Span, "a rule has one trigger, and this is the second", "begin another rule for it")
		p.label(d, p.triggers[0], "the first")
		p.trigger = trigger
		return
	}
	if p.arm != nil || len(p.rule.Lets)+len(p.rule.Actions) > 0 {
		p.report(codePlace, st.tokens[0].Span, "`on` stands right below `rule`", "move the line up")
	}
	p.rule.On, p.trigger = trigger, trigger
}

func (p *parser) openArm(arm *Arm) {
	p.rule.Arms = append(p.rule.Arms, arm)
	p.arm = arm
}

// block returns the block that the next action belongs to.
func (p *parser) block() *Block {
	if p.arm != nil {
		return &p.arm.Block
	}
	return &p.rule.Block
}

func (p *parser) let(st *statement) {
	p.closeAction()
	p.inRule(st, "let")
	if len(p.block().Actions) > 0 {
		p.report(codePlace, st.tokens[0].Span, "`let` stands above the actions", "move the line up")
	}
	node := parseWhole(p, valueGrammar, st).Value
	if node == nil || node.Field == nil {
		return
	}
	let := &Let{Span: st.span(), Name: p.plainName(st, node.Field, "a name")}
	let.Value = p.valueOf(st, node)
	p.block().Lets = append(p.block().Lets, let)
}

// valueOf returns the value of a statement that takes `=` only.
func (p *parser) valueOf(st *statement, node *assignNode) *Expr {
	if node.Value != nil {
		return p.expr(st, node.Value, true)
	}
	end := st.span().To
	if node.Text != nil {
		colon := node.Text.first - 2
		d := p.report(codeNoEquals, st.at(colon), "`let` names the value of an expression, after `=`", `put text in quotes: let name = "text"`)
		p.label(d, st.at(1), "named here")
	}
	return &Expr{Span: Span{end, end}, Broken: true}
}

func (p *parser) actionLine(st *statement) {
	p.closeAction()
	if p.test != nil {
		head := st.tokens[0]
		word := p.src.Slice(head.Span)
		d := p.report(codePlace, head.Span, fmt.Sprintf("in a test, `%s` is something to expect", word), "write `expect "+word+"`")
		d.Fixes = []Fix{{"Expect the action", []Edit{{Span{head.From, head.From}, "expect "}}, true}}
		if action := p.readAction(st, 0); action != nil {
			p.test.Expects = append(p.test.Expects, &Expect{Span: st.span(), Write: action})
		}
		return
	}
	p.inRule(st, st.keyword(st.tokens[0]))
	p.block().Actions = append(p.block().Actions, p.readAction(st, 0))
}

// fieldLine reads a line that sets fields.
func (p *parser) fieldLine(st *statement) {
	head := st.tokens[0]
	switch {
	case p.action == nil:
		p.report(codePlace, head.Span, fmt.Sprintf("`%s` is given a value, but no action stands above it", p.src.Slice(head.Span)),
			"fields belong to `create`, `update` or `upsert`")
		p.loseAction()
	case p.setAt == Span{}:
		d := p.report(codeNoSet, head.Span, "the first field of an action follows `set`", "")
		d.Fixes = []Fix{{"Put `set` before the field", []Edit{{Span{head.From, head.From}, "set "}}, true}}
		p.setAt = head.Span
	}
	line, bad := parseTokens(assignGrammar, st, 0)
	p.fields(st, line.Fields)
	p.clauses(st, line.Clauses)
	p.resume(st, bad)
}

// clauseLine reads a line that goes on with the action or trigger above it.
func (p *parser) clauseLine(st *statement, keyword string, trigger *Trigger) {
	if trigger != nil && keyword == "if" {
		p.triggerGuard(st, trigger)
		return
	}
	if p.action == nil {
		p.report(codePlace, st.tokens[0].Span, fmt.Sprintf("`%s` belongs to an action, and none stands above it", keyword),
			"begin with `create`, `update` or `upsert`")
		p.loseAction()
	}
	line, bad := parseTokens(clauseGrammar, st, 0)
	p.clauses(st, line.Clauses)
	p.resume(st, bad)
}

// loseAction gives the lines below an action to belong to that is not in the tree,
// so that they are read but not reported for lack of one.
func (p *parser) loseAction() {
	if p.setAt == (Span{}) {
		p.setAt = Span{0, 1} // the line that could not be read may have been the `set` of the action above
	}
	p.closeAction()
	p.action, p.setAt = &Action{Broken: true}, Span{0, 1}
}

// closeAction ends the action that clauses and fields belonged to.
func (p *parser) closeAction() {
	if a := p.action; a != nil && !a.Broken && p.setAt == (Span{}) && p.test == nil {
		quiet := p.quiet // the statement that ends the action is not the one at fault
		p.quiet = false
		defer func() { p.quiet = quiet }()
		p.report(codeNothingSet, a.Head, fmt.Sprintf("this %s sets no field", actionKeywords[a.Kind]), "name the fields below it: `set Field = …`")
	}
	p.action, p.setAt = nil, Span{}
}

func (p *parser) endRule() {
	p.closeAction()
	if p.rule != nil && len(p.triggers) == 0 {
		p.quiet = false
		p.report(codeNoTrigger, p.rule.Span, "this rule has no trigger", "say below it what it reacts to: `on survey response` or `on outbound message OBJECT`")
	}
	p.rule, p.arm, p.trigger, p.triggers = nil, nil, nil, nil
}

func (p *parser) endTest() {
	p.closeAction()
	p.test = nil
}

// statuses returns the statuses of `when` and `statuses`.
func (p *parser) statuses(st *statement) []Name {
	nodes := parseWhole(p, statusGrammar, st).Statuses
	names := make([]Name, 0, len(nodes))
	for _, n := range nodes {
		names = append(names, st.name(n.Name))
	}
	return names
}

// title returns the text of `rule`, `test` and `given`.
func (p *parser) title(st *statement) Name { return st.name(parseWhole(p, titleGrammar, st).Title) }

// readTrigger returns the trigger of an `on` line, or nil if it cannot be read.
func (p *parser) readTrigger(st *statement) *Trigger {
	node, bad := parseTokens(triggerGrammar, st, 0)
	if bad >= 0 {
		p.fault(st, bad)
		p.quiet = true
		if bad <= 3 {
			return nil
		}
	}
	t := &Trigger{Span: st.span()}
	switch {
	case node.Object != nil:
		name, ok := p.objectName(st, node.Object.Word)
		if !ok {
			return nil
		}
		t.Subject = name
	case node.Survey.Value != "":
		t.Kind = SurveyResponse
		if n := len(node.ID); n > 0 {
			from, to := st.name(node.ID[0].Word).From, st.name(node.ID[n-1].Word).To
			t.Subject = p.surveyID(Name{Span{from, to}, strings.TrimSpace(p.src.Text[from:to])})
		}
	default:
		return nil
	}
	if node.If != nil {
		t.If = p.expr(st, node.If.Value, false)
	}
	return t
}

// surveyID checks what stands behind `on survey response`. An id may be nearly anything, so
// what was surely not meant as one would silently be the id of no survey.
func (p *parser) surveyID(name Name) Name {
	const help = "only the id of a survey stands here, as in `on survey response post-purchase-nps`; a condition begins with `if`"
	if strings.Contains(name.Text, "=") && strings.ContainsAny(name.Text, " \t\"'") { // an id alone may end in `=`
		p.report(codeTrailing, name.Span, fmt.Sprintf("`%s` does not belong here", shortened(name.Text, 40)), help)
		return Name{}
	}
	opening, n := utf8.DecodeRuneInString(name.Text)
	closing, m := utf8.DecodeLastRuneInString(name.Text)
	if quotes := `"'` + curlyQuotes; len(name.Text) > n+m && strings.ContainsRune(quotes, opening) && strings.ContainsRune(quotes, closing) {
		d := p.report(codeBadName, name.Span, "the quotes would be a part of the survey's id", "")
		d.Fixes = []Fix{{"Leave out the quotes", []Edit{{Span{name.From, name.From + n}, ""}, {Span{name.To - m, name.To}, ""}}, true}}
		name = Name{Span{name.From + n, name.To - m}, name.Text[n : len(name.Text)-m]}
	}
	return name
}

// triggerGuard reads the `if` that stands on a line of its own below `on`.
func (p *parser) triggerGuard(st *statement, trigger *Trigger) {
	line, bad := parseTokens(clauseGrammar, st, 0)
	if bad >= 0 {
		p.fault(st, bad)
	}
	for _, c := range line.Clauses {
		switch {
		case c.If == nil:
			p.report(codePlace, st.tokens[c.at()].Span, "only `if` may follow a trigger", "")
		case trigger.If != nil:
			d := p.report(codeTwice, st.tokens[c.at()].Span, "the trigger has a second `if`", "join the two with `&&`")
			p.label(d, trigger.If.Span, "the first")
		default:
			trigger.If = p.expr(st, c.If.Value, false)
			trigger.Span.To = st.span().To
		}
	}
	p.trigger = trigger
}
