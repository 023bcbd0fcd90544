package dsl

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// exprMode says where an expression ends.
type exprMode uint8

const (
	exprClause exprMode = iota // at the end of the line, a comma or a clause keyword outside of brackets
	exprValue                  // there, or where another assignment begins
	exprStatic                 // there, but clause keywords are plain words: it is text that was meant
	exprBrace                  // at the brace that closes it, on the same line
	exprToEnd                  // at the end of the line, whatever comes
)

// expr reads an expression. It knows no grammar, only what an expression is made of.
func (l *textLexer) expr(mode exprMode) {
	var open []byte // the brackets that are open
	braces := 0     // how many of them are `{`
	first := len(l.tokens)
	for {
		if l.pos == l.end {
			next := l.pos + lineBreak(l.text[l.pos:])
			if len(open) == 0 || mode >= exprBrace || next == len(l.text) || startsStatement(l.text, next, open[len(open)-1]) {
				return
			}
			l.lineBreak(KindWrap)
			l.startLine()
			continue
		}
		rest := l.rest()
		if n := blankLen(rest); n > 0 {
			l.emit(KindBlank, n)
			continue
		}
		if len(open) == 0 && l.exprEnds(mode, rest, first) {
			return
		}
		switch c := rest[0]; {
		case c == '#' || strings.HasPrefix(rest, "//") || strings.HasPrefix(rest, "/*"):
			if mode == exprBrace {
				l.emit(KindIllegal, 1)
			} else {
				l.emit(KindComment, len(rest))
			}
		case c == '(' || c == '[' || c == '{':
			open = append(open, c)
			if c == '{' {
				braces++
			}
			l.emit(KindOpen, 1)
		case c == ')' || c == ']' || c == '}':
			if mode == exprBrace && c == '}' && braces == 0 {
				return
			}
			if n := len(open) - 1; n >= 0 {
				if open[n] == '{' {
					braces--
				}
				open = open[:n]
			}
			l.emit(KindClose, 1)
		default:
			l.emit(lexeme(rest))
		}
	}
}

// exprEnds reports whether an expression ends before the rest of its line.
func (l *textLexer) exprEnds(mode exprMode, rest string, first int) bool {
	if mode == exprToEnd {
		return false
	}
	if mode == exprBrace {
		return rest[0] == '}'
	}
	if rest[0] == ',' {
		return true
	}
	if mode == exprStatic || identLen(rest) == 0 {
		return false
	}
	if keywordAt(rest, clauseKeywords) != "" {
		return !l.afterDot(first)
	}
	// Two values side by side are no expression, so the second may begin something else.
	if !l.afterOperand(first) {
		return false
	}
	word := rest[:identLen(rest)]
	equals, colon := assigns(rest)
	return mode == exprValue && (equals || colon) || slices.Contains(clauseKeywords, strings.ToLower(word))
}

// last returns the last token since the first one that is more than a blank.
func (l *textLexer) last(first int) (Token, bool) {
	for i := len(l.tokens) - 1; i >= first; i-- {
		switch l.tokens[i].Kind {
		case KindBlank, KindWrap, KindComment:
		default:
			return l.tokens[i], true
		}
	}
	return Token{}, false
}

// afterOperand reports whether a value comes before the next token.
func (l *textLexer) afterOperand(first int) bool {
	t, ok := l.last(first)
	switch {
	case !ok:
		return false
	case t.Kind == KindIdent:
		return !slices.Contains(operatorWords, l.text[t.From:t.To])
	}
	return t.Kind == KindMember || t.Kind == KindNumber || t.Kind == KindString || t.Kind == KindClose
}

// afterDot reports whether a dot comes before the next token, so that even a
// keyword is the name of a member.
func (l *textLexer) afterDot(first int) bool {
	t, ok := l.last(first)
	return ok && (l.text[t.From:t.To] == "." || l.text[t.From:t.To] == "?.")
}

// lexeme returns the kind and length of the token that an expression goes on with.
func lexeme(rest string) (Kind, int) {
	c := rest[0]
	if n := identLen(rest); n > 0 {
		return KindIdent, n
	}
	if n := memberLen(rest); n > 0 {
		return KindMember, n
	}
	if c >= '0' && c <= '9' || c == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9' {
		return KindNumber, numberLen(rest)
	}
	if c == '"' || c == '\'' || c == '`' {
		return stringToken(rest)
	}
	for _, op := range [...]string{"==", "!=", "<=", ">=", "&&", "||", "**", "..", "??", "?.", "::"} {
		if strings.HasPrefix(rest, op) {
			return KindOperator, len(op)
		}
	}
	if strings.IndexByte("+-*/%^&|!<>=?:;,.", c) >= 0 {
		return KindOperator, 1
	}
	return KindIllegal, illegalLen(rest)
}

// numberLen returns the length of the number that a text begins with, along with
// the letters stuck to it.
func numberLen(text string) int {
	i := 0
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		exponent := (r == '+' || r == '-') && (text[i-1] == 'e' || text[i-1] == 'E') && !strings.HasPrefix(text, "0x")
		if !isIdentPart(r) && !exponent && (r != '.' || strings.HasPrefix(text[i:], "..")) {
			break
		}
		i += n
	}
	return i
}

// stringToken returns the length of the string that a text begins with. A string
// ends on its line, raw ones too: or a forgotten quote would swallow the file.
func stringToken(text string) (Kind, int) {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote != '`':
			i++
		case text[i] == quote:
			return KindString, i + 1
		}
	}
	return KindBadString, len(text)
}

// curlyQuotes are the quotes that word processors put in place of the plain ones.
const curlyQuotes = "“”„‟«»‘’‚‛"

// illegalLen returns the length of a stretch that no expression can hold: a string
// in curly quotes as a whole, else one character with what belongs to it.
func illegalLen(text string) int {
	n := runeLen(text)
	if strings.Contains(curlyQuotes, text[:n]) {
		if i := strings.IndexAny(text[n:], curlyQuotes); i >= 0 {
			return n + i + runeLen(text[n+i:])
		}
		return n
	}
	for n < len(text) {
		r, m := utf8.DecodeRuneInString(text[n:])
		if !unicode.Is(unicode.Mn, r) && r != '\u200d' && r != '\ufe0f' {
			break
		}
		n += m
	}
	return n
}
