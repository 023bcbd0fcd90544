package lsp

import (
	"context"
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// hover tells what stands at a place, and explains what was found there.
func (s *server) hover(_ context.Context, p positionParams) (*hover, error) {
	v, err := s.view(p.TextDocument.URI)
	if err != nil {
		return nil, err
	}
	offset := v.offset(p.Position)
	var parts []string
	span := dsl.Span{From: offset, To: offset}
	if t, ok := v.target(offset); ok {
		span = t.token.Span
		doc, whole := v.doc(t)
		if whole.To > whole.From {
			span = whole
		}
		if doc != "" {
			parts = append(parts, doc)
		}
	}
	s.mu.Lock()
	var found []dsl.Diagnostic
	if v.folder.analysis != nil {
		found = at(v.folder.analysis.diagnostics[v.text], dsl.Span{From: offset, To: offset})
	}
	s.mu.Unlock()
	for _, d := range found {
		if doc := codeDoc(d); doc != "" {
			if len(parts) == 0 {
				span = d.Span
			}
			parts = append(parts, doc)
		}
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return &hover{markdown(strings.Join(parts, "\n\n---\n\n")), v.span(span)}, nil
}

// doc explains a word, and returns the place of what it explains if that is more than
// the word itself.
func (v *view) doc(t target) (doc string, whole dsl.Span) {
	word := v.slice(t.token.Span)
	switch t.token.Kind {
	case dsl.KindKeyword:
		return keywordDocs[word], whole
	case dsl.KindStatus:
		return v.statusDoc(word), whole
	case dsl.KindWord:
		return v.wordDoc(t, word), whole
	case dsl.KindName, dsl.KindMember, dsl.KindIdent:
		path, span := t.path(v.source)
		switch {
		case t.role == roleField || t.role == roleMatch:
			return v.fieldDocOf(t, path), span
		case t.role == roleLet:
			return v.letDoc(t, word), whole
		default:
			return v.pathDoc(t, path), span
		}
	case dsl.KindText:
		if o := v.objectOf(t.using, t.cursor.object); t.role == roleText && o != nil {
			if f := o.Field(t.field); f != nil {
				return fieldDoc(f), whole
			}
		}
	}
	return "", whole
}

func (v *view) statusDoc(word string) string {
	name := v.statusNamed(word)
	switch doc := statusDocs[name]; {
	case name == "":
		return ""
	case doc != "":
		return fmt.Sprintf("**%s** · distribution status\n\n%s", name, doc)
	}
	return fmt.Sprintf("**%s** · status of your own", escaped(name))
}

func (v *view) wordDoc(t target, word string) string {
	switch t.role {
	case roleObject:
		if o := v.objectOf(t.using, word); o != nil {
			return objectDoc(o)
		}
	case roleConnection:
		doc := fmt.Sprintf("connection **%s**", escaped(word))
		if s := v.around.schemaOf(word); s != nil {
			doc += fmt.Sprintf("\n\n%d objects are known of its org", len(s.Names()))
		}
		return doc
	case roleCause:
		if v.options.Cause != nil {
			return v.options.Cause(word)
		}
	}
	return ""
}

// fieldDocOf explains a field on the left, or the parent's field behind a relationship.
func (v *view) fieldDocOf(t target, path []string) string {
	o := v.objectOf(t.using, t.cursor.object)
	if o == nil {
		return ""
	}
	if f := o.Field(path[0]); f != nil && len(path) == 1 {
		return fieldDoc(f)
	}
	f := o.Relationship(path[0])
	if f == nil {
		return ""
	}
	if len(path) == 2 {
		for _, to := range f.ReferenceTo {
			if parent := v.objectOf(t.using, to); parent != nil && parent.Field(path[1]) != nil {
				return fieldDoc(parent.Field(path[1]))
			}
		}
	}
	return fieldDoc(f)
}

func (v *view) letDoc(t target, name string) string {
	for _, l := range t.lets(t.token.To + len(v.source.Text)) {
		if l.Name.Text == name {
			return fmt.Sprintf("```sfsync\nlet %s %s\n```", name, letText(l))
		}
	}
	return ""
}

// pathDoc explains a path of the event, a named value, or a function.
func (v *view) pathDoc(t target, path []string) string {
	if len(path) == 1 {
		if f, ok := plan.LookupFunction(path[0]); ok {
			return functionDoc(f)
		}
		for _, l := range t.lets(t.token.From) {
			if l.Name.Text == path[0] {
				return fmt.Sprintf("```sfsync\nlet %s %s\n```", path[0], letText(l))
			}
		}
	}
	for _, ns := range plan.Namespaces() {
		if ns.Name != path[0] {
			continue
		}
		if len(path) == 1 {
			return fmt.Sprintf("**%s** · %s", ns.Name, ns.Doc)
		}
		return v.valueDoc(t, path, ns)
	}
	return ""
}

// valueDoc explains a value of the event: what the schema says of a record's field, its
// kind, and what a sample event has.
func (v *view) valueDoc(t target, path []string, ns plan.Namespace) string {
	name := escaped(strings.Join(path, "."))
	var doc string
	kinds := ns.Parts[path[1]]
	if len(path) > 2 {
		kinds = 0
	}
	at := v.around.samples.find(t.scope, path)
	if at != nil && (kinds == 0 || kinds == plan.Any) {
		kinds = at.kinds
	}
	if path[0] == "record" && t.record != "" {
		if o := v.objectOf("", t.record); o != nil && o.Field(path[1]) != nil {
			doc = fieldDoc(o.Field(path[1]))
		}
	}
	if doc == "" {
		doc = fmt.Sprintf("**%s** · %s", name, ns.Doc)
		if kinds&^plan.Null != 0 {
			doc = fmt.Sprintf("**%s** · %s", name, kinds&^plan.Null)
		}
	}
	switch {
	case at != nil && at.value != "":
		doc += "\n\na sample event has `" + strings.ReplaceAll(at.value, "`", "'") + "`"
	case at == nil && len(v.around.events) > 0:
		doc += "\n\nno sample event has it"
	}
	return doc
}
