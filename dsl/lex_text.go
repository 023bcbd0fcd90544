package dsl

import "strings"

// plainText reads the rest of the line as text.
func (l *textLexer) plainText() {
	if l.blanks() {
		l.emit(KindText, trimmedLen(l.rest()))
	}
}

// trimmedLen returns the length of a text without the blanks at its end.
func trimmedLen(text string) int { return len(strings.TrimSpace(text)) + blankLen(text) }

// statusList reads statuses with commas between them.
func (l *textLexer) statusList() {
	for l.blanks() && !l.is("#") && !l.is("//") {
		if l.is(",") {
			l.emit(KindComma, 1)
			continue
		}
		status := l.rest()
		if i := strings.IndexByte(status, ','); i >= 0 {
			status = status[:i]
		}
		for _, mark := range [...]string{" #", "\t#", " //", "\t//"} {
			if i := strings.Index(status, mark); i >= 0 {
				status = status[:i]
			}
		}
		l.emit(KindStatus, trimmedLen(status))
	}
}

// template reads the rest of the line as text with expressions between braces.
func (l *textLexer) template() {
	if !l.blanks() {
		return
	}
	// Blanks at the end of the line belong to nobody, so they must not end up in a text.
	end := l.pos + trimmedLen(l.rest())
	from := l.pos
	for i := l.pos; i < end; {
		switch {
		case strings.HasPrefix(l.text[i:end], "{{"):
			i += 2
		case l.text[i] != '{':
			i++
		default:
			l.emit(KindText, i-from)
			l.emit(KindOpenBrace, 1)
			l.expr(exprBrace)
			if l.is("}") {
				l.emit(KindCloseBrace, 1)
			}
			from, i = l.pos, l.pos
		}
	}
	l.emit(KindText, max(0, end-from))
}
