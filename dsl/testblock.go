package dsl

import (
	"fmt"
	"strings"
)

// testLine reads `given` and `expect`.
func (p *parser) testLine(st *statement, keyword string) {
	p.inTest(st, keyword)
	if keyword == "given" {
		p.given(st)
		return
	}
	if e := p.expect(st); e != nil {
		p.test.Expects = append(p.test.Expects, e)
	}
}

// given reads an event file, or what is given of the org.
func (p *parser) given(st *statement) {
	name := p.title(st)
	org, isOrg := strings.CutPrefix(name.Text, "org")
	switch {
	case name.Missing():
	case isOrg && org == "":
		p.report(codeMissingName, Span{name.To, name.To}, "`given org` needs what the org does", "a cause such as `given org record_locked`, or a file that sets the org up")
	case isOrg && blankLen(org) > 0:
		name.From += len("org") + blankLen(org)
		name.Text = p.src.Slice(name.Span)
		p.test.Org = append(p.test.Org, name)
	default:
		p.test.Given = append(p.test.Given, name)
	}
}

// inTest reports a statement that stands outside of a test, and pretends that there is one.
func (p *parser) inTest(st *statement, keyword string) {
	p.closeAction()
	if p.test != nil {
		return
	}
	p.report(codePlace, st.tokens[0].Span, fmt.Sprintf("`%s` stands outside of a test", keyword), "a test begins with a line `test NAME`")
	p.endRule()
	p.test = &Test{Span: st.span()}
}

// with reads a change of the given event.
func (p *parser) with(st *statement) {
	p.inTest(st, "with")
	node := parseWhole(p, valueGrammar, st).Value
	if node == nil || node.Field == nil || node.Text == nil && node.Value == nil {
		return
	}
	with := &With{Span: st.span(), Path: p.pathName(st, node.Field)}
	if node.Text != nil {
		with.Text = p.template(st, node.Text)
	} else {
		with.Value = p.expr(st, node.Value, true)
	}
	p.test.With = append(p.test.With, with)
}

// expect reads what a test expects, or returns nil if it cannot be read.
func (p *parser) expect(st *statement) *Expect {
	if k := st.kind(1); k == KindKeyword || k == KindNearMiss {
		return &Expect{Span: st.span(), Write: p.readAction(st, 1)}
	}
	node := parseWhole(p, expectGrammar, st)
	e := &Expect{Span: st.span(), Cause: st.name(node.Cause)}
	switch {
	case node.Word.Value == "nothing" && e.Cause.Missing():
		e.Kind = ExpectNothing
	case node.Word.Value == "nothing" && e.Cause.Text == "else":
		e.Kind, e.Cause = ExpectNothingElse, Name{}
	case node.Word.Value == "skipped" && e.Cause.Missing():
		e.Kind = ExpectSkipped
	case node.Word.Value == "failed" && !e.Cause.Missing():
		e.Kind = ExpectFailed
	case node.Word.Value == "failed":
		p.report(codeMissingName, st.at(2), "`expect failed` needs the cause of the failure", "such as `expect failed record_not_found`")
		return nil
	case node.Word.Value != "":
		p.report(codeTrailing, e.Cause.Span, fmt.Sprintf("nothing may follow `expect %s`", node.Word.Value), "")
		return nil
	default:
		return nil
	}
	return e
}
