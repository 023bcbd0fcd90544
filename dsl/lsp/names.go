package lsp

import (
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// occurrence is a place where a name stands.
type occurrence struct {
	*text
	dsl.Span
	declares bool
	quote    string // around it, "" for none
}

// renamed is the edit that puts another name there.
func (o occurrence) renamed(name string) dsl.Edit {
	if o.quote != "" && o.quote != "`" {
		name = strings.NewReplacer(`\`, `\\`, o.quote, `\`+o.quote).Replace(name)
	}
	return dsl.Edit{Span: o.Span, New: name}
}

// A meaning is what a name stands for: where it stands, and what the author calls it.
type meaning struct {
	what        string // "rule", "named value", "status", "connection"
	name        string
	occurrences []occurrence
}

// meaningOf returns what a word of the text stands for, if that is something that the
// author has named.
func (v *view) meaningOf(t target) (meaning, bool) {
	word := v.slice(t.token.Span)
	switch {
	case t.token.Kind == dsl.KindText && t.role == roleTitle && t.keyword == "rule":
		return meaning{"rule", word, []occurrence{{text: v.text, Span: t.token.Span, declares: true}}}, true
	case t.token.Kind == dsl.KindText && t.role == roleTitle && t.keyword == "test":
		return meaning{"test", word, []occurrence{{text: v.text, Span: t.token.Span, declares: true}}}, true
	case t.token.Kind == dsl.KindStatus:
		return v.statusMeaning(word)
	case t.token.Kind == dsl.KindWord && t.role == roleConnection:
		return v.connectionMeaning(word), true
	case t.token.Kind == dsl.KindIdent || t.token.Kind == dsl.KindName && t.role == roleLet:
		return v.letMeaning(t, word)
	}
	return meaning{}, false
}

func (v *view) statusMeaning(word string) (meaning, bool) {
	normal := dsl.NormalStatus(word)
	m := meaning{what: "status", name: word}
	for _, t := range sorted(v.texts()) {
		t.read()
		for _, st := range t.statements {
			for i, token := range st.tokens {
				o := occurrence{text: t, Span: token.Span}
				switch {
				case token.Kind == dsl.KindStatus:
					o.declares = t.source.Slice(st.tokens[0].Span) == "statuses"
				case token.Kind == dsl.KindString && t.besideStatus(st, i):
					o.quote = t.source.Text[o.From : o.From+1]
					o.From, o.To = o.From+1, o.To-1
				case token.Kind != dsl.KindText || !t.besideStatus(st, i):
					continue
				}
				if dsl.NormalStatus(t.source.Slice(o.Span)) == normal {
					m.occurrences = append(m.occurrences, o)
				}
			}
		}
	}
	return m, true
}

// statusNamed returns how a status is spelt where it is declared, "" if it is nowhere.
func (v *view) statusNamed(word string) string {
	normal := dsl.NormalStatus(word)
	for _, name := range dsl.Statuses {
		if dsl.NormalStatus(name) == normal {
			return name
		}
	}
	for _, t := range sorted(v.texts()) {
		for _, name := range t.read().Statuses {
			if dsl.NormalStatus(name.Text) == normal {
				return name.Text
			}
		}
	}
	return ""
}

// besideStatus reports whether token n of a statement is what distribution.status is
// compared with, alone or in a list, or what a test gives it.
func (t *text) besideStatus(st statement, n int) bool {
	word := func(i int) string {
		if i < 0 || i >= len(st.tokens) {
			return ""
		}
		return t.source.Slice(st.tokens[i].Span)
	}
	path := func(i int) bool { return word(i) == "distribution" && strings.TrimLeft(word(i+1), "?.") == "status" }
	compares := func(i int) bool { return word(i) == "==" || word(i) == "!=" }
	if path(n-3) && (compares(n-1) || word(0) == "with" && (word(n-1) == "=" || word(n-1) == ":")) || compares(n+1) && path(n+2) {
		return true
	}
	for n--; n > 0 && (st.tokens[n].Kind == dsl.KindString || word(n) == ","); n-- {
	}
	in := n - 1
	if word(in-1) == "not" {
		in--
	}
	return word(n) == "[" && word(n-1) == "in" && path(in-2)
}

func (v *view) connectionMeaning(word string) meaning {
	m := meaning{what: "connection", name: word}
	for _, t := range sorted(v.texts()) {
		t.read()
		for _, st := range t.statements {
			for i, token := range st.tokens {
				if i == 0 || token.Kind != dsl.KindWord || t.source.Slice(token.Span) != word {
					continue
				}
				switch before := t.source.Slice(st.tokens[i-1].Span); before {
				case "connection", "using":
					m.occurrences = append(m.occurrences, occurrence{text: t, Span: token.Span, declares: before == "connection"})
				}
			}
		}
	}
	return m
}

func (v *view) letMeaning(t target, word string) (meaning, bool) {
	if t.rule == nil {
		return meaning{}, false
	}
	var let *dsl.Let
	in := t.rule.Block
	end := v.endOf(t.rule)
	for _, l := range t.rule.Lets {
		if l.Name.Text == word && (l.To <= t.token.From || l.Name.Span == t.token.Span) {
			let = l
		}
	}
	if t.arm != nil {
		for _, l := range t.arm.Lets {
			if l.Name.Text == word && (l.To <= t.token.From || l.Name.Span == t.token.Span) {
				let, in = l, t.arm.Block
				if i := slices.Index(t.rule.Arms, t.arm); i+1 < len(t.rule.Arms) {
					end = t.rule.Arms[i+1].From
				}
			}
		}
	}
	if let == nil {
		return meaning{}, false
	}
	for _, l := range in.Lets { // a second one of the same name takes over
		if l.Name.Text == word && l.From > let.From {
			end = min(end, l.Value.To)
		}
	}
	m := meaning{"named value", word, []occurrence{{text: v.text, Span: let.Name.Span, declares: true}}}
	for _, token := range v.file.Tokens {
		if token.Kind == dsl.KindIdent && token.From >= let.To && token.To <= end && v.slice(token.Span) == word {
			m.occurrences = append(m.occurrences, occurrence{text: v.text, Span: token.Span})
		}
	}
	return m, true
}

// endOf returns where a rule ends: where the next rule or test begins.
func (t *text) endOf(r *dsl.Rule) int {
	end := len(t.source.Text)
	for _, other := range t.file.Rules {
		if other.From > r.From {
			end = min(end, other.From)
		}
	}
	for _, test := range t.file.Tests {
		if test.From > r.From {
			end = min(end, test.From)
		}
	}
	return end
}
