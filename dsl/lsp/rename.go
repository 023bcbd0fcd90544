package lsp

import (
	"context"
	"slices"
	"strings"

	"github.com/creachadair/jrpc2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// prepareRename says whether the name at a place can be changed, and what it is.
func (s *server) prepareRename(_ context.Context, p positionParams) (*prepareRenameResult, error) {
	v, t, ok, err := s.targetAt(p)
	if err != nil || !ok {
		return nil, err
	}
	m, ok := v.meaningOf(t)
	if !ok || m.builtIn() {
		return nil, nil
	}
	return &prepareRenameResult{v.span(t.token.Span), m.name}, nil
}

// rename changes a name everywhere that it stands.
func (s *server) rename(_ context.Context, p renameParams) (*workspaceEdit, error) {
	v, t, ok, err := s.targetAt(p.positionParams)
	if err != nil {
		return nil, err
	}
	m, named := meaning{}, false
	if ok {
		m, named = v.meaningOf(t)
	}
	name := strings.TrimSpace(p.NewName)
	switch why := v.whyNotNamed(m, name); {
	case !named:
		return nil, jrpc2.Errorf(codeFailed, "only rules, tests, connections, named values and statuses of your own can be renamed")
	case m.builtIn():
		return nil, jrpc2.Errorf(codeFailed, "`%s` is a built-in status", m.name)
	case why != "":
		return nil, jrpc2.Errorf(codeFailed, "%s", why)
	}
	edits := map[*text][]dsl.Edit{}
	for _, o := range m.occurrences {
		edits[o.text] = append(edits[o.text], o.renamed(name))
	}
	return v.workspaceEdit(edits), nil
}

func (m meaning) builtIn() bool {
	return m.what == "status" && slices.ContainsFunc(dsl.Statuses, func(s string) bool {
		return dsl.NormalStatus(s) == dsl.NormalStatus(m.name)
	})
}

// whyNotNamed says why something cannot have a name, "" if it can.
func (v *view) whyNotNamed(m meaning, name string) string {
	if name == "" || strings.ContainsAny(name, "\r\n") {
		return "a name is one line of text"
	}
	switch m.what {
	case "rule":
		for _, t := range v.texts() {
			for _, r := range t.read().Rules {
				if strings.EqualFold(r.Name.Text, name) && !strings.EqualFold(r.Name.Text, m.name) {
					return "there is a rule named `" + r.Name.Text + "` already"
				}
			}
		}
	case "named value":
		_, function := plan.LookupFunction(name)
		namespace := slices.ContainsFunc(plan.Namespaces(), func(n plan.Namespace) bool { return n.Name == name })
		switch {
		case !isName(name) || keywordDocs[name] != "" || slices.Contains(operatorWords, name) || name == "null" || name == "true" || name == "false":
			return "`" + name + "` is no name for a value: letters, digits and `_`, and no word of the language"
		case function:
			return "`" + name + "` is already the name of a function"
		case namespace:
			return "`" + name + "` is already the name of a group of values"
		}
		for _, r := range v.file.Rules {
			if !slices.ContainsFunc(m.occurrences, func(o occurrence) bool { return o.From >= r.From && o.To <= v.endOf(r) }) {
				continue
			}
			for _, b := range blocksOf(r) {
				if slices.ContainsFunc(b.Lets, func(l *dsl.Let) bool { return l.Name.Text == name && name != m.name }) {
					return "`" + name + "` is already the name of a value in this rule"
				}
			}
		}
	case "status":
		if strings.Contains(name, ",") {
			return "a comma stands between statuses"
		}
		if taken := v.statusNamed(name); taken != "" && dsl.NormalStatus(name) != dsl.NormalStatus(m.name) {
			return "there is a status `" + taken + "` already"
		}
	case "connection":
		if strings.ContainsAny(name, " \t") {
			return "a connection is called by one word"
		}
	}
	return ""
}

// workspaceEdit tells the client of edits in its own terms.
func (v *view) workspaceEdit(edits map[*text][]dsl.Edit) *workspaceEdit {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := &workspaceEdit{}
	versioned := v.client.Capabilities.Workspace.WorkspaceEdit.DocumentChanges
	if !versioned {
		out.Changes = map[string][]textEdit{}
	}
	for t, list := range edits {
		changes := make([]textEdit, len(list))
		for i, e := range list {
			changes[i] = textEdit{v.enc.span(t.source, e.Span), e.New}
		}
		uri := v.uriOfSource(t.source)
		if !versioned {
			out.Changes[uri] = changes
			continue
		}
		id := versionedDocument{URI: uri}
		if d := v.documents[uri]; d != nil && d.text == t {
			id.Version = &d.version
		} else if t == v.text {
			id.Version = &v.version // the client will refuse it if it has gone on
		}
		out.DocumentChanges = append(out.DocumentChanges, documentChange{id, changes})
	}
	slices.SortFunc(out.DocumentChanges, func(a, b documentChange) int { return strings.Compare(a.TextDocument.URI, b.TextDocument.URI) })
	return out
}
