package ruledoc

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// glyph is how many pixels a character takes at most in the picture's size, in a broad
// font, since nobody knows the reader's.
func glyph(r rune) float64 {
	switch {
	case strings.ContainsRune("MWm@%—…←", r):
		return 13.4
	case r == 'w' || r == 'O' || r == 'Q' || r == '+' || r == '=' || r == '<' || r == '>':
		return 11.2
	case strings.ContainsRune("ijl.,:;'|! ’", r):
		return 4.4
	case strings.ContainsRune("frt-_()[]/\"“”", r):
		return 6.9
	case runewidth.RuneWidth(r) > 1:
		return 14
	case unicode.IsUpper(r):
		return 10.2
	}
	return 8.4
}

// measure is how wide a line is at most.
func measure(text, class string) float64 {
	width := 0.0
	for _, r := range text {
		width += glyph(r)
	}
	if class == "head" { // bold
		width *= 1.12
	}
	return width
}

// cut shortens text to a width.
func cut(text string, width float64, class string) string {
	if measure(text, class) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && measure(string(runes)+"…", class) > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}

// wrapped breaks text at blanks into lines of a width; a word that is wider is broken.
func wrapped(text string, width float64, class string) (lines []string) {
	current := ""
	for _, word := range strings.Fields(text) {
		if current != "" && measure(current+" "+word, class) <= width {
			current += " " + word
			continue
		}
		if current != "" {
			lines = append(lines, current)
		}
		for current = ""; measure(word, class) > width; {
			n := 0
			for i := range word {
				if i > 0 && measure(word[:i], class) > width {
					break
				}
				n = i
			}
			if n == 0 { // a single character that is wider than the line
				break
			}
			lines, word = append(lines, word[:n]), word[n:]
		}
		current = word
	}
	if current != "" {
		lines = append(lines, current)
	}
	return lines
}
