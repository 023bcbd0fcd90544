package lsp

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// definition finds where a name was made, or the event file that a test names.
func (s *server) definition(_ context.Context, p positionParams) ([]location, error) {
	v, t, ok, err := s.targetAt(p)
	if err != nil || !ok {
		return []location{}, err
	}
	if t.role == roleFile && v.folder.dir != "" && t.token.Kind == dsl.KindText {
		name := strings.TrimSpace(strings.TrimPrefix(v.slice(t.token.Span), "org "))
		path := filepath.FromSlash(name)
		if !filepath.IsAbs(path) {
			path = filepath.Join(v.folder.dir, path)
		}
		if _, err := os.Stat(path); err != nil {
			return []location{}, nil
		}
		return []location{{URI: uriOf(path)}}, nil
	}
	out := []location{}
	if m, ok := v.meaningOf(t); ok {
		for _, o := range m.occurrences {
			if o.declares {
				out = append(out, v.location(o))
			}
		}
	}
	return out, nil
}

// references finds everywhere that a name stands.
func (s *server) references(_ context.Context, p referenceParams) ([]location, error) {
	v, t, ok, err := s.targetAt(p.positionParams)
	if err != nil || !ok {
		return []location{}, err
	}
	out := []location{}
	if m, ok := v.meaningOf(t); ok {
		for _, o := range m.occurrences {
			if !o.declares || p.Context.IncludeDeclaration {
				out = append(out, v.location(o))
			}
		}
	}
	return out, nil
}

// The kinds of highlight that are used.
const (
	highlightRead  = 2
	highlightWrite = 3
)

// highlight marks where a name stands in the same document.
func (s *server) highlight(_ context.Context, p positionParams) ([]documentHighlight, error) {
	v, t, ok, err := s.targetAt(p)
	if err != nil || !ok {
		return []documentHighlight{}, err
	}
	out := []documentHighlight{}
	if m, ok := v.meaningOf(t); ok {
		for _, o := range m.occurrences {
			kind := highlightRead
			if o.declares {
				kind = highlightWrite
			}
			if o.text == v.text {
				out = append(out, documentHighlight{v.span(o.Span), kind})
			}
		}
	}
	return out, nil
}

// targetAt returns the word that a request is about.
func (s *server) targetAt(p positionParams) (v *view, t target, ok bool, err error) {
	if v, err = s.view(p.TextDocument.URI); err != nil {
		return nil, t, false, err
	}
	t, ok = v.target(v.offset(p.Position))
	return v, t, ok, nil
}

func (v *view) location(o occurrence) location {
	v.mu.Lock()
	defer v.mu.Unlock()
	return location{v.uriOfSource(o.source), v.enc.span(o.source, o.Span)}
}
