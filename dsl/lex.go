package dsl

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// lex splits a text into tokens. It never fails: what it does not know becomes an
// Illegal or BadString token for the parser to report.
//
// A statement tells by its keyword what the rest of its line is made of, so the
// lexer follows the statements: bare text after `rule`, statuses after `when`, an
// expression after `=`. lex_expr.go has the expressions, lex_text.go the bare text.
func lex(text string) []Token {
	l := &textLexer{text: text, tokens: make([]Token, 0, 8+len(text)/4)}
	if strings.HasPrefix(text, byteOrderMark) {
		l.emit(KindBlank, len(byteOrderMark))
	}
	for l.pos < len(text) {
		l.startLine()
		l.statement()
		l.lineBreak(KindEOL)
	}
	return l.tokens
}

type textLexer struct {
	text   string
	pos    int // where the next token begins
	end    int // where the line that pos is in ends
	tokens []Token
}

// emit makes a token of the next n bytes.
func (l *textLexer) emit(kind Kind, n int) {
	if n > 0 {
		l.tokens = append(l.tokens, Token{kind, Span{l.pos, l.pos + n}})
		l.pos += n
	}
}

// startLine finds the end of the line that begins at pos.
func (l *textLexer) startLine() { l.end = lineEnd(l.text, l.pos) }

func lineEnd(text string, from int) int {
	if n := strings.IndexAny(text[from:], "\r\n"); n >= 0 {
		return from + n
	}
	return len(text)
}

// lineBreak makes a token of the line break at the end of the line.
func (l *textLexer) lineBreak(kind Kind) { l.emit(kind, lineBreak(l.text[l.pos:])) }

// rest returns what is left of the line.
func (l *textLexer) rest() string { return l.text[l.pos:l.end] }

// blanks makes a token of the blanks here and reports whether more follows on the line.
func (l *textLexer) blanks() bool {
	l.emit(KindBlank, blankLen(l.rest()))
	return l.pos < l.end
}

// is reports whether the rest of the line begins with a text.
func (l *textLexer) is(prefix string) bool { return strings.HasPrefix(l.rest(), prefix) }

// statement reads one statement: a line, or several that brackets hold together.
func (l *textLexer) statement() {
	if l.end-l.pos > MaxLine {
		l.emit(KindIllegal, l.end-l.pos)
		return
	}
	if !l.blanks() {
		return
	}
	for _, mark := range [...]string{"#", "//", "--", "/*"} {
		if l.is(mark) {
			l.emit(KindComment, l.end-l.pos)
			return
		}
	}
	word := l.text[l.pos : l.pos+identLen(l.rest())]
	equals, colon := assigns(l.rest())
	switch keyword := keywordAt(l.rest(), lineKeywords); {
	case equals || colon || isComparison(l.rest()):
		l.assignments()
		l.clauses()
	case keyword != "":
		l.emit(KindKeyword, len(keyword))
		l.afterKeyword(keyword)
	default:
		if keyword, ok := nearMiss(word, lineKeywords); ok && pathLen(l.rest()) == len(word) && !l.isLoneField(word) {
			l.emit(KindNearMiss, len(word))
			l.afterKeyword(keyword)
		}
	}
	l.remainder()
}

// isComparison reports whether a line begins with `Field ==`, which must have been
// meant for an assignment.
func isComparison(text string) bool {
	n := pathLen(text)
	return n > 0 && strings.HasPrefix(text[n+blankLen(text[n:]):], "==")
}

// isLoneField reports whether a word stands alone on its line and is written as
// field names are; it is then no misspelt keyword.
func (l *textLexer) isLoneField(word string) bool {
	alone := blankLen(l.rest()[len(word):]) == len(l.rest())-len(word)
	return alone && word[0] >= 'A' && word[0] <= 'Z' && !slices.Contains(lineKeywords, strings.ToLower(word))
}

// remainder reads what no statement expects at the end of its line.
func (l *textLexer) remainder() {
	if !l.blanks() {
		return
	}
	if l.is(",") {
		l.emit(KindComma, 1)
	} else if k := keywordAt(l.rest(), clauseKeywords); k != "" {
		l.emit(KindKeyword, len(k))
	}
	l.expr(exprToEnd)
}

func (l *textLexer) afterKeyword(keyword string) {
	switch keyword {
	case "rule", "test", "given":
		l.plainText()
	case "statuses", "when":
		l.statusList()
	case "on":
		l.trigger()
	case "connection":
		l.words(1)
	case "create", "update", "upsert":
		l.action()
	case "expect":
		l.expect()
	case "let":
		l.assignment()
	case "with":
		l.change()
	case "otherwise":
	default:
		l.clause(keyword)
		l.clauses()
	}
}

// words reads up to n bare words.
func (l *textLexer) words(n int) {
	for ; n > 0 && l.blanks() && !l.is("#") && !l.is("//"); n-- {
		l.emit(KindWord, wordLen(l.rest()))
	}
}

// wordLen returns the length of what stands before the first blank.
func wordLen(text string) int {
	for i := range text {
		if blankLen(text[i:]) > 0 {
			return i
		}
	}
	return len(text)
}

// trigger reads what follows `on`.
func (l *textLexer) trigger() {
	first := len(l.tokens)
	for l.blanks() && !l.is("#") && !l.is("//") {
		word := l.rest()[:identLen(l.rest())]
		if keywordAt(l.rest(), clauseKeywords) == "if" {
			l.emit(KindKeyword, len("if"))
			l.expr(exprClause)
			return
		}
		// A survey may be called `What If`; an object may not.
		if strings.EqualFold(word, "if") && len(l.tokens) > first+2 && l.text[l.tokens[first+1].From:l.tokens[first+1].To] == "outbound" {
			l.emit(KindNearMiss, len(word))
			l.expr(exprClause)
			return
		}
		l.emit(KindWord, wordLen(l.rest()))
	}
}

// action reads what follows `create`, `update` or `upsert`.
func (l *textLexer) action() {
	if l.blanks() && keywordAt(l.rest(), clauseKeywords) == "" {
		l.words(1)
	}
	l.clauses()
}

// expect reads what follows `expect`: an action, or bare words.
func (l *textLexer) expect() {
	if !l.blanks() {
		return
	}
	word := l.rest()[:identLen(l.rest())]
	if slices.Contains(actionKeywords, word) {
		l.emit(KindKeyword, len(word))
		l.action()
	} else if near, ok := nearMiss(word, expectWords); ok && slices.Contains(actionKeywords, near) {
		l.emit(KindNearMiss, len(word))
		l.action()
	} else {
		l.words(3)
	}
}

// clauses reads the clauses of an action or what looks like them.
func (l *textLexer) clauses() {
	for l.blanks() {
		word := l.rest()[:identLen(l.rest())]
		if k := keywordAt(l.rest(), clauseKeywords); k != "" {
			l.emit(KindKeyword, len(k))
			l.clause(k)
		} else if k, ok := nearMiss(word, clauseKeywords); ok {
			l.emit(KindNearMiss, len(word))
			l.clause(k)
		} else {
			return
		}
	}
}

// clause reads what follows a clause keyword.
func (l *textLexer) clause(keyword string) {
	switch keyword {
	case "using":
		if l.blanks() && keywordAt(l.rest(), clauseKeywords) == "" {
			l.words(1)
		}
	case "if":
		l.expr(exprClause)
	case "where":
		l.assignment()
	case "set":
		l.assignments()
	}
}

// assignments reads `Field = expr` and `Field: text`, with commas between.
func (l *textLexer) assignments() {
	for {
		l.assignment()
		if l.is(",") {
			l.emit(KindComma, 1)
			continue
		}
		if equals, colon := assigns(l.rest()); (equals || colon) && keywordAt(l.rest(), clauseKeywords) == "" {
			continue // a comma is missing, which the parser reports
		}
		return
	}
}

// assignment reads one `Field = expr` or `Field: text`.
func (l *textLexer) assignment() {
	if !l.blanks() {
		return
	}
	equals, colon := assigns(l.rest())
	if k := keywordAt(l.rest(), lineKeywords); k != "" && (equals || colon) {
		l.emit(KindKeyword, len(k))
	} else if keywordAt(l.rest(), clauseKeywords) != "" {
		return
	} else {
		l.emit(KindName, identLen(l.rest()))
		for n := memberLen(l.rest()); n > 0; n = memberLen(l.rest()) {
			l.emit(KindMember, n)
		}
	}
	l.blanks()
	switch {
	case equals:
		l.emit(KindEquals, 1)
		l.blanks()
		if isStatic(l.rest()) {
			l.expr(exprStatic)
		} else {
			l.expr(exprValue)
		}
	case colon:
		l.emit(KindColon, 1)
		l.template()
	default:
		l.expr(exprValue)
	}
}

// change reads what follows `with`: a path of the event, in which brackets may stand
// for dots, and its value.
func (l *textLexer) change() {
	if n := pathLen(l.rest()[blankLen(l.rest()):]); n == 0 || indexLen(l.rest()[blankLen(l.rest())+n:]) == 0 {
		l.assignment()
		return
	}
	l.blanks()
	l.emit(KindName, identLen(l.rest()))
	for n := stepLen(l.rest()); n > 0; n = stepLen(l.rest()) {
		l.emit(KindMember, n)
	}
	l.blanks()
	switch {
	case isEquals(l.rest()):
		l.emit(KindEquals, 1)
		l.expr(exprValue)
	case l.is(":"):
		l.emit(KindColon, 1)
		l.template()
	default:
		l.expr(exprValue)
	}
}

// startsStatement reports whether the line that begins at an offset cannot be the
// continuation of a statement whose brackets are still open, inner the last of them:
// it is empty, or begins as statements do. Without this rule one forgotten bracket
// would swallow the file.
func startsStatement(text string, from int, inner byte) bool {
	line := text[from:lineEnd(text, from)]
	if len(line) > MaxLine {
		return true
	}
	line = line[blankLen(line):]
	if line == "" || keywordAt(line, lineKeywords) != "" {
		return true
	}
	equals, colon := assigns(line)
	if colon && inner != '{' {
		// `Field: text`, but not the `a : b` of a conditional
		field := line[:pathLen(line)]
		return line[len(field)] == ':' && (field[0] >= 'A' && field[0] <= 'Z' || strings.Contains(field, "__"))
	}
	return equals
}

// runeLen returns the length of the character that a text begins with.
func runeLen(text string) int {
	_, n := utf8.DecodeRuneInString(text)
	return n
}
