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
	for i, t := range v.file.Tokens {
		word := v.slice(t.Span)
		if t.Kind == dsl.KindEOL || t.Kind == dsl.KindWrap {
			line, at = line+1, 0
			continue
		}
		if i == 0 && t.From < v.source.LineSpan(1).From {
			continue // the mark that the text is UTF-8
		}
		width := v.enc.length(word)
		if kind := tokenType(t.Kind, word, namespaces, v.called(i)); kind != "" {
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

func tokenType(kind dsl.Kind, word string, namespaces map[string]bool, called bool) string {
	switch kind {
	case dsl.KindKeyword:
		return "keyword"
	case dsl.KindComment:
		return "comment"
	case dsl.KindText, dsl.KindString, dsl.KindBadString:
		return "string"
	case dsl.KindNumber:
		return "number"
	case dsl.KindOperator, dsl.KindEquals, dsl.KindColon, dsl.KindOpenBrace, dsl.KindCloseBrace:
		return "operator"
	case dsl.KindWord:
		return "class"
	case dsl.KindName, dsl.KindMember:
		return "property"
	case dsl.KindStatus:
		return "enumMember"
	case dsl.KindIdent:
		switch {
		case slices.Contains(operatorWords, word):
			return "operator"
		case word == "null" || word == "true" || word == "false":
			return "keyword"
		case called:
			return "function"
		case namespaces[word]:
			return "namespace"
		}
		return "variable"
	}
	return ""
}
