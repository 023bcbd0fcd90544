package lsp

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// symbols outlines a document: rules, their arms and actions, and tests.
func (s *server) symbols(_ context.Context, p textDocumentParams) ([]documentSymbol, error) {
	v, err := s.view(p.TextDocument.URI)
	if err != nil {
		return []documentSymbol{}, err
	}
	out := []documentSymbol{}
	for _, r := range v.file.Rules {
		end := v.endOf(r)
		rule := v.symbol(symbolModule, named(r.Name, "rule"), triggerText(r), r.Span, r.Name.Span, end)
		rule.Children = v.blockSymbols(r.Block)
		for i, arm := range r.Arms {
			stop := end
			if i+1 < len(r.Arms) {
				stop = r.Arms[i+1].From
			}
			name := "otherwise"
			if !arm.Otherwise {
				name = "when " + statusText(arm)
			}
			child := v.symbol(symbolEvent, name, "", arm.Span, arm.Span, stop)
			child.Children = v.blockSymbols(arm.Block)
			rule.Children = append(rule.Children, child)
		}
		out = append(out, rule)
	}
	for i, t := range v.file.Tests {
		end := len(v.source.Text)
		if i+1 < len(v.file.Tests) {
			end = v.file.Tests[i+1].From
		}
		for _, r := range v.file.Rules {
			if r.From > t.From {
				end = min(end, r.From)
			}
		}
		out = append(out, v.symbol(symbolFunction, named(t.Name, "test"), "test", t.Span, t.Name.Span, end))
	}
	return out, nil
}

func (v *view) blockSymbols(b dsl.Block) []documentSymbol {
	var out []documentSymbol
	for _, l := range b.Lets {
		out = append(out, v.symbol(symbolVariable, named(l.Name, "let"), letText(l), l.Span, l.Name.Span, l.To))
	}
	for _, a := range b.Actions {
		name := plan.Verb(a.Kind) + " " + named(a.Object, "…")
		detail := ""
		if a.Where != nil {
			detail = "where " + strings.Join(strings.Fields(v.slice(dsl.Span{From: a.Where.Field.From, To: a.Where.To})), " ")
		}
		out = append(out, v.symbol(symbolMethod, name, detail, a.Span, a.Head, a.To))
	}
	return out
}

// symbol makes a symbol that reaches from its head to where the next thing begins,
// without the empty lines and comments before that.
func (v *view) symbol(kind int, name, detail string, head, selection dsl.Span, end int) documentSymbol {
	if selection.To <= selection.From {
		selection = head
	}
	last := head.To
	for i := v.statementAt(head.From); i < len(v.statements) && v.statements[i].From < end; i++ {
		if st := v.statements[i]; len(st.tokens) > 0 && st.tokens[0].From < end {
			last = max(last, st.tokens[len(st.tokens)-1].To)
		}
	}
	return documentSymbol{
		Name: name, Detail: detail, Kind: kind,
		Range: v.span(dsl.Span{From: head.From, To: last}), SelectionRange: v.span(selection),
	}
}

func named(n dsl.Name, otherwise string) string {
	if n.Missing() {
		return otherwise
	}
	return n.Text
}

func statusText(a *dsl.Arm) string {
	names := make([]string, len(a.Statuses))
	for i, s := range a.Statuses {
		names[i] = s.Text
	}
	return strings.Join(names, ", ")
}

func triggerText(r *dsl.Rule) string {
	switch {
	case r.On == nil:
		return ""
	case r.On.Kind == dsl.OutboundMessage:
		return "on outbound message " + r.On.Subject.Text
	case r.On.Subject.Missing():
		return "on survey response"
	}
	return "on survey response " + r.On.Subject.Text
}

// maxWorkspaceFiles bounds how many rule files a search looks at.
const maxWorkspaceFiles = 1000

// workspaceSymbols finds rules and tests by a part of their name: in the folders of
// open documents, and below the folders that the editor works in.
func (s *server) workspaceSymbols(ctx context.Context, p workspaceSymbolParams) ([]symbolInformation, error) {
	texts := s.workspaceTexts(ctx)
	query := strings.ToLower(strings.TrimSpace(p.Query))
	out := []symbolInformation{}
	for _, t := range sorted(texts) {
		file := t.read()
		add := func(kind int, name dsl.Name) {
			if name.Missing() || !strings.Contains(strings.ToLower(name.Text), query) {
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			out = append(out, symbolInformation{
				name.Text, kind, location{s.uriOfSource(t.source), s.encoding.span(t.source, name.Span)}, filepath.Base(t.source.Path),
			})
		}
		for _, r := range file.Rules {
			add(symbolModule, r.Name)
		}
		for _, t := range file.Tests {
			add(symbolFunction, t.Name)
		}
	}
	return out[:min(len(out), maxItems)], ctx.Err()
}

func (s *server) workspaceTexts(ctx context.Context) map[string]*text {
	texts := map[string]*text{}
	s.mu.Lock()
	roots := []string{pathOf(s.client.RootURI)}
	for _, f := range s.client.WorkspaceFolders {
		roots = append(roots, pathOf(f.URI))
	}
	for _, f := range s.folders {
		if f.around != nil {
			for path, sib := range f.around.siblings {
				texts[filepath.ToSlash(path)] = sib.text
			}
		}
	}
	for _, d := range s.documents {
		if !d.refused {
			texts[d.source.Path] = d.text
		}
	}
	s.mu.Unlock()
	looked := 0
	for _, root := range roots {
		if root == "" {
			continue
		}
		_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			switch name := filepath.ToSlash(path); {
			case ctx.Err() != nil || looked == 50*maxWorkspaceFiles || len(texts) >= maxWorkspaceFiles:
				return filepath.SkipAll
			case err != nil:
				return nil
			case e.IsDir() && path != root && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules"):
				return filepath.SkipDir
			case e.Type().IsRegular() && filepath.Ext(path) == extension && texts[name] == nil:
				if info, err := e.Info(); err == nil && info.Size() <= dsl.MaxSize {
					if content, err := os.ReadFile(path); err == nil {
						texts[name] = newText(name, string(content))
					}
				}
			}
			looked++
			return nil
		})
	}
	return texts
}
