package lsp

import (
	"context"
	"slices"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// semanticTypes is the legend of the answer.
var semanticTypes = []string{
	"keyword", "comment", "string", "number", "operator", "class", "property", "function", "namespace", "variable", "enumMember", "type",
}

var semanticType = func() map[string]uint32 {
	m := map[string]uint32{}
	for i, name := range semanticTypes {
		m[name] = uint32(i)
	}
	return m
}()

// semanticTokens says what each token is, so that the editor can colour it: no grammar
// of an editor's knows whether a word is a function, or a text that looks like one.
func (s *server) semanticTokens(ctx context.Context, p textDocumentParams) (semanticTokens, error) {
	v, err := s.view(p.TextDocument.URI)
	if err != nil {
		return semanticTokens{Data: []uint32{}}, err
	}
	data := make([]uint32, 0, 5*len(v.file.Tokens)/2)
	namespaces := map[string]bool{}
	for _, n := range plan.Namespaces() {
		namespaces[n.Name] = true
	}
	// Positions are counted along the way: looking each one up would read long lines again and again.
	var line, at, lastLine, lastAt int
	keyword, words := "", 0 // the last keyword of the statement, and the bare words since
	for i, t := range v.file.Tokens {
		word := v.slice(t.Span)
		switch t.Kind {
		case dsl.KindEOL:
			keyword, words = "", 0
			fallthrough
		case dsl.KindWrap:
			line, at = line+1, 0
			continue
		case dsl.KindKeyword:
			keyword, words = word, 0
		case dsl.KindWord:
			words++
		}
		if i == 0 && t.From < v.source.LineSpan(1).From {
			continue // the mark that the text is UTF-8
		}
		width := v.enc.length(word)
		kind := ""
		switch t.Kind {
		case dsl.KindWord:
			kind = wordType(keyword, words, word)
		case dsl.KindIdent:
			kind = identType(word, namespaces[word], v.called(i))
		default:
			kind = tokenTypes[t.Kind]
		}
		if kind != "" {
			if line != lastLine {
				lastAt = 0
			}
			data = append(data, uint32(line-lastLine), uint32(at-lastAt), uint32(width), semanticType[kind], 0)
			lastLine, lastAt = line, at
		}
		at += width
	}
	return semanticTokens{data}, ctx.Err()
}

// called reports whether a bracket follows token i.
func (t *text) called(i int) bool {
	return i+1 < len(t.file.Tokens) && t.file.Tokens[i+1].Kind == dsl.KindOpen && t.source.Slice(t.file.Tokens[i+1].Span) == "("
}

// tokenTypes are the types of tokens whose kind says it all.
var tokenTypes = map[dsl.Kind]string{
	dsl.KindKeyword: "keyword", dsl.KindComment: "comment", dsl.KindText: "string", dsl.KindString: "string",
	dsl.KindBadString: "string", dsl.KindNumber: "number", dsl.KindOperator: "operator", dsl.KindEquals: "operator",
	dsl.KindColon: "operator", dsl.KindOpenBrace: "operator", dsl.KindCloseBrace: "operator",
	dsl.KindName: "property", dsl.KindMember: "property", dsl.KindStatus: "enumMember",
}

// wordType is the type of a bare word: the n-th after a keyword.
func wordType(keyword string, n int, word string) string {
	switch {
	case keyword == "on" && n <= 2:
		return "keyword"
	case keyword == "expect" && slices.Contains([]string{"nothing", "else", "skipped", "failed"}, word):
		return "keyword"
	case keyword == "expect":
		return "enumMember"
	case keyword == "connection" || keyword == "using":
		return "namespace"
	}
	return "class"
}

// identType is the type of a word of an expression.
func identType(word string, namespace, called bool) string {
	switch {
	case slices.Contains(operatorWords, word):
		return "operator"
	case word == "null" || word == "true" || word == "false":
		return "keyword"
	case called:
		return "function"
	case namespace:
		return "namespace"
	}
	return "variable"
}
