package plan

import (
	"fmt"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// safety looks at all rules together: what they may set in motion again, what a
// crash could do twice, and what they cost.
func (c *compilation) safety() {
	for _, cycle := range c.plan.loops() {
		c.reportLoop(cycle)
	}
	for _, r := range c.plan.Rules {
		r.eachAction(func(a *Action) { c.repeatable(r, a) })
		if c.errors == 0 {
			c.cost(r)
		}
	}
}

// eachAction calls f for every action of the rule in the order of the text.
func (r *Rule) eachAction(f func(*Action)) {
	for _, a := range r.Actions {
		f(a)
	}
	for _, arm := range r.Arms {
		for _, a := range arm.Actions {
			f(a)
		}
	}
}

// A firing is one step of a loop: a write of one rule that fires another.
type firing struct {
	by    *Action
	fires *Rule
}

// loops finds every way in which a rule on an outbound message can set itself
// off again. A message whose rule first looks at a field that the write sets is
// taken for guarded: the author has thought of it.
func (p *Plan) loops() [][]firing {
	next := map[*Rule][]firing{}
	for _, r := range p.Rules {
		r.eachAction(func(a *Action) {
			seen := map[*Rule]bool{}
			for _, f := range next[r] {
				seen[f.fires] = true
			}
			for _, other := range p.Rules {
				if !seen[other] && a.fires(other) {
					next[r] = append(next[r], firing{a, other})
				}
			}
		})
	}
	index := map[*Rule]int{}
	for i, r := range p.Rules {
		index[r] = i
	}
	var found [][]firing
	for _, start := range p.Rules {
		if start.Trigger != dsl.OutboundMessage {
			continue
		}
		// Shortest way back to start through rules that come after it, so that
		// each cycle is found once, from its first rule.
		from := map[*Rule]firing{}
		prev := map[*Rule]*Rule{}
		queue := []*Rule{start}
		done := false
		for len(queue) > 0 && !done {
			r := queue[0]
			queue = queue[1:]
			for _, f := range next[r] {
				if f.fires == start {
					cycle := []firing{f}
					for at := r; at != start; at = prev[at] {
						cycle = append([]firing{from[at]}, cycle...)
					}
					found = append(found, cycle)
					done = true
					break
				}
				if _, seen := prev[f.fires]; !seen && index[f.fires] > index[start] {
					prev[f.fires], from[f.fires] = r, f
					queue = append(queue, f.fires)
				}
			}
		}
	}
	return found
}

// fires reports whether a write can make Salesforce send the message of a rule.
func (a *Action) fires(r *Rule) bool {
	if r.tree.On == nil || r.Trigger != dsl.OutboundMessage || !strings.EqualFold(a.Object, r.Subject) || a.Connection != r.Connection {
		return false
	}
	if a.Guard != nil && a.Guard.constant && a.Guard.value != true {
		return false // it never happens, and the guard has been reported
	}
	return !a.guardedBy(r.Guard) && (a.rule != r || !a.guardedBy(a.Guard))
}

// guardedBy reports whether a guard looks at a field that the write sets.
func (a *Action) guardedBy(guard *Expression) bool {
	if guard == nil {
		return false
	}
	if guard.program == nil {
		return true // it has a fault, and nobody knows what it looks at
	}
	for _, name := range guard.names {
		field, ok := strings.CutPrefix(name, "record.")
		if !ok {
			continue
		}
		for _, as := range a.Set {
			if as.parent == "" && strings.EqualFold(as.name, field) {
				return true
			}
		}
	}
	return false
}

// reportLoop prints a cycle: who writes what, and whom that fires.
func (c *compilation) reportLoop(cycle []firing) {
	first := cycle[0].by
	rule := first.rule
	on := rule.tree.On
	d := c.report(rule.source, first.tree.Head, dsl.Warning, "S301", "this may loop: the %s sends the outbound message of %s, which fires rule `%s`",
		Verb(first.Kind), first.Object, cycle[0].fires.Name)
	if len(cycle) > 1 {
		d.Message += ", and so on back to here"
	}
	d.Help = "let the trigger look at what is written"
	if guard := loopGuard(cycle[len(cycle)-1].by); guard != "" {
		d.Help += ", such as `if " + guard + "`"
	}
	d.Help += ", or take \"Send Outbound Messages\" away from the connected user"
	d.Labels = []dsl.Label{{Source: rule.source, Span: on.Span, Text: "fired by a message of " + on.Subject.Text}}
	for _, f := range cycle {
		d.Notes = append(d.Notes, fmt.Sprintf("rule `%s` (%s:%d) writes %s → its outbound message → rule `%s`",
			f.by.rule.Name, f.by.rule.File, f.by.Line, f.by.Object, f.fires.Name))
	}
}

// loopGuard is a condition that does not hold any more once an action is done; "" if its
// fields offer none.
func loopGuard(a *Action) string {
	for _, as := range a.Set {
		checkbox := as.field != nil && as.field.Type == schema.TypeBoolean
		switch {
		case as.parent != "":
		case !checkbox:
			return "record." + as.name + " == null"
		case as.static != nil: // a checkbox is never null
			return "record." + as.name + " != " + string(as.static)
		}
	}
	return ""
}

// repeatable warns of a create that would be done twice, or be in doubt, when
// its answer is lost, where an upsert would not.
func (c *compilation) repeatable(r *Rule, a *Action) {
	if a.Kind != dsl.Create || a.object == nil || a.tree.Where != nil {
		return // a create with a `where` was meant as an upsert, and is told so
	}
	for _, f := range a.object.Fields {
		if f.ExternalID && f.Createable {
			key := "…"
			for _, as := range a.Set {
				if as.parent == "" && as.name == f.Name && as.value != nil {
					key = as.Source
				}
			}
			c.report(r.source, a.tree.Head, dsl.Warning, "S304", "when the answer to this create is lost, nobody knows whether the %s is there", a.Object).
				Help = fmt.Sprintf("%s has an external id, so this can be repeated safely: upsert %s where %s = %s", a.Object, a.Object, f.Name, key)
			return
		}
	}
}

// callsPer1000 are the API calls that 1,000 events of a rule take at most, in
// full batches of 200 records.
func (r *Rule) callsPer1000() int {
	most := 0
	for _, arm := range r.Arms {
		most = max(most, calls(arm.Actions))
	}
	return calls(r.Actions) + most
}

func calls(actions []*Action) int {
	n := 0
	for _, a := range actions {
		if a.single() {
			n += 1000
		}
	}
	return n + len(lanes(actions))*1000/200
}

// single reports whether the action takes a call for each record: an update by
// external id has no batch call of its own.
func (a *Action) single() bool {
	return a.Kind == dsl.Update && a.MatchField != "Id" && a.MatchField != ""
}

// lanes are the kinds of calls that actions need: writes share a call when they
// do the same to the same object.
func lanes(actions []*Action) map[string]int {
	out := map[string]int{}
	for _, a := range actions {
		if !a.single() {
			out[a.lane()]++
		}
	}
	return out
}

func (a *Action) lane() string {
	key := Verb(a.Kind) + " " + a.Object + " " + a.Connection
	if a.Kind == dsl.Upsert || a.MatchField != "Id" {
		key += " " + a.MatchField
	}
	return key
}

// dear is how many calls per 1,000 events are worth a word.
const dear = 50

// cost tells of a rule that takes many API calls.
func (c *compilation) cost(r *Rule) {
	calls := r.callsPer1000()
	single := ""
	r.eachAction(func(a *Action) {
		if a.single() && single == "" {
			single = a.MatchField
		}
	})
	if calls < dear {
		return
	}
	d := c.report(r.source, r.tree.Name.Span, dsl.Info, "S305", "1,000 events of this rule take about %s API calls", thousands(calls))
	if single != "" {
		d.Help = fmt.Sprintf("an update by %s takes a call for each record: `upsert`, or `where Id =`, shares a call among 200", single)
	} else {
		d.Help = "writes share calls when they do the same to the same object"
	}
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}
