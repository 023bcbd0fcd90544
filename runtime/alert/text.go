package alert

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Title is the message in a line.
func (m *Message) Title() string {
	if len(m.Alerts) == 1 {
		return m.Source + ": " + oneLine(m.Alerts[0].Message)
	}
	return fmt.Sprintf("%s: %d alerts, first: %s", m.Source, len(m.Alerts), oneLine(m.Alerts[0].Message))
}

// Text is the message for a person.
func (m *Message) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s\n", m.Source, m.Time.UTC().Format(time.RFC3339))
	for _, t := range m.Alerts {
		fmt.Fprintf(&b, "\n[%s] %s\n", t.Kind, oneLine(t.Message))
		if t.Count > 1 {
			fmt.Fprintf(&b, "  %d times from %s to %s\n", t.Count, t.First.UTC().Format(time.RFC3339), t.Last.UTC().Format(time.RFC3339))
		}
		if t.Help != "" {
			fmt.Fprintf(&b, "  What to do: %s\n", oneLine(t.Help))
		}
	}
	if m.LeftOut > 0 {
		fmt.Fprintf(&b, "\n%d more alerts are not listed.\n", m.LeftOut)
	}
	return b.String()
}

// maxLine bounds a line of a message, in bytes: messages of Salesforce are in it.
const maxLine = 500

// oneLine makes other people's text fit into a line, of a mail's head also.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	if len(s) > maxLine {
		s = strings.ToValidUTF8(s[:maxLine], "") + "…"
	}
	return s
}
