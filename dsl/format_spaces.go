package dsl

import (
	"slices"
	"strings"
)

// printer writes lines with their words spaced.
type printer struct {
	strings.Builder
	src *Source
	eol string
}

// line writes a line without the break at its end.
func (p *printer) line(l *layoutLine) {
	last := l.pieces[len(l.pieces)-1].To
	if l.verbatim {
		text := p.src.Text[l.from:last]
		if strings.ContainsAny(text, "\r\n") {
			text = strings.NewReplacer("\r\n", p.eol, "\r", p.eol, "\n", p.eol).Replace(text)
		}
		p.WriteString(text)
		return
	}
	p.blanks(l.indent)
	s := spacing{src: p.src, trigger: l.word == "on", open: make([]bracket, 1, 8)}
	for i, next := range l.pieces {
		switch {
		case i == 0:
		case next.wrap:
			s.line++
			p.WriteString(p.eol)
			p.blanks(l.hanging() + indentStep*s.depth(l.pieces[i:]))
		default:
			p.WriteString(s.before(next))
			if next.Kind == KindEquals {
				p.blanks(l.pad)
			}
		}
		if s.above.Kind == KindColon { // text is the author's own, to its end
			p.WriteString(p.src.Text[next.From:last])
			return
		}
		p.WriteString(p.src.Slice(next.Span))
		s.add(next)
	}
}

func (p *printer) blanks(n int) {
	for range n {
		p.WriteByte(' ')
	}
}

// hanging returns the column that the further lines of a statement hang from.
func (l *layoutLine) hanging() int {
	switch l.word {
	case "", "let", "with":
		return l.indent
	case "set":
		return l.indent + indentField
	}
	return l.indent + indentStep
}

// spacing says what stands between the words of a statement. It knows as much of
// expressions as that takes.
type spacing struct {
	src     *Source
	trigger bool // the statement is a trigger
	words   int  // how many bare words there were
	line    int  // counts the lines of the statement

	above   piece     // the token above the next one
	text    string    // its text
	operand bool      // it ends a value
	unary   bool      // it is a sign, or a `!`
	colon   colonKind // what it is, if a colon
	open    []bracket // the brackets that are open; the first stands for none
}

// bracket is one that is open.
type bracket struct {
	char  byte // 0 for none
	line  int
	conds int // `?` that wait for their colon
}

// colonKind says what a colon of an expression parts.
type colonKind uint8

const (
	colonCond  colonKind = iota // cond ? a : b
	colonKey                    // {key: value}
	colonSlice                  // list[1:2]
)

// depth returns how far the next line is indented within brackets: by one for each
// line on which some of them were opened. The brackets that it closes first don't count.
func (s *spacing) depth(next []piece) int {
	open := s.open[1:]
	for len(next) > 0 && next[0].Kind == KindClose && len(open) > 0 {
		next, open = next[1:], open[:len(open)-1]
	}
	depth, line := 0, -1
	for _, b := range open {
		if b.line != line {
			depth, line = depth+1, b.line
		}
	}
	return depth
}

// add takes note of a token that has been written.
func (s *spacing) add(t piece) {
	if t.Kind == KindComment {
		return
	}
	text := s.src.Slice(t.Span)
	top := &s.open[len(s.open)-1]
	wasOperand := s.operand
	s.operand, s.unary = false, false
	switch t.Kind {
	case KindWord:
		s.words++
	case KindIdent:
		s.operand = !isOperatorWord(t.Kind, text)
	case KindMember, KindNumber, KindString:
		s.operand = true
	case KindOpen:
		s.open = append(s.open, bracket{char: text[0], line: s.line})
	case KindClose:
		s.operand = true
		if len(s.open) > 1 {
			s.open = s.open[:len(s.open)-1]
		}
	case KindOperator:
		switch text {
		case "!":
			s.unary = true
		case "-", "+":
			s.unary = !wasOperand
		case "?":
			top.conds++
		case ":":
			s.colon = s.colonKind()
			top.conds = max(0, top.conds-1)
		}
	}
	s.above, s.text = t, text
}

// colonKind returns what a colon is here.
func (s *spacing) colonKind() colonKind {
	switch top := s.open[len(s.open)-1]; {
	case top.conds > 0:
		return colonCond
	case top.char == '{':
		return colonKey
	case top.char == '[':
		return colonSlice
	}
	return colonCond
}

// before returns what stands before the next token.
func (s *spacing) before(next piece) string {
	const one, none = " ", ""
	written := none
	if next.blank {
		written = one
	}
	above, text := s.above.Kind, s.src.Slice(next.Span)
	switch {
	case next.Kind == KindComma || next.Kind == KindColon:
		return none
	case above == KindName && next.Kind == KindMember:
		return none
	case above == KindWord && next.Kind == KindWord && s.trigger && s.words > 2:
		return s.src.Text[s.above.To:next.From] // blanks are part of a survey's id
	case exprKinds>>above&1 == 0 || exprKinds>>next.Kind&1 == 0:
		return one
	case above == KindOpen || next.Kind == KindClose || text == "," || text == ";" || text == ".." || s.text == "..":
		return none
	case s.text == "," || s.text == ";":
		return one
	case joins(s.text) || joins(text) || s.text == "?" && text == ":":
		return written
	case s.unary:
		if text[0] == '=' {
			return written // or the two would be one
		}
		return none
	case s.operand && (next.Kind == KindMember || text == "(" || text == "["):
		if above == KindNumber {
			return written
		}
		return none
	case text == ":" && s.colonKind() == colonKey:
		return none
	case text == ":" && s.colonKind() == colonSlice || s.text == ":" && s.colon == colonSlice:
		return written
	case above == KindOperator || next.Kind == KindOperator || isOperatorWord(above, s.text) || isOperatorWord(next.Kind, text):
		return one
	}
	return written // two values side by side mean nothing
}

// joins reports whether an operator may need the blanks around it to be there, or not.
func joins(text string) bool {
	switch text {
	case ".", "?.", "::":
		return true
	}
	return false
}

func isOperatorWord(kind Kind, text string) bool {
	return kind == KindIdent && slices.Contains(operatorWords, text)
}
