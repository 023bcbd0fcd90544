package rulediff

import (
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// Always stands in place of a status for what is done whatever the status.
const Always = "every event"

// anyOther stands for the statuses that no file knows, which `otherwise` takes too.
const anyOther = "any other"

// knownStatuses are the statuses that rules may meet, as they are spelt: the built-in
// ones, those that files declare, and those that arms name.
func knownStatuses(plans ...*plan.Plan) []string {
	all := slices.Clone(dsl.Statuses)
	add := func(names []string) {
		for _, s := range names {
			if !slices.ContainsFunc(all, func(o string) bool { return dsl.NormalStatus(o) == dsl.NormalStatus(s) }) {
				all = append(all, s)
			}
		}
	}
	for _, p := range plans {
		add(p.Statuses())
		for _, r := range p.Rules {
			for _, a := range r.Arms {
				add(a.Statuses)
			}
		}
	}
	return all
}

// armOf is the arm of a rule that takes a status, and by what right.
func armOf(r *plan.Rule, status string) (arm *plan.Arm, by string) {
	by = ByNobody
	if r == nil {
		return nil, by
	}
	for _, a := range r.Arms {
		if a.Otherwise {
			arm, by = a, ByOtherwise
			continue
		}
		for _, s := range a.Statuses {
			if dsl.NormalStatus(s) == dsl.NormalStatus(status) {
				return a, ByArm
			}
		}
	}
	return arm, by
}

// actionsOf are the actions of a rule that belong to a status, or to Always.
func actionsOf(r *plan.Rule, status string) []*plan.Action {
	if r == nil {
		return nil
	}
	if status == Always {
		return r.Actions
	}
	if arm, _ := armOf(r, status); arm != nil {
		return arm.Actions
	}
	return nil
}

// head is an action without its fields, in the language.
func head(a *plan.Action) string {
	h := plan.Verb(a.Kind) + " " + a.Object
	if c := usedConnection(a); c != "" {
		h += " using " + c
	}
	if a.Match != nil {
		h += " where " + a.MatchField + " = " + a.Match.Meaning()
	}
	if a.Guard != nil {
		h += " if " + a.Guard.Meaning()
	}
	return h
}

// usedConnection is the connection that an action names itself, "" for the rule's.
func usedConnection(a *plan.Action) string {
	if a.Connection == a.RuleOf().Connection {
		return ""
	}
	return a.Connection
}

// likeness says how much two actions are one, the more the better; 0 if not at all.
func likeness(a, b *plan.Action) int {
	if !strings.EqualFold(a.Object, b.Object) {
		return 0
	}
	n := 1
	same := func(yes bool, weight int) {
		if yes {
			n += weight
		}
	}
	same(head(a) == head(b), 1000)
	same(usedConnection(a) == usedConnection(b), 500)
	same(a.Kind == b.Kind, 200)
	same(a.MatchField == b.MatchField && a.Match.Meaning() == b.Match.Meaning(), 200)
	same(a.Guard.Meaning() == b.Guard.Meaning(), 100)
	for _, f := range a.Set {
		if g := assignmentOf(b, f.Field); g != nil {
			same(true, 2)
			same(f.Meaning() == g.Meaning(), 2)
		}
	}
	return n
}

func assignmentOf(a *plan.Action, field string) *plan.Assignment {
	for _, as := range a.Set {
		if strings.EqualFold(as.Field, field) {
			return as
		}
	}
	return nil
}

// align pairs the actions of two versions, the most alike first. What has no like
// stands alone.
func align(old, new []*plan.Action) [][2]*plan.Action {
	type candidate struct{ i, j, like int }
	var all []candidate
	for i, a := range old {
		for j, b := range new {
			if like := likeness(a, b); like > 0 {
				all = append(all, candidate{i, j, like})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return b.like - a.like })
	partner := make([]*plan.Action, len(new))
	used := make([]bool, len(old))
	for _, c := range all {
		if !used[c.i] && partner[c.j] == nil {
			used[c.i], partner[c.j] = true, old[c.i]
		}
	}
	var pairs [][2]*plan.Action
	for j, b := range new {
		pairs = append(pairs, [2]*plan.Action{partner[j], b})
	}
	for i, a := range old {
		if !used[i] {
			pairs = append(pairs, [2]*plan.Action{a, nil})
		}
	}
	return pairs
}

// signature is all that a rule does, in one text: two rules of one signature differ at
// most in their names.
func (c *comparison) signature(r *plan.Rule) string {
	var b strings.Builder
	b.WriteString(r.TriggerText() + "\n" + r.Guard.Meaning() + "\n" + r.Connection + "\n")
	for _, s := range c.slots() {
		var parts []string
		for _, a := range actionsOf(r, s) {
			var fields []string
			for _, as := range a.Set {
				fields = append(fields, strings.ToLower(as.Field)+" = "+as.Meaning())
			}
			slices.Sort(fields)
			parts = append(parts, head(a)+"\n"+strings.Join(fields, "\n"))
		}
		_, by := armOf(r, s)
		b.WriteString(s + by + "\n" + strings.Join(parts, "\n"))
	}
	return b.String()
}

// slots are the statuses that rules are taken apart by.
func (c *comparison) slots() []string {
	return append(append([]string{Always}, c.statuses...), anyOther)
}
