package lsp

import (
	"context"

	"github.com/sfsync/sfsync/dsl/plan"
)

// signatureHelp shows how the function is written whose brackets the cursor is in.
func (s *server) signatureHelp(_ context.Context, p positionParams) (*signatureHelp, error) {
	v, err := s.view(p.TextDocument.URI)
	if err != nil {
		return nil, err
	}
	offset := v.offset(p.Position)
	from := v.statements[v.statementAt(offset)].From
	calls := cursorBehind(v.source.Text[from:offset]).calls
	for i := len(calls) - 1; i >= 0; i-- {
		f, ok := plan.LookupFunction(calls[i].name)
		if !ok {
			continue
		}
		sig := signature{Label: f.Signature(), Documentation: markdown(escaped(f.Doc) + "\n\nFor example: `" + f.Example + "`")}
		for _, param := range f.Params {
			sig.Parameters = append(sig.Parameters, parameter{Label: param.Name, Documentation: markdown(param.Kinds.String())})
		}
		active := calls[i].argument
		if n := len(f.Params); n > 0 && f.Params[n-1].Repeats {
			active = min(active, n-1)
		}
		return &signatureHelp{Signatures: []signature{sig}, ActiveParameter: active}, nil
	}
	return nil, nil
}
