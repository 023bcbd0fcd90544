package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
)

// samples are the paths that sample events have, by kind of trigger.
type samples struct {
	outbound, response map[string]bool
}

// newSamples gathers the paths of sample events. What is no event is left out:
// whoever reads events reports it.
func newSamples(events []string) *samples {
	s := &samples{}
	for _, e := range events {
		if len(e) > MaxEvent || !validJSON(e) {
			continue
		}
		event := gjson.Parse(e)
		paths := &s.response
		if event.Get("type").Str != TypeResponse {
			paths = &s.outbound
		}
		if *paths == nil {
			*paths = map[string]bool{}
		}
		gather(event, "", *paths)
	}
	return s
}

func gather(v gjson.Result, prefix string, into map[string]bool) {
	v.ForEach(func(key, value gjson.Result) bool {
		path := prefix + key.Str
		into[path] = true
		if value.IsObject() {
			gather(value, path+"\x1f", into)
		}
		return true
	})
}

// checkSamples warns of a path that no sample event has.
func (a *analysis) checkSamples(n ast.Node, path []string) {
	have := a.c.samples.response
	if a.s.trigger == dsl.OutboundMessage {
		have = a.c.samples.outbound
	}
	if !a.s.known || have == nil || have[strings.Join(eventPath(path), "\x1f")] {
		return
	}
	parent := strings.Join(path[:len(path)-1], "\x1f")
	var siblings []string
	for p := range have {
		if rest, ok := strings.CutPrefix(p, parent+"\x1f"); ok && !strings.Contains(rest, "\x1f") {
			siblings = append(siblings, rest)
		}
	}
	if len(siblings) == 0 {
		return // no sample says anything of this part of the event
	}
	d := a.c.report(a.s.source, a.span(n), dsl.Warning, "S114", "no sample event has `%s`", strings.Join(path, "."))
	slices.Sort(siblings)
	if better, ok := dsl.Suggest(path[len(path)-1], siblings); ok {
		d.Help = fmt.Sprintf("did you mean `%s.%s`?", strings.Join(path[:len(path)-1], "."), better)
	}
}
