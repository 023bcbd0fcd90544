package dsl

import (
	"fmt"
	"strings"
)

// maxFaults is how many faults of one file are reported. Whatever has more is no
// rule file, and every diagnostic costs memory.
const maxFaults = 1000

// maxMessage is how many characters a message has at most: names and texts of the
// author's may be of any length.
const maxMessage = 200

// Parse reads a rule file. The tree is complete whatever the text is like (see
// [File]), every fault of the text is one diagnostic, and the diagnostics come in
// the order of the text. The time it takes grows with the length of the text only.
func Parse(src *Source) (*File, []Diagnostic) {
	p := &parser{src: src, file: &File{Source: src}, wrapped: -1}
	if len(src.Text) > MaxSize {
		at := src.LineSpan(1)
		at.To = min(at.To, at.From+1)
		p.report(codeTooLarge, at, fmt.Sprintf("the file is longer than %d MiB and was not read", MaxSize>>20), "split the rules over several files")
		p.file.Faults = p.diags
		return p.file, p.diags
	}
	if at, message, help, ok := unreadable(src.Text); ok {
		p.report(codeNotText, at, message, help)
		p.file.Faults = p.diags
		return p.file, p.diags
	}
	p.file.Tokens = lex(src.Text)
	p.statements()
	p.endTest()
	p.endRule()
	p.file.Faults = Sort(p.diags)
	return p.file, p.file.Faults
}

// parser assembles the tree from one statement after the other.
type parser struct {
	src   *Source
	file  *File
	diags []Diagnostic
	quiet bool // the statement has been reported; what else is wrong with it may follow from that

	// What the next statement may belong to. The zero value is the top of the file.
	rule     *Rule
	triggers []Span   // the `on` lines of the rule
	trigger  *Trigger // set right below `on`, where its `if` may follow
	arm      *Arm
	test     *Test
	action   *Action
	setAt    Span // the `set` of the action

	// above is the expression that the statement before this one ended with.
	above     *Expr
	aboveOpen bool // it ends with an operator
	wrapped   int  // the diagnostic that says so of lines that go on with it, or -1
	// unfinished is the number of the diagnostic which says that the statement before this
	// one lacks something at its end, 0 if none does. It may stand on the next line.
	unfinished int
}

// statement is what stands between two line breaks outside of brackets.
type statement struct {
	src      *Source
	tokens   []Token // without blanks, line breaks and comments
	comments []Token
	trailing []Token // the comments that stand behind something on their line
}

// statements splits the tokens into statements and assembles them.
func (p *parser) statements() {
	st := statement{src: p.src}
	startOfLine := true
	for _, t := range p.file.Tokens {
		if len(p.diags) > maxFaults {
			return
		}
		switch t.Kind {
		case KindBlank:
			continue
		case KindWrap:
			startOfLine = true
			continue
		case KindEOL:
			p.statement(&st)
			st.tokens, st.comments, st.trailing = st.tokens[:0], st.comments[:0], st.trailing[:0]
			startOfLine = true
			continue
		case KindComment:
			p.comment(t, startOfLine, len(st.tokens) == 0)
			st.comments = append(st.comments, t)
			if !startOfLine {
				st.trailing = append(st.trailing, t)
			}
		default:
			st.tokens = append(st.tokens, t)
		}
		startOfLine = false
	}
	p.statement(&st)
}

func (p *parser) statement(st *statement) {
	if len(st.tokens) == 0 {
		return
	}
	p.quiet = false
	before := len(p.diags)
	defer func() {
		if p.unfinished <= before {
			p.unfinished = 0
		}
	}()
	if span := st.span(); span.To-span.From > MaxLine {
		at := Span{span.From, span.From + runeLen(p.src.Text[span.From:])}
		p.report(codeTooLarge, at, fmt.Sprintf("this line is longer than %d KiB and was not read", MaxLine>>10), "")
		p.loseAction()
		return
	}
	p.assemble(st)
}

// comment reports a comment that is written differently or stands elsewhere than it may.
func (p *parser) comment(t Token, startOfLine, alone bool) {
	text := p.src.Slice(t.Span)
	mark := min(2, len(text))
	if startOfLine && alone && text[0] != '#' {
		d := p.report(codeComment, Span{t.From, t.From + mark}, "a comment begins with `#`", "")
		if text[:mark] != "/*" {
			d.Fixes = []Fix{{"Begin the comment with #", []Edit{{Span{t.From, t.From + mark}, "#"}}, true}}
		}
		return
	}
	if startOfLine && text[0] == '#' {
		return
	}
	d := p.report(codeComment, t.Span, "a comment stands on a line of its own", "move it to the line above")
	if strings.HasPrefix(text, "/*") {
		return
	}
	line := p.src.LineSpan(p.src.Position(t.From).Line)
	before := p.src.Text[line.From:t.From]
	indent := before[:blankLen(before)]
	words := strings.TrimLeft(text, "#/ \t")
	d.Fixes = []Fix{{"Move the comment to the line above", []Edit{
		{Span{line.From, line.From}, strings.TrimRight(indent+"# "+words, " ") + p.src.LineBreak()},
		{Span{line.From + len(strings.TrimRight(before, " \t")), t.To}, ""},
	}, !strings.ContainsAny(text, "()[]{}")}} // a bracket in it may be meant as one
}

// report adds an error. The result may be refined until the next one is reported.
func (p *parser) report(code Code, at Span, message, help string) *Diagnostic {
	if p.quiet || len(p.diags) > maxFaults {
		return &Diagnostic{}
	}
	if len(p.diags) == maxFaults {
		code, help = codeTooLarge, ""
		message = fmt.Sprintf("the file has more than %d faults; those below are not shown", maxFaults)
	}
	p.diags = append(p.diags, Diagnostic{
		Code: code, Severity: Error, Source: p.src, Span: at, Message: shortened(message, maxMessage), Help: shortened(help, maxMessage),
	})
	return &p.diags[len(p.diags)-1]
}

// label marks another place of the same file on a diagnostic.
func (p *parser) label(d *Diagnostic, at Span, text string) {
	d.Labels = append(d.Labels, Label{p.src, at, text})
}

// span returns the range of a statement.
func (st *statement) span() Span { return Span{st.tokens[0].From, st.tokens[len(st.tokens)-1].To} }

// text returns the text of token i, or "" if there is none.
func (st *statement) text(i int) string {
	if i < 0 || i >= len(st.tokens) {
		return ""
	}
	return st.src.Slice(st.tokens[i].Span)
}

// kind returns the kind of token i, or KindEOL if there is none.
func (st *statement) kind(i int) Kind {
	if i < 0 || i >= len(st.tokens) {
		return KindEOL
	}
	return st.tokens[i].Kind
}

// at returns the range of token i, or an empty one behind the last.
func (st *statement) at(i int) Span {
	if i < len(st.tokens) {
		return st.tokens[i].Span
	}
	end := st.tokens[len(st.tokens)-1].To
	return Span{end, end}
}

// keyword returns the keyword that a token is or was meant to be, or "".
func (st *statement) keyword(t Token) string {
	word := st.src.Slice(t.Span)
	switch {
	case t.Kind == KindKeyword:
		return word
	case t.Kind != KindNearMiss:
		return ""
	}
	keywords := clauseKeywords
	if t == st.tokens[0] {
		keywords = lineKeywords
	} else if t == st.tokens[1] && st.keyword(st.tokens[0]) == "expect" {
		keywords = expectWords
	}
	k, _ := nearMiss(word, keywords)
	return k
}
