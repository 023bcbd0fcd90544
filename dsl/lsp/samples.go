package lsp

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// Bounds of what is remembered of sample events.
const (
	maxSampled = 2000 // events
	maxDepth   = 8    // names in a path
	maxParts   = 500  // parts of one object
	maxShown   = 60   // characters of a value
)

// samples are the paths that sample events have, by the trigger of the rules that they
// are for, each with the first value that was found.
type samples struct {
	outbound, response sample
	surveys            []string // the ids of surveys
}

// sample is a value of sample events.
type sample struct {
	names []string // of its parts, in the order of their first appearance
	parts map[string]*sample
	value string // JSON, shortened; "" where it has only been null or missing
	kinds plan.Kinds
}

func newSamples(events []string) *samples {
	s := &samples{}
	for i, e := range events {
		if i == maxSampled {
			break
		}
		if !gjson.Valid(e) {
			continue
		}
		event := gjson.Parse(e)
		root := &s.response
		if event.Get("type").Str != plan.TypeResponse {
			root = &s.outbound
		}
		root.add(event, 0)
		if id := event.Get("survey.id").Str; id != "" && len(s.surveys) < maxParts && !slices.Contains(s.surveys, id) {
			s.surveys = append(s.surveys, id)
		}
	}
	return s
}

func (s *sample) add(v gjson.Result, depth int) {
	switch {
	case v.IsObject():
		s.kinds |= plan.Object
	case v.IsArray():
		s.kinds |= plan.List
	case v.Type == gjson.String:
		s.kinds |= plan.Text
	case v.Type == gjson.Number:
		s.kinds |= plan.Number
	case v.Type == gjson.True, v.Type == gjson.False:
		s.kinds |= plan.Bool
	default:
		s.kinds |= plan.Null
		return
	}
	if !v.IsObject() {
		if s.value == "" {
			s.value = shortened(strings.Join(strings.Fields(v.Raw), " "))
		}
		return
	}
	if depth == maxDepth {
		return
	}
	v.ForEach(func(key, value gjson.Result) bool {
		part := s.parts[key.Str]
		if part == nil {
			if len(s.parts) == maxParts {
				return true
			}
			if s.parts == nil {
				s.parts = map[string]*sample{}
			}
			part = &sample{}
			s.parts[key.Str] = part
			s.names = append(s.names, key.Str)
		}
		part.add(value, depth+1)
		return true
	})
}

func shortened(text string) string {
	n := 0
	for i := range text {
		if n++; n > maxShown {
			return text[:i] + "…"
		}
	}
	return text
}

// find returns what samples for rules of a kind have at a path, nil if nothing.
func (s *samples) find(sc scope, path []string) *sample {
	for _, at := range s.all(sc, path) {
		return at
	}
	return nil
}

// all returns what the samples of each kind that a rule or a test can be about have at
// a path.
func (s *samples) all(sc scope, path []string) []*sample {
	var out []*sample
	for _, at := range s.roots(sc) {
		if path[0] != "event" {
			at = at.parts[path[0]]
		}
		for _, name := range path[1:] {
			if at != nil {
				at = at.parts[name]
			}
		}
		if at != nil {
			out = append(out, at)
		}
	}
	return out
}

// roots are the samples that a rule or a test can be about.
func (s *samples) roots(sc scope) []*sample {
	switch {
	case !sc.known:
		return []*sample{&s.response, &s.outbound}
	case sc.trigger == dsl.OutboundMessage:
		return []*sample{&s.outbound}
	}
	return []*sample{&s.response}
}
