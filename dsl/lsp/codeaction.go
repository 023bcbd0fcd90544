package lsp

import (
	"context"
	"slices"
	"sort"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// The kinds of code action.
const (
	kindQuickFix = "quickfix"
	kindFixAll   = "source.fixAll"
)

// codeActions offers the fixes of what was found at a place, and all safe ones at once.
func (s *server) codeActions(ctx context.Context, p codeActionParams) ([]codeAction, error) {
	v, err := s.view(p.TextDocument.URI)
	if err != nil {
		return []codeAction{}, err
	}
	found, err := s.diagnosticsOf(ctx, v.document)
	if err != nil {
		return []codeAction{}, err
	}
	wanted := func(kind string) bool {
		return len(p.Context.Only) == 0 || slices.ContainsFunc(p.Context.Only, func(only string) bool {
			return only == kind || strings.HasPrefix(kind, only+".")
		})
	}
	out := []codeAction{}
	span := dsl.Span{From: v.offset(p.Range.Start), To: v.offset(p.Range.End)}
	if wanted(kindQuickFix) {
		for _, d := range at(found, span) {
			s.mu.Lock()
			about := s.diagnostic(v.text, d)
			s.mu.Unlock()
			for _, fix := range d.Fixes {
				out = append(out, codeAction{
					Title: capital(fix.Title), Kind: kindQuickFix, Diagnostics: []diagnostic{about}, IsPreferred: fix.Safe,
					Edit: v.workspaceEdit(map[*text][]dsl.Edit{v.text: fix.Edits}),
				})
			}
		}
	}
	if all := safeEdits(found); wanted(kindFixAll) && len(all) > 0 {
		out = append(out, codeAction{
			Title: "Apply all safe fixes", Kind: kindFixAll, Edit: v.workspaceEdit(map[*text][]dsl.Edit{v.text: all}),
		})
	}
	return out, nil
}

// safeEdits returns the edits of all safe fixes that do not get in each other's way,
// those of one finding together or not at all.
func safeEdits(found []dsl.Diagnostic) []dsl.Edit {
	var all []dsl.Edit
	for _, d := range found {
		for _, fix := range d.Fixes {
			if !fix.Safe {
				continue
			}
			apart := true
			for _, e := range fix.Edits {
				apart = apart && !slices.ContainsFunc(all, func(o dsl.Edit) bool { return overlaps(e.Span, o.Span) })
			}
			if apart {
				all = append(all, fix.Edits...)
			}
			break
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].From < all[j].From })
	return all
}

func capital(title string) string {
	if title == "" {
		return title
	}
	return strings.ToUpper(title[:1]) + title[1:]
}
