package lsp

import (
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// target is a word of the text with what is known of its place.
type target struct {
	cursor
	scope
	token dsl.Token
	index int // of the token in its statement
	st    statement
}

// target returns the word at an offset, or the one that ends there.
func (t *text) target(offset int) (target, bool) {
	n := t.statementAt(offset)
	st := t.statements[n]
	for i := len(st.tokens) - 1; i >= 0; i-- {
		token := st.tokens[i]
		if token.From > offset || token.To < offset {
			continue
		}
		if token.To == offset && i+1 < len(st.tokens) && st.tokens[i+1].From == offset {
			continue // the next one begins here
		}
		if token.To == offset && !slices.Contains(wordKinds, token.Kind) {
			continue
		}
		out := target{token: token, index: i, st: st, cursor: cursorAt(t.source, st.tokens[:i]), scope: t.scopeAt(n)}
		if out.cursor.verb == "" {
			out.cursor.verb, out.cursor.object = out.scope.verb, out.scope.object
		}
		if out.role == roleLine && (token.Kind == dsl.KindName || token.Kind == dsl.KindMember) {
			out.role = roleField
		}
		return out, true
	}
	return target{}, false
}

var wordKinds = []dsl.Kind{
	dsl.KindKeyword, dsl.KindWord, dsl.KindName, dsl.KindIdent, dsl.KindMember, dsl.KindText, dsl.KindStatus, dsl.KindNumber, dsl.KindString,
}

// path returns the path that a token belongs to, up to the token, and its place.
func (t target) path(src *dsl.Source) ([]string, dsl.Span) {
	first := t.index
	for first > 0 && t.st.tokens[first].Kind == dsl.KindMember {
		first--
	}
	span := dsl.Span{From: t.st.tokens[first].From, To: t.token.To}
	var path []string
	for _, token := range t.st.tokens[first : t.index+1] {
		path = append(path, strings.TrimLeft(src.Slice(token.Span), "?."))
	}
	return path, span
}
