package plan

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"

	"github.com/sfsync/sfsync/dsl"
)

var (
	unexpectedToken = regexp.MustCompile(`^unexpected token (\w+)(?:\("(.*)"\))?`)
	wrongOperands   = regexp.MustCompile(`invalid operation: (\S+(?: \{\})?) (\S+) (\S+(?: \{\})?)`)
	wrongOperand    = regexp.MustCompile(`invalid operation: ([-+!]) (\S+)`)
	notAList        = regexp.MustCompile(`operator "in" not defined on (\S+)`)
	wrongKind       = regexp.MustCompile(`interface conversion: interface \{\} is (.+), not (\S+)`)
)

// syntaxError reports what expr's parser could not read, in the author's words
// and at its true place.
func (c *compilation) syntaxError(err error, e *dsl.Expr, s *scope) {
	var fe *file.Error
	if !errors.As(err, &fe) {
		c.report(s.source, e.Span, dsl.Error, "S020", "this expression cannot be read")
		return
	}
	span := spanAt(e, fe.Location)
	help := ""
	msg := "this expression cannot be read here"
	if m := unexpectedToken.FindStringSubmatch(fe.Message); m != nil {
		switch {
		case m[1] == "EOF":
			msg, span = endsEarly(e)
		case m[2] != "":
			msg = fmt.Sprintf("`%s` is not expected here", m[2])
			help = operatorHelp(e.Text, span.From-e.From, m[2])
		}
	} else if strings.Contains(fe.Message, "exceeds maximum allowed nodes") {
		msg = fmt.Sprintf("this expression has more than %d parts; split it with `let`", maxNodes)
		span = e.Span
	} else if fe.Message == "unexpected end of expression" {
		msg, span = endsEarly(e)
	} else if strings.Contains(fe.Message, "too large") || strings.Contains(fe.Message, "out of range") {
		msg, span = "this number is too large to calculate with", wordAt(e, span)
	} else if badNumber.MatchString(fe.Message) {
		msg, span = "this is not a number", wordAt(e, span)
	} else if fe.Message == "invalid char escape" {
		msg = "after a backslash stands n, t, a quote or a second backslash"
	} else if strings.Contains(fe.Message, "cannot be mixed") {
		msg = "`??` does not say how it goes together with `" + e.Text[span.From-e.From:span.To-e.From] + "`: put brackets round one of them"
	}
	if help == "" && strings.HasSuffix(strings.TrimSpace(e.Text), "%") {
		help = "a percentage is written as a number: 10 for 10 %"
	}
	c.report(s.source, span, dsl.Error, "S020", "%s", msg).Help = help
}

var badNumber = regexp.MustCompile(`^(bad number syntax|invalid (float|integer|hex|octal|binary) literal)`)

// endsEarly marks the last character of an expression of which more is needed.
func endsEarly(e *dsl.Expr) (string, dsl.Span) {
	end := e.From + len(strings.TrimRight(e.Text, " \t\r\n"))
	from := max(e.From, end-1)
	for from > e.From && !utf8.RuneStart(e.Text[from-e.From]) {
		from--
	}
	return "this expression ends too early", dsl.Span{From: from, To: end}
}

// wordAt widens a place to the number or word that it ends.
func wordAt(e *dsl.Expr, at dsl.Span) dsl.Span {
	text := e.Text[:at.To-e.From]
	start := len(strings.TrimRightFunc(text, func(r rune) bool {
		return r == '.' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
	}))
	return dsl.Span{From: min(at.From, e.From+start), To: at.To}
}

// runMessage says in the author's words why an expression failed on an event.
func runMessage(err error) string {
	msg := err.Error()
	var fe *file.Error
	if errors.As(err, &fe) {
		msg = fe.Message
	}
	if m := wrongOperands.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("`%s` does not work between %s and %s", m[2], goKind(m[1]), goKind(m[3]))
	}
	if m := wrongOperand.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("`%s` needs a number, and this is %s", m[1], goKind(m[2]))
	}
	if m := notAList.FindStringSubmatch(msg); m != nil {
		return "`in` needs a list, and this is " + goKind(m[1])
	}
	if m := wrongKind.FindStringSubmatch(msg); m != nil {
		return fmt.Sprintf("%s stands where %s is needed", goKind(m[1]), goKind(m[2]))
	}
	if i := strings.IndexByte(msg, '\n'); i >= 0 {
		msg = msg[:i]
	}
	return msg
}

// goKind names the kind of a Go type that expr shows in its messages.
func goKind(t string) string {
	switch {
	case t == "string":
		return "text"
	case t == "bool":
		return "true or false"
	case t == "float64" || t == "int":
		return "a number"
	case t == "plan.exactNumber":
		return "a number of more than 15 digits"
	case t == "nil" || t == "<nil>":
		return "null"
	case strings.HasPrefix(t, "[]"):
		return "a list"
	default:
		return "an object"
	}
}
