package ruledoc

import (
	"strings"
	"unicode"

	"github.com/sfsync/sfsync/dsl"
)

// EscapeMarkdown makes text stand in Markdown as it is, also in a cell of a table:
// nothing of it is taken for markup or HTML, and it stays on one line.
func EscapeMarkdown(text string) string {
	var b strings.Builder
	runes := []rune(strings.Join(strings.Fields(text), " "))
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	inside := false // of a word: a run of underscores there is no markup
	for i, r := range runes {
		switch r {
		case '<':
			b.WriteString("&lt;")
			continue
		case '>':
			b.WriteString("&gt;")
			continue
		case '&':
			b.WriteString("&amp;")
			continue
		case '_':
			if i == 0 || runes[i-1] != '_' { // a run begins
				end := i
				for end < len(runes) && runes[end] == '_' {
					end++
				}
				inside = word(i-1) && word(end)
			}
			if !inside {
				b.WriteByte('\\')
			}
		case '\\', '`', '*', '[', ']', '|', '#', '~', '!', '@':
			b.WriteByte('\\')
		}
		if !dsl.Printable(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}

// CodeMarkdown makes text stand in Markdown as code, also in a cell of a table.
// Nothing stays nothing.
func CodeMarkdown(text string) string {
	text = strings.Map(func(r rune) rune {
		if !dsl.Printable(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.Join(strings.Fields(text), " "))
	if text == "" {
		return ""
	}
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + strings.ReplaceAll(text, "|", `\|`) + fence
}
