package dsl

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Rules that hold are formatted, however their author spaced them.
func TestFormatGenerated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawRules(t)
		if _, faults := Parse(NewSource("", []byte(text))); len(faults) > 0 {
			t.Fatalf("the generator writes what is wrong: %v\n%s", summary(faults), text)
		}
		if _, ok := Format(NewSource("", []byte(text))); !ok {
			t.Errorf("rules without a fault are not formatted:\n%s", text)
		}
		checkFormat(t, text)
	})
}

// How rules in style are spaced does not matter: they are formatted to what they were.
func TestFormatRespaced(t *testing.T) {
	texts := sampleTexts(t)
	rapid.Check(t, func(t *rapid.T) {
		want, ok := Format(NewSource("", []byte(rapid.SampledFrom(texts).Draw(t, "text"))))
		file, faults := Parse(NewSource("", []byte(want)))
		if !ok || len(faults) > 0 {
			t.Skip("something is wrong with it")
		}
		var b strings.Builder
		for _, token := range file.Tokens {
			text := file.Source.Slice(token.Span)
			switch token.Kind {
			case KindBlank:
				text = drawBlanks(t, 1)
			case KindEOL:
				text = drawBlanks(t, 0) + text
			case KindKeyword, KindName, KindComment:
				if file.Source.Position(token.From).Column == 1 {
					text = drawBlanks(t, 0) + text
				}
			}
			b.WriteString(text)
		}
		if got, _ := Format(NewSource("", []byte(b.String()))); got != want {
			t.Errorf("%q is formatted to\n%s\nand not to\n%s", b.String(), got, want)
		}
	})
}

// Whatever becomes of rules while they are edited, nothing gets lost.
func TestFormatMutated(t *testing.T) {
	texts := sampleTexts(t)
	pieces := []string{" ", "\n", "\t", "\r\n", "\r", "#", "(", ")", "[", "}", "{", "\"", "=", ":", ",", ".", "?", "-", "set ", "where ", "if ", "when ", "rule ", "a", "A", "1", "\u00a0", "é", "\x00"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(texts).Draw(t, "text")
		for range rapid.IntRange(1, 6).Draw(t, "changes") {
			from := rapid.IntRange(0, len(text)).Draw(t, "from")
			to := min(len(text), from+rapid.SampledFrom([]int{0, 0, 1, 2, 20}).Draw(t, "length"))
			text = text[:from] + rapid.SampledFrom(pieces).Draw(t, "piece") + text[to:]
		}
		checkFormat(t, text)
	})
}

// sampleTexts are the parts of the files that the tests of the package have.
func sampleTexts(t *testing.T) []string {
	t.Helper()
	var texts []string
	for _, pattern := range []string{"testdata/*.sfsync", "testdata/faults/*.sfsync", "testdata/format/*.txt", "../examples/*/*.sfsync"} {
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for part := range strings.SplitSeq(string(text), "\n\nrule ") {
				texts = append(texts, "rule "+strings.TrimPrefix(part, "rule ")+"\n")
			}
		}
	}
	return texts
}

func drawBlanks(t *rapid.T, least int) string {
	return strings.Repeat(rapid.SampledFrom([]string{" ", " ", "\t", "\u00a0"}).Draw(t, "blank"), rapid.IntRange(least, least+2).Draw(t, "blanks"))
}

// drawRules writes rules that hold, spaced in any way.
func drawRules(t *rapid.T) string {
	var b strings.Builder
	statements := 0
	eol := rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(t, "line break")
	line := func(parts ...string) {
		b.WriteString(drawBlanks(t, 0))
		for i, part := range parts {
			if i > 0 {
				b.WriteString(drawBlanks(t, 1))
			}
			b.WriteString(part)
		}
		b.WriteString(drawBlanks(t, 0) + eol)
		for range rapid.SampledFrom([]int{0, 0, 0, 1, 3}).Draw(t, "empty lines") {
			b.WriteString(drawBlanks(t, 0) + eol)
		}
		if rapid.IntRange(0, 5).Draw(t, "comment") == 0 {
			b.WriteString(drawBlanks(t, 0) + "#" + rapid.SampledFrom([]string{"", " note", " set A = b  "}).Draw(t, "note") + eol)
		}
		statements++
	}
	expression := func() string { return drawExpression(t, 3, eol) }
	fields := func() {
		var parts []string
		for range rapid.IntRange(1, 3).Draw(t, "fields on a line") {
			name := rapid.SampledFrom([]string{"A", "Status__c", "Account__r.Key__c", "Größe__c"}).Draw(t, "field")
			comma := ""
			if len(parts) > 0 {
				comma = drawBlanks(t, 0) + "," + drawBlanks(t, 0)
			}
			if rapid.IntRange(0, 3).Draw(t, "text") == 0 {
				parts = append(parts, comma+name+drawBlanks(t, 0)+":"+drawBlanks(t, 0)+rapid.SampledFrom([]string{"Sent, or  so", "{ a.b }{{ # x", `"quoted"`}).Draw(t, "value"))
				break
			}
			parts = append(parts, comma+name+drawBlanks(t, 0)+"="+drawBlanks(t, 0)+expression())
		}
		b.WriteString(strings.Join(parts, ""))
	}
	action := func() {
		head := []string{rapid.SampledFrom([]string{"create", "update", "upsert"}).Draw(t, "verb"), "Case"}
		if rapid.Bool().Draw(t, "using") {
			head = append(head, "using", "sandbox")
		}
		head = append(head, "where", "Id", "=", expression())
		if rapid.Bool().Draw(t, "guard") {
			head = append(head, "if", expression())
		}
		if rapid.Bool().Draw(t, "break") {
			line(head...)
			b.WriteString(drawBlanks(t, 0))
		} else {
			b.WriteString(drawBlanks(t, 0) + strings.Join(head, drawBlanks(t, 1)) + drawBlanks(t, 1))
		}
		b.WriteString("set" + drawBlanks(t, 1))
		fields()
		line("")
		for range rapid.IntRange(0, 3).Draw(t, "field lines") {
			b.WriteString(drawBlanks(t, 0))
			fields()
			line("")
		}
	}
	if rapid.Bool().Draw(t, "connection") {
		line("connection", "production")
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "rules") {
		line("rule", fmt.Sprintf("Rule  %d", i))
		line("on", "survey", "response", "post-purchase")
		if rapid.Bool().Draw(t, "let") {
			line("let", "x", "=", expression())
		}
		if rapid.Bool().Draw(t, "action") {
			action()
		}
		for range rapid.IntRange(0, 3).Draw(t, "arms") {
			if rapid.Bool().Draw(t, "otherwise") {
				line("otherwise")
			} else {
				line("when", "Sent"+drawBlanks(t, 0)+","+drawBlanks(t, 0)+"Not Sent due to Opt-Out")
			}
			action()
		}
	}
	if rapid.Bool().Draw(t, "test") {
		line("test", "It works")
		line("given", "events/a.json")
		line("with", "answers.nps", "=", "3")
		b.WriteString("expect ")
		action()
		line("expect", "nothing", "else")
	}
	return b.String()
}

// drawExpression writes an expression that package plan could read.
func drawExpression(t *rapid.T, depth int, eol string) string {
	blank := func() string { return drawBlanks(t, 0) }
	if depth == 0 {
		return rapid.SampledFrom([]string{"a", "answers.nps", "3", "4.5", `"te  xt"`, "`raw`", "'x'", "true", "null", "x?.y", "1e-5"}).Draw(t, "value")
	}
	inner := func() string { return drawExpression(t, depth-1, eol) }
	wrap := func() string {
		if rapid.IntRange(0, 5).Draw(t, "wrap") == 0 {
			return blank() + eol + blank()
		}
		return blank()
	}
	switch rapid.IntRange(0, 9).Draw(t, "form") {
	case 0:
		return "(" + wrap() + inner() + wrap() + ")"
	case 1:
		return "f" + blank() + "(" + wrap() + inner() + blank() + "," + wrap() + inner() + wrap() + ")"
	case 2:
		return "[" + wrap() + inner() + "," + blank() + inner() + blank() + "]"
	case 3:
		return "{" + blank() + `"k"` + blank() + ":" + blank() + inner() + blank() + "}"
	case 4:
		return "(" + inner() + blank() + "?" + drawBlanks(t, 1) + inner() + drawBlanks(t, 1) + ":" + blank() + inner() + ")"
	case 5:
		return rapid.SampledFrom([]string{"-", "!", "not ", "+"}).Draw(t, "sign") + blank() + inner()
	case 6:
		return "xs" + blank() + "[" + blank() + inner() + blank() + "]"
	case 7:
		return inner() + drawBlanks(t, 1) + rapid.SampledFrom([]string{"and", "or", "in", "contains", "matches"}).Draw(t, "word") + drawBlanks(t, 1) + inner()
	case 8:
		return inner()
	}
	return inner() + blank() + rapid.SampledFrom([]string{"+", "-", "*", "/", "**", "%", "==", "!=", "<=", ">", "&&", "||", "??"}).Draw(t, "operator") + blank() + inner()
}
