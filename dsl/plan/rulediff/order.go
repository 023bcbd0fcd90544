package rulediff

import (
	"cmp"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// writer is a rule that writes a certain field of a certain record.
type writer struct {
	rule     *plan.Rule
	old, new int      // its place among the rules of each version
	when     []string // statuses, or Always
}

// meets reports whether an event may set both rules in motion, so that both write.
func (w *writer) meets(o *writer) bool {
	a, b := w.rule, o.rule
	if a.Trigger != b.Trigger || a.Subject != "" && b.Subject != "" && !strings.EqualFold(a.Subject, b.Subject) {
		return false
	}
	return slices.Contains(w.when, Always) || slices.Contains(o.when, Always) ||
		slices.ContainsFunc(w.when, func(s string) bool { return slices.Contains(o.when, s) })
}

// overtaken finds the rules that come only now behind another one that writes the same
// field of the same record, where the last one wins: by the rule the other, first one.
func (c *comparison) overtaken(before *plan.Plan) map[*plan.Rule]*plan.Rule {
	place := map[*plan.Rule]int{}
	for i, r := range before.Rules {
		place[r] = i
	}
	writers := map[string][]*writer{} // by record and field, in the order of the new version
	for i, p := range c.pairs {
		if p.old == nil || p.new == nil {
			continue
		}
		for _, s := range c.slots() {
			for _, key := range written(actionsOf(p.new, s)) {
				all := writers[key]
				if len(all) == 0 || all[len(all)-1].rule != p.new {
					all = append(all, &writer{rule: p.new, old: place[p.old], new: i})
					writers[key] = all
				}
				last := all[len(all)-1]
				last.when = append(last.when, s)
			}
		}
	}
	first := map[*plan.Rule]*writer{}
	for _, all := range writers {
		if slices.IsSortedFunc(all, func(a, b *writer) int { return cmp.Compare(a.old, b.old) }) {
			continue
		}
		for j, w := range all {
			for _, other := range all[:j] {
				if other.old > w.old && other.meets(w) && (first[w.rule] == nil || other.new < first[w.rule].new) {
					first[w.rule] = other
				}
			}
		}
	}
	out := map[*plan.Rule]*plan.Rule{}
	for rule, w := range first {
		out[rule] = w.rule
	}
	return out
}

// written names the fields that actions write to records that may be there already.
func written(actions []*plan.Action) (keys []string) {
	for _, a := range actions {
		if a.Kind == dsl.Create {
			continue
		}
		for _, as := range a.Set {
			keys = append(keys, strings.ToLower(strings.Join([]string{a.Connection, a.Object, a.MatchField, as.Field}, "\n"))+"\n"+a.Match.Meaning())
		}
	}
	return keys
}
