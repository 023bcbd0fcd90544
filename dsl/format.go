package dsl

import (
	"strings"
	"unicode"
)

// Format returns the text of a rule file in the one style that rules are written in;
// LANGUAGE.md says what it is. Only blanks and line breaks change: the words of the
// result, its comments and what [Parse] finds in it are those of the text. A statement
// that cannot be read stays as it is. A file that cannot be read stays as it is as a
// whole, and ok is false.
func Format(src *Source) (text string, ok bool) {
	file, _ := Parse(src)
	f := format(file)
	return f.text, f.ok
}

// FormatEdits returns the changes that [Format] makes to the text of a file that
// [Parse] has read, in the order of the text and each as small as can be, so that an
// editor may apply those of the lines that its user has chosen. There are none when
// nothing is to be changed.
func FormatEdits(file *File) []Edit {
	src, f := file.Source, format(file)
	if f.text == src.Text {
		return nil
	}
	var edits []Edit
	end, newEnd := 0, 0
	between := func(to, newTo int) {
		was, is := src.Text[end:to], f.text[newEnd:newTo]
		if was == is {
			return
		}
		same := 0
		for same < min(len(was), len(is)) && was[same] == is[same] {
			same++
		}
		edits = append(edits, Edit{Span{end + same, to}, is[same:]})
	}
	for i, t := range f.before {
		between(t.From, f.after[i].From)
		end, newEnd = t.To, f.after[i].To
	}
	between(len(src.Text), len(f.text))
	return edits
}

// formatted is a text in the style of rules, with its words as they were and are.
type formatted struct {
	text          string
	ok            bool
	before, after []Token
}

func format(file *File) formatted {
	src, faults := file.Source, file.Faults
	untouched := formatted{text: src.Text}
	if file.Tokens == nil && src.Text != "" || len(faults) > maxFaults {
		return untouched
	}
	text := layOut(file)
	if text == src.Text {
		return formatted{text: text, ok: true}
	}
	// Whatever the text was like, nothing of it may get lost or get another meaning.
	again, newFaults := Parse(NewSource(src.Path, []byte(text)))
	f := formatted{text, true, words(file), words(again)}
	if !sameWords(src.Text, f.before, text, f.after) || !sameCodes(faults, newFaults) || layOut(again) != text {
		return untouched
	}
	return f
}

// words returns the tokens of a file that are more than blanks and line breaks.
func words(file *File) []Token {
	var out []Token
	for _, t := range file.Tokens {
		switch t.Kind {
		case KindBlank, KindEOL, KindWrap:
			continue
		case KindComment:
			t.To = t.From + len(strings.TrimRightFunc(file.Source.Slice(t.Span), unicode.IsSpace))
		}
		out = append(out, t)
	}
	return out
}

func sameWords(a string, as []Token, b string, bs []Token) bool {
	if len(as) != len(bs) {
		return false
	}
	for i := range as {
		if as[i].Kind != bs[i].Kind || a[as[i].From:as[i].To] != b[bs[i].From:bs[i].To] {
			return false
		}
	}
	return true
}

func sameCodes(as, bs []Diagnostic) bool {
	if len(as) != len(bs) {
		return false
	}
	for i := range as {
		if as[i].Code != bs[i].Code {
			return false
		}
	}
	return true
}
