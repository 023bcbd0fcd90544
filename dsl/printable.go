package dsl

import (
	"strings"
	"unicode"
)

// Printable reports whether a character may be shown to a person as it is. What acts on
// a terminal, or turns the order around in which text is read, may not: rules and events
// are other people's text. The blanks of all languages may, and the joiners without
// which emoji and some scripts fall apart.
func Printable(r rune) bool {
	const zeroWidthNonJoiner, zeroWidthJoiner = '\u200c', '\u200d'
	return unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) || r == zeroWidthNonJoiner || r == zeroWidthJoiner
}

// printable makes a text fit to be shown: a tab is four blanks, and what may not be
// shown as it is shows as �.
func printable(text string) string {
	if !strings.ContainsFunc(text, unprintable) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case unprintable(r):
			b.WriteRune(unicode.ReplacementChar)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func unprintable(r rune) bool { return !Printable(r) }
