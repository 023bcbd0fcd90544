package dsl

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lexicalFault reports what is wrong with the tokens of an expression, if anything:
// the first fault only, since what follows it may be read wrongly.
func (p *parser) lexicalFault(st *statement, tokens []Token) bool {
	var open []Token
	for i, t := range tokens {
		text := p.src.Slice(t.Span)
		switch t.Kind {
		case KindBadString:
			d := p.report(codeString, Span{t.From, t.From + 1}, "this string is not closed", "a string ends on its line, with the quote that it begins with")
			p.label(d, Span{t.To, t.To}, "the line ends here")
			return true
		case KindIllegal:
			p.illegal(t, text)
			return true
		case KindOpen:
			open = append(open, t)
			if len(open) > MaxDepth {
				p.report(codeTooLarge, t.Span, fmt.Sprintf("brackets stand in brackets more than %d deep", MaxDepth), "split the expression with `let`")
				return true
			}
		case KindClose:
			if len(open) == 0 {
				p.report(codeBracket, t.Span, fmt.Sprintf("`%s` closes no bracket", text), "")
				return true
			}
			last := open[len(open)-1]
			open = open[:len(open)-1]
			if opening := p.src.Slice(last.Span); opening+text != "()" && opening+text != "[]" && opening+text != "{}" {
				d := p.report(codeBracket, t.Span, fmt.Sprintf("`%s` does not close `%s`", text, opening), "")
				p.label(d, last.Span, "opened here")
				return true
			}
		case KindOperator:
			if text == "=" && (i < 2 || p.src.Slice(tokens[i-2].Span) != "let") {
				d := p.report(codeCompare, t.Span, "`=` gives a value; two values are compared with `==`", "")
				d.Fixes = []Fix{{"Compare with ==", []Edit{{t.Span, "=="}}, false}}
				return true
			}
		}
	}
	if len(open) == 0 {
		return false
	}
	if commented(st, tokens) {
		return true
	}
	message := fmt.Sprintf("`%s` is not closed", p.src.Slice(open[0].Span))
	d := p.report(codeBracket, open[0].Span, message, "brackets may span lines, but neither empty lines nor the next statement")
	if n := len(open); n > 1 {
		d.Message = fmt.Sprintf("%d brackets are not closed", n)
		p.label(d, open[n-1].Span, "the last of them")
	}
	return true
}

// commented reports whether a comment stands behind something on a line of the
// expression. It has been reported, and may hold the bracket that is missing.
func commented(st *statement, tokens []Token) bool {
	for _, c := range st.trailing {
		if c.From > tokens[0].From {
			return true
		}
	}
	return false
}

// plainForms are the characters that word processors and other keyboards put in the place
// of plain ones.
var plainForms = map[rune]string{
	'–': "-", '—': "-", '−': "-", '‐': "-", '‑': "-", '＝': "=", '：': ":", '，': ",", '（': "(", '）': ")", '×': "*", '÷': "/",
	'≤': "<=", '≥': ">=", '≠': "!=",
}

// illegal reports a character that no statement can hold.
func (p *parser) illegal(t Token, text string) {
	r, n := utf8.DecodeRuneInString(text)
	switch {
	case strings.ContainsRune(curlyQuotes, r):
		d := p.report(codeCharacter, t.Span, "these are the curly quotes of a word processor", "write plain quotes: \"")
		inner := strings.TrimRight(text[n:], curlyQuotes)
		if len(inner) < len(text)-n {
			last := Span{t.From + n + len(inner), t.To}
			safe := !strings.ContainsAny(inner, `"\`)
			d.Fixes = []Fix{{"Write plain quotes", []Edit{{Span{t.From, t.From + n}, `"`}, {last, `"`}}, safe}}
		}
	case !unicode.IsPrint(r):
		d := p.report(codeCharacter, t.Span, fmt.Sprintf("an invisible character (U+%04X) stands here", r), "remove it")
		d.Fixes = []Fix{{"Remove the invisible character", []Edit{{t.Span, ""}}, true}}
	case plainForms[r] != "":
		d := p.report(codeCharacter, t.Span, fmt.Sprintf("`%s` is no plain `%s`", text, plainForms[r]), "")
		d.Fixes = []Fix{{"Write " + plainForms[r], []Edit{{t.Span, plainForms[r]}}, true}}
	default:
		p.report(codeCharacter, t.Span, fmt.Sprintf("`%s` cannot stand in an expression", text), "text stands in quotes, or after `Field:`")
	}
}
