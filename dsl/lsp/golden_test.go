package lsp

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	golden(t, "completion", func(e *editor, uri, content string, at position) string {
		var list completionList
		e.ask("textDocument/completion", at1(uri, at), &list)
		var b strings.Builder
		shown := 0
		for _, item := range list.Items {
			typed := within(content, textRange{item.TextEdit.Range.Start, at})
			filter := item.FilterText
			if filter == "" {
				filter = item.Label
			}
			if !strings.HasPrefix(strings.ToLower(filter), strings.ToLower(typed)) {
				continue // as editors leave it out
			}
			if shown++; shown > 12 {
				continue
			}
			fmt.Fprintf(&b, "%s", item.Label)
			if item.Detail != "" {
				fmt.Fprintf(&b, " | %s", item.Detail)
			}
			if item.TextEdit.NewText != item.Label || typed != "" && !strings.HasPrefix(strings.ToLower(item.Label), strings.ToLower(typed)) {
				fmt.Fprintf(&b, " | %q for %q", item.TextEdit.NewText, within(content, item.TextEdit.Range))
			}
			b.WriteByte('\n')
		}
		if shown > 12 {
			fmt.Fprintf(&b, "… and %d more\n", shown-12)
		}
		if shown == 0 {
			return "nothing"
		}
		return b.String()
	})
}

func TestHover(t *testing.T) {
	golden(t, "hover", func(e *editor, uri, content string, at position) string {
		e.diagnostics(uri)
		var h *hover
		e.ask("textDocument/hover", at1(uri, at), &h)
		if h == nil {
			return "nothing"
		}
		return fmt.Sprintf("[%s]\n%s", within(content, h.Range), h.Contents.Value)
	})
}

func TestSignatureHelp(t *testing.T) {
	golden(t, "signature", func(e *editor, uri, content string, at position) string {
		var h *signatureHelp
		e.ask("textDocument/signatureHelp", at1(uri, at), &h)
		if h == nil {
			return "nothing"
		}
		s := h.Signatures[0]
		active := "none"
		if h.ActiveParameter < len(s.Parameters) {
			active = s.Parameters[h.ActiveParameter].Label
		}
		return s.Label + " at " + active + "\n" + s.Documentation.Value
	})
}

func TestNavigation(t *testing.T) {
	golden(t, "navigation", func(e *editor, uri, content string, at position) string {
		show := func(list []location) string {
			var places []string
			for _, l := range list {
				places = append(places, fmt.Sprintf("%s:%d:%d", filepath.Base(l.URI), l.Range.Start.Line+1, l.Range.Start.Character+1))
			}
			return strings.Join(places, " ")
		}
		var defined, used []location
		var marked []documentHighlight
		e.ask("textDocument/definition", at1(uri, at), &defined)
		p := referenceParams{positionParams: at1(uri, at)}
		e.ask("textDocument/references", p, &used)
		e.ask("textDocument/documentHighlight", at1(uri, at), &marked)
		var marks []string
		for _, m := range marked {
			marks = append(marks, fmt.Sprintf("%d:%d", m.Range.Start.Line+1, m.Range.Start.Character+1))
		}
		return fmt.Sprintf("defined %s\nused %s\nmarked %s", show(defined), show(used), strings.Join(marks, " "))
	})
}

func TestRename(t *testing.T) {
	golden(t, "rename", func(e *editor, uri, content string, at position) string {
		_, to, _ := strings.Cut(content, "# to ")
		to, _, _ = strings.Cut(to, "\n")
		var prepared *prepareRenameResult
		e.ask("textDocument/prepareRename", at1(uri, at), &prepared)
		var change workspaceEdit
		err := e.try("textDocument/rename", renameParams{at1(uri, at), to}, &change)
		if err != nil {
			return err.Error()
		}
		return prepared.Placeholder + "\n" + applied(content, change.Changes[uri])
	})
}

func TestCodeActions(t *testing.T) {
	golden(t, "codeaction", func(e *editor, uri, content string, at position) string {
		var actions []codeAction
		p := codeActionParams{TextDocument: textDocument{uri}, Range: textRange{at, at}}
		e.ask("textDocument/codeAction", p, &actions)
		var b strings.Builder
		for _, a := range actions {
			fmt.Fprintf(&b, "%s (%s", a.Title, a.Kind)
			if a.IsPreferred {
				b.WriteString(", preferred")
			}
			fmt.Fprintf(&b, ")\n%s", applied(content, a.Edit.Changes[uri]))
		}
		return b.String()
	})
}

func TestDiagnostics(t *testing.T) {
	golden(t, "diagnostics", func(e *editor, uri, content string, at position) string {
		var b strings.Builder
		for _, d := range e.diagnostics(uri) {
			fmt.Fprintf(&b, "%d %s [%s] %s\n", d.Severity, d.Code, within(content, d.Range), d.Message)
			for _, r := range d.Related {
				fmt.Fprintf(&b, "  %s:%d: %s\n", filepath.Base(r.Location.URI), r.Location.Range.Start.Line+1, r.Message)
			}
		}
		return b.String()
	})
}

func TestOutline(t *testing.T) {
	golden(t, "outline", func(e *editor, uri, content string, at position) string {
		var b strings.Builder
		var symbols []documentSymbol
		e.ask("textDocument/documentSymbol", textDocumentParams{textDocument{uri}}, &symbols)
		var show func(list []documentSymbol, indent string)
		show = func(list []documentSymbol, indent string) {
			for _, s := range list {
				fmt.Fprintf(&b, "%s%s | %s | %d-%d\n", indent, s.Name, s.Detail, s.Range.Start.Line+1, s.Range.End.Line+1)
				show(s.Children, indent+"  ")
			}
		}
		show(symbols, "")
		var folds []foldingRange
		e.ask("textDocument/foldingRange", textDocumentParams{textDocument{uri}}, &folds)
		for _, f := range folds {
			fmt.Fprintf(&b, "fold %d-%d %s\n", f.StartLine+1, f.EndLine+1, f.Kind)
		}
		var lenses []codeLens
		e.ask("textDocument/codeLens", textDocumentParams{textDocument{uri}}, &lenses)
		for _, l := range lenses {
			fmt.Fprintf(&b, "lens %d %s %q\n", l.Range.Start.Line+1, l.Command.Title, l.Command.Arguments[1])
		}
		return b.String()
	})
}

func TestSemanticTokens(t *testing.T) {
	golden(t, "semantic", func(e *editor, uri, content string, at position) string {
		var tokens semanticTokens
		e.ask("textDocument/semanticTokens/full", textDocumentParams{textDocument{uri}}, &tokens)
		var b strings.Builder
		line, from := 0, 0
		for i := 0; i < len(tokens.Data); i += 5 {
			d := tokens.Data[i : i+5]
			if d[0] > 0 {
				line, from = line+int(d[0]), 0
			}
			from += int(d[1])
			word := within(content, textRange{position{line, from}, position{line, from + int(d[2])}})
			fmt.Fprintf(&b, "%d %s %s\n", line+1, semanticTypes[d[3]], word)
		}
		return b.String()
	})
}

func TestFormatting(t *testing.T) {
	golden(t, "formatting", func(e *editor, uri, content string, at position) string {
		var all, some []textEdit
		e.ask("textDocument/formatting", textDocumentParams{textDocument{uri}}, &all)
		line := textRange{position{at.Line, 0}, position{at.Line + 1, 0}}
		e.ask("textDocument/rangeFormatting", rangeFormattingParams{textDocumentParams{textDocument{uri}}, line}, &some)
		return edit(content, all) + "\n=== only the line of the mark\n" + applied(content, some)
	})
}

func TestWorkspaceSymbols(t *testing.T) {
	e := newEditor(t, Options{}, `{}`)
	e.open("a.sfsync", "rule First one\non survey response\nrule Second\non survey response\n")
	e.open("b.sfsync", "test The first\n")
	var found []symbolInformation
	e.ask("workspace/symbol", workspaceSymbolParams{"FIRST"}, &found)
	got, _ := json.Marshal(found)
	if len(found) != 2 || found[0].Name != "First one" || found[0].ContainerName != "a.sfsync" || found[1].Name != "The first" {
		t.Errorf("found %s", got)
	}
}
