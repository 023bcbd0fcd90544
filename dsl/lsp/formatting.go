package lsp

import (
	"context"

	"github.com/sfsync/sfsync/dsl"
)

type rangeFormattingParams struct {
	textDocumentParams
	Range textRange `json:"range"`
}

// formatting puts a document into the one style. What cannot be read stays as it is.
func (s *server) formatting(_ context.Context, p textDocumentParams) ([]textEdit, error) {
	v, err := s.glance(p.TextDocument.URI)
	if err != nil {
		return []textEdit{}, err
	}
	return v.formatted(dsl.Span{From: 0, To: len(v.source.Text)}), nil
}

// rangeFormatting does so with some lines.
func (s *server) rangeFormatting(_ context.Context, p rangeFormattingParams) ([]textEdit, error) {
	v, err := s.glance(p.TextDocument.URI)
	if err != nil {
		return []textEdit{}, err
	}
	from, to := v.offset(p.Range.Start), v.offset(p.Range.End)
	return v.formatted(dsl.Span{From: v.source.LineSpan(v.source.Position(from).Line).From, To: to}), nil
}

func (v *view) formatted(within dsl.Span) []textEdit {
	out := []textEdit{}
	for _, e := range dsl.FormatEdits(v.read()) {
		if e.From >= within.From && e.To <= within.To {
			out = append(out, textEdit{v.span(e.Span), e.New})
		}
	}
	return out
}
