package rulediff

import (
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// cost is the code of findings about API calls, which are compared as numbers.
const cost = "S305"

// findings compares what checking the versions found about safety.
func (c *comparison) findings(before, after Side) []Finding {
	renamed := map[string]string{}
	for _, p := range c.pairs {
		if p.old != nil && p.new != nil {
			renamed[p.old.Name] = p.new.Name
		}
	}
	old, new := safety(before, renamed), safety(after, nil)
	return slices.Concat([]Finding{}, onlyIn(new, old, Added), onlyIn(old, new, Removed))
}

// onlyIn returns those findings of a that b does not have, each as often as it has more.
func onlyIn(a, b []Finding, change string) []Finding {
	known := map[string]int{}
	for i := range b {
		known[b[i].key]++
	}
	var out []Finding
	for _, f := range a {
		if known[f.key]--; known[f.key] < 0 {
			f.Change = change
			out = append(out, f)
		}
	}
	return out
}

// safety lists the findings about safety, each with a key by which it is known again
// in the other version: rules go by their new names.
func safety(s Side, renamed map[string]string) (all []Finding) {
	for i := range s.Findings {
		d := &s.Findings[i]
		if !strings.HasPrefix(string(d.Code), "S3") || d.Code == cost || d.Source == nil {
			continue
		}
		f := Finding{Code: d.Code, Message: d.Message, File: d.Source.Path, Line: d.Source.Position(d.From).Line}
		if r := ruleAt(s.Plan, d, f.Line); r != nil {
			f.Rule = r.Name
		}
		key := d.Message
		for old, new := range renamed {
			if old != new {
				key = strings.ReplaceAll(key, "`"+old+"`", "`"+new+"`")
			}
		}
		name := f.Rule
		if new, ok := renamed[name]; ok {
			name = new
		}
		f.key = string(d.Code) + "\n" + plainName(name) + "\n" + key
		all = append(all, f)
	}
	return all
}

// ruleAt is the rule that a line belongs to.
func ruleAt(p *plan.Plan, d *dsl.Diagnostic, line int) *plan.Rule {
	var found *plan.Rule
	for _, r := range p.Rules {
		if r.File == d.Source.Path && r.Line <= line && (found == nil || r.Line > found.Line) {
			found = r
		}
	}
	return found
}
