package lsp

import (
	"context"
	"encoding/json"
	"time"

	"github.com/creachadair/jrpc2/handler"
)

// methods are what the server answers. What is not here is answered as unknown.
func (s *server) methods() handler.Map {
	return handler.Map{
		"initialize":      method(s, s.initialize),
		"initialized":     notification(s, s.initialized),
		"shutdown":        method(s, s.shutdown),
		"exit":            notification(s, s.exit),
		"$/cancelRequest": notification(s, s.cancelRequest),
		"$/setTrace":      notification(s, ignore),

		"textDocument/didOpen":             notification(s, s.didOpen),
		"textDocument/didChange":           notification(s, s.didChange),
		"textDocument/didSave":             notification(s, s.didSave),
		"textDocument/didClose":            notification(s, s.didClose),
		"workspace/didChangeWatchedFiles":  notification(s, s.didChangeFiles),
		"workspace/didChangeConfiguration": notification(s, ignore),
		"workspace/symbol":                 method(s, s.workspaceSymbols),
		"workspace/executeCommand":         method(s, s.executeCommand),
		"textDocument/completion":          method(s, s.completion),
		"textDocument/hover":               method(s, s.hover),
		"textDocument/signatureHelp":       method(s, s.signatureHelp),
		"textDocument/definition":          method(s, s.definition),
		"textDocument/references":          method(s, s.references),
		"textDocument/documentHighlight":   method(s, s.highlight),
		"textDocument/documentSymbol":      method(s, s.symbols),
		"textDocument/codeAction":          method(s, s.codeActions),
		"textDocument/codeLens":            method(s, s.codeLenses),
		"textDocument/formatting":          method(s, s.formatting),
		"textDocument/rangeFormatting":     method(s, s.rangeFormatting),
		"textDocument/foldingRange":        method(s, s.folding),
		"textDocument/semanticTokens/full": method(s, s.semanticTokens),
		"textDocument/prepareRename":       method(s, s.prepareRename),
		"textDocument/rename":              method(s, s.rename),
	}
}

func ignore(context.Context, json.RawMessage) error { return nil }

func (s *server) initialize(_ context.Context, p initializeParams) (initializeResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.client = p
	s.phase = running
	for _, e := range p.Capabilities.General.PositionEncodings {
		if encoding(e) == utf8Bytes {
			s.encoding = utf8Bytes // cheaper for both; the client says that it likes it
		}
	}
	if p.ProcessID != nil {
		s.watchParent(*p.ProcessID)
	}
	capabilities := map[string]any{
		"positionEncoding": s.encoding,
		"textDocumentSync": map[string]any{"openClose": true, "change": 2, "save": map[string]any{"includeText": false}},
		"completionProvider": map[string]any{
			"triggerCharacters": []string{".", ":", "=", " ", "\"", "/", "{", "("},
		},
		"hoverProvider":                   true,
		"signatureHelpProvider":           map[string]any{"triggerCharacters": []string{"(", ","}},
		"definitionProvider":              true,
		"referencesProvider":              true,
		"documentHighlightProvider":       true,
		"documentSymbolProvider":          true,
		"workspaceSymbolProvider":         true,
		"codeActionProvider":              map[string]any{"codeActionKinds": []string{kindQuickFix, kindFixAll}},
		"documentFormattingProvider":      true,
		"documentRangeFormattingProvider": true,
		"foldingRangeProvider":            true,
		"renameProvider":                  map[string]any{"prepareProvider": true},
		"semanticTokensProvider": map[string]any{
			"legend": map[string]any{"tokenTypes": semanticTypes, "tokenModifiers": []string{}}, "full": true,
		},
	}
	if s.options.RunTest != nil {
		capabilities["codeLensProvider"] = map[string]any{}
		capabilities["executeCommandProvider"] = map[string]any{"commands": []string{runTestCommand}}
	}
	return initializeResult{capabilities, serverInfo{"sfsync", s.options.Version}}, nil
}

// initialized asks to be told when files change that the editor has not open.
func (s *server) initialized(context.Context, json.RawMessage) error {
	s.mu.Lock()
	wanted := s.client.Capabilities.Workspace.DidChangeWatchedFiles.DynamicRegistration
	s.mu.Unlock()
	if !wanted {
		return nil
	}
	watchers := []map[string]string{{"globPattern": "**/*.{sfsync,json,jsonl,ndjson}"}} // rules, schema, events
	s.call("client/registerCapability", map[string]any{"registrations": []any{map[string]any{
		"id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": map[string]any{"watchers": watchers},
	}}})
	return nil
}

// call asks the client something whose answer does not matter.
func (s *server) call(method string, params any) {
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
		defer cancel()
		if _, err := s.rpc.Callback(ctx, method, params); err != nil && s.ctx.Err() == nil {
			s.logf("%s: %v", method, err)
		}
	}()
}

func (s *server) shutdown(context.Context, json.RawMessage) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.phase = stopped
	return nil, nil
}

func (s *server) exit(context.Context, json.RawMessage) error {
	s.cancel()
	return nil
}

func (s *server) cancelRequest(_ context.Context, p struct {
	ID json.RawMessage `json:"id"`
}) error {
	s.rpc.CancelRequest(string(p.ID))
	return nil
}

// watchParent ends the session when the editor's process does without closing its end
// of the stream, which somebody else may hold open. The mutex is held.
func (s *server) watchParent(pid int) {
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		tick := time.NewTicker(5 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-s.ctx.Done():
				return
			case <-tick.C:
			}
			if !alive(pid) {
				s.mu.Lock()
				s.parentDied = true
				s.mu.Unlock()
				s.cancel()
				return
			}
		}
	}()
}
