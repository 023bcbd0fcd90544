package rulediff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// comparison compares two versions of rules.
type comparison struct {
	statuses []string
	pairs    []pair
	written  map[*plan.Rule]map[string]bool // of the rules whose partner is looked for
}

// pair is a rule before and after; one of the two is nil if it came or went.
type pair struct {
	old, new *plan.Rule
}

// pair finds the rules of the old version again in the new one: by name, else by what
// they do, else by what most of them do.
func (c *comparison) pair(before, after *plan.Plan) {
	partner := map[*plan.Rule]*plan.Rule{} // new -> old
	used := map[*plan.Rule]bool{}
	match := func(same func(old, new *plan.Rule) bool) {
		for _, n := range after.Rules {
			for _, o := range before.Rules {
				if partner[n] == nil && !used[o] && same(o, n) {
					partner[n], used[o] = o, true
				}
			}
		}
	}
	match(func(o, n *plan.Rule) bool { return plainName(o.Name) == plainName(n.Name) })
	signatures := map[*plan.Rule]string{}
	signature := func(r *plan.Rule) string {
		if signatures[r] == "" {
			signatures[r] = c.signature(r)
		}
		return signatures[r]
	}
	match(func(o, n *plan.Rule) bool { return signature(o) == signature(n) })
	match(c.mostlySame)
	for _, n := range after.Rules {
		c.pairs = append(c.pairs, pair{partner[n], n})
	}
	for _, o := range before.Rules {
		if !used[o] {
			c.pairs = append(c.pairs, pair{o, nil})
		}
	}
}

// plainName is a rule's name as names are compared.
func plainName(name string) string { return strings.ToLower(strings.Join(strings.Fields(name), " ")) }

// mostlySame reports whether two rules share their trigger and more than half of what
// they write.
func (c *comparison) mostlySame(o, n *plan.Rule) bool {
	if o.TriggerText() != n.TriggerText() {
		return false
	}
	a, b := c.writes(o), c.writes(n)
	shared := 0
	for w := range a {
		if b[w] {
			shared++
		}
	}
	return shared > 0 && 2*shared > max(len(a), len(b))
}

// writes are all that a rule writes, for each status.
func (c *comparison) writes(r *plan.Rule) map[string]bool {
	if all := c.written[r]; all != nil {
		return all
	}
	all := map[string]bool{}
	c.written[r] = all
	for _, s := range c.slots() {
		for _, a := range actionsOf(r, s) {
			for _, as := range a.Set {
				all[strings.ToLower(strings.Join([]string{s, a.Object, as.Field, as.Meaning()}, "\n"))] = true
			}
		}
	}
	return all
}

// rule compares the two versions of a rule.
func (c *comparison) rule(p pair) (r Rule, differs bool) {
	at := p.new
	if r.Change = Changed; p.new == nil {
		at, r.Change = p.old, Removed
	} else if p.old == nil {
		r.Change = Added
	}
	r.Name, r.File, r.Line, r.On = at.Name, at.File, at.Line, at.TriggerText()
	if p.old != nil && p.new != nil {
		r.Trigger = different(p.old.TriggerText(), p.new.TriggerText())
		r.Guard = different(p.old.Guard.Meaning(), p.new.Guard.Meaning())
		r.Connection = different(p.old.Connection, p.new.Connection)
		r.Statuses = c.handling(p)
		if plainName(p.old.Name) != plainName(p.new.Name) {
			r.Was = p.old.Name
		}
	} else if g := at.Guard.Meaning(); g != "" {
		if r.Guard = (&Text{New: g}); p.new == nil {
			r.Guard = &Text{Old: g}
		}
	}
	r.Actions = c.actions(p)
	same := r.Trigger == nil && r.Guard == nil && r.Connection == nil && len(r.Statuses) == 0 && len(r.Actions) == 0
	if r.Change == Changed && same {
		r.Change = Renamed
	}
	return r, r.Change != Renamed || r.Was != ""
}

func different(old, new string) *Text {
	if old == new {
		return nil
	}
	return &Text{old, new}
}

// handling finds the statuses that another part of the rule takes than before.
func (c *comparison) handling(p pair) []Handling {
	var all []Handling
	for _, s := range c.statuses {
		_, old := armOf(p.old, s)
		_, new := armOf(p.new, s)
		if old == new {
			continue
		}
		i := slices.IndexFunc(all, func(h Handling) bool { return h.Old == old && h.New == new })
		if i < 0 {
			i, all = len(all), append(all, Handling{Old: old, New: new})
		}
		all[i].Statuses = append(all[i].Statuses, s)
	}
	return all
}

// actions compares what the versions do for every status, and brings together what
// differs alike for several.
func (c *comparison) actions(p pair) []Action {
	var all []Action
	index := map[string]int{}
	for _, s := range c.slots() {
		pairs := align(actionsOf(p.old, s), actionsOf(p.new, s))
		for j, pair := range pairs {
			a, differs := c.action(p, s, pair[0], pair[1])
			if first := overtakes(actionsOf(p.old, s), pairs[:j], pair); first != nil {
				a.After, differs = head(first), true
			}
			if !differs {
				continue
			}
			key := fmt.Sprintf("%s\n%s\n%s\n%s\n%v", a.Change, a.Head, a.Was, a.After, a.Fields)
			i, ok := index[key]
			if !ok {
				i = len(all)
				index[key], all = i, append(all, a)
			}
			if !slices.Contains(all[i].When, s) {
				all[i].When = append(all[i].When, s)
			}
		}
	}
	for i := range all {
		all[i].When = c.otherwise(p, all[i].When)
	}
	return all
}

// overtakes is an action that now comes before that of a pair and came behind it, where
// that matters: both set a field of the same object, and the last one wins.
func overtakes(old []*plan.Action, before [][2]*plan.Action, pair [2]*plan.Action) *plan.Action {
	if pair[0] == nil || pair[1] == nil {
		return nil
	}
	was := slices.Index(old, pair[0])
	for _, b := range before {
		if b[0] == nil || slices.Index(old, b[0]) < was || !strings.EqualFold(b[1].Object, pair[1].Object) {
			continue
		}
		for _, as := range b[1].Set {
			if assignmentOf(pair[1], as.Field) != nil && b[1].Kind != dsl.Create && pair[1].Kind != dsl.Create {
				return b[1]
			}
		}
	}
	return nil
}

// otherwise writes "otherwise" for the statuses that the default arm takes, if it is
// about all of them, but for those that have an arm of their own in the other version.
func (c *comparison) otherwise(p pair, when []string) []string {
	for _, v := range [][2]*plan.Rule{{p.new, p.old}, {p.old, p.new}} {
		if !slices.Contains(when, anyOther) {
			break
		}
		var taken []string
		whole := true
		for _, s := range append(slices.Clone(c.statuses), anyOther) {
			_, by := armOf(v[0], s)
			_, other := armOf(v[1], s)
			if by != ByOtherwise {
				continue
			}
			taken = append(taken, s)
			whole = whole && (other == ByArm || slices.Contains(when, s))
		}
		if whole && len(taken) > 0 {
			rest := slices.DeleteFunc(slices.Clone(when), func(s string) bool { return slices.Contains(taken, s) })
			return append(rest, ByOtherwise)
		}
	}
	return when
}

// action compares the two versions of an action for one status.
func (c *comparison) action(p pair, status string, old, new *plan.Action) (Action, bool) {
	at := new
	a := Action{Change: Changed}
	switch {
	case new == nil:
		at, a.Change = old, Removed
	case old == nil:
		a.Change = Added
	}
	a.Head, a.Object, a.Line, a.File = head(at), at.Object, at.Line, at.RuleOf().File
	if old != nil && new != nil && head(old) != head(new) {
		a.Was = head(old)
	}
	if new != nil {
		for _, as := range new.Set {
			var was *plan.Assignment
			if old != nil {
				was = assignmentOf(old, as.Field)
			}
			switch {
			case was == nil:
				a.Fields = append(a.Fields, Field{Change: Added, Name: as.Field, New: as.Meaning(), Elsewhere: c.elsewhere(p.old, status, a.Object, as.Field)})
			case was.Meaning() != as.Meaning():
				a.Fields = append(a.Fields, Field{Change: Changed, Name: as.Field, Old: was.Meaning(), New: as.Meaning()})
			}
		}
	}
	if old != nil {
		for _, as := range old.Set {
			if new == nil || assignmentOf(new, as.Field) == nil {
				a.Fields = append(a.Fields, Field{Change: Removed, Name: as.Field, Old: as.Meaning(), Elsewhere: c.elsewhere(p.new, status, a.Object, as.Field)})
			}
		}
	}
	slices.SortStableFunc(a.Fields, func(x, y Field) int { return strings.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)) })
	return a, a.Change != Changed || a.Was != "" || len(a.Fields) > 0
}

// elsewhere reports whether a rule writes a field for other statuses than one.
func (c *comparison) elsewhere(r *plan.Rule, but, object, field string) bool {
	for _, s := range c.slots() {
		for _, a := range actionsOf(r, s) {
			if s != but && strings.EqualFold(a.Object, object) && assignmentOf(a, field) != nil {
				return true
			}
		}
	}
	return false
}
