package rulediff

import (
	"slices"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// Side is one of the two versions of rules.
type Side struct {
	Plan     *plan.Plan
	Findings []dsl.Diagnostic // of compiling them; those about safety are compared
}

// How something differs.
const (
	Added   = "added"
	Removed = "removed"
	Changed = "changed"
	Renamed = "renamed" // of a rule that is otherwise the same
)

// Diff is what a change of rules means.
type Diff struct {
	StatusesAdded   []string  `json:"statuses_added,omitempty"` // declared by `statuses`
	StatusesRemoved []string  `json:"statuses_removed,omitempty"`
	Rules           []Rule    `json:"rules"`    // those that differ, in the order of the new text, those removed last
	Findings        []Finding `json:"findings"` // about loops, unhandled statuses and repetition
	Calls           Count     `json:"api_calls_per_1000_events"`
}

// Empty reports whether the two versions do the same to every event.
func (d *Diff) Empty() bool {
	return len(d.Rules) == 0 && len(d.Findings) == 0 && len(d.StatusesAdded) == 0 && len(d.StatusesRemoved) == 0
}

// Count is a number before and after.
type Count struct {
	Old int `json:"old"`
	New int `json:"new"`
}

// Text is a text before and after.
type Text struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// Rule is a rule that differs.
type Rule struct {
	Change     string     `json:"change"`
	Name       string     `json:"name"`
	Was        string     `json:"was,omitempty"` // its name before, if that is another
	File       string     `json:"file"`          // of the new version, or of the old one if it is removed
	Line       int        `json:"line"`          // likewise, from 1
	On         string     `json:"on"`            // its trigger, likewise
	Trigger    *Text      `json:"trigger,omitempty"`
	Guard      *Text      `json:"guard,omitempty"`      // "" for none
	Connection *Text      `json:"connection,omitempty"` // "" for that of whoever runs the rules
	After      string     `json:"after,omitempty"`      // a rule that writes the same field of the same record, and comes first only now
	Statuses   []Handling `json:"statuses,omitempty"`
	Actions    []Action   `json:"actions,omitempty"`
	Calls      *Count     `json:"api_calls_per_1000_events,omitempty"`
}

// Who handles a status.
const (
	ByArm       = "arm"       // an arm that names it
	ByOtherwise = "otherwise" // the default arm
	ByNobody    = "nobody"
)

// Handling says that statuses are handled by another part of a rule than before.
type Handling struct {
	Statuses []string `json:"statuses"`
	Old      string   `json:"old"`
	New      string   `json:"new"`
}

// Action is a create, update or upsert that differs, for some statuses.
type Action struct {
	Change string   `json:"change"`
	Head   string   `json:"action"`          // such as `update Contact where Id = profile.id`
	Was    string   `json:"was,omitempty"`   // its head before, if that is another
	After  string   `json:"after,omitempty"` // the head of an action that sets the same field, and comes first only now
	Object string   `json:"object"`
	When   []string `json:"when"` // statuses; [Always] for what is done whatever the status
	File   string   `json:"file"`
	Line   int      `json:"line"` // of the new version, or of the old one if it is removed
	Fields []Field  `json:"fields,omitempty"`
}

// Field is a field of an action that differs.
type Field struct {
	Change string `json:"change"`
	Name   string `json:"field"`
	Old    string `json:"old,omitempty"` // what it is set to, in the language
	New    string `json:"new,omitempty"`
	// Elsewhere reports that the rule writes the field of the object for other statuses
	// as well: before, if it is added, or still, if it is removed.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// Finding is a warning about safety that only one of the versions has.
type Finding struct {
	Change  string   `json:"change"` // Added or Removed
	Code    dsl.Code `json:"code"`
	Rule    string   `json:"rule,omitempty"`
	Message string   `json:"message"`
	File    string   `json:"file"`
	Line    int      `json:"line"`

	key string // by which it is known again in the other version
}

// Compare compares two versions of rules.
func Compare(before, after Side) *Diff {
	c := &comparison{statuses: knownStatuses(before.Plan, after.Plan), written: map[*plan.Rule]map[string]bool{}}
	d := &Diff{Rules: []Rule{}}
	d.StatusesAdded = without(after.Plan.Statuses(), before.Plan.Statuses())
	d.StatusesRemoved = without(before.Plan.Statuses(), after.Plan.Statuses())
	c.pair(before.Plan, after.Plan)
	calls := [2]map[*plan.Rule]int{callsOf(before.Plan), callsOf(after.Plan)}
	d.Calls = Count{mostCalls(before.Plan, calls[0]), mostCalls(after.Plan, calls[1])}
	behind := c.overtaken(before.Plan)
	for _, p := range c.pairs {
		r, differs := c.rule(p)
		if other := behind[p.new]; other != nil {
			r.After, r.Change, differs = other.Name, Changed, true
		}
		if p.old != nil && p.new != nil && calls[0][p.old] != calls[1][p.new] {
			r.Calls = &Count{calls[0][p.old], calls[1][p.new]}
		}
		if differs {
			d.Rules = append(d.Rules, r)
		}
	}
	d.Findings = c.findings(before, after)
	return d
}

// without returns what is in a and not in b, up to the spelling of statuses.
func without(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.ContainsFunc(b, func(o string) bool { return dsl.NormalStatus(o) == dsl.NormalStatus(s) }) {
			out = append(out, s)
		}
	}
	return out
}

// callsOf is how many API calls 1,000 events of each rule take at most.
func callsOf(p *plan.Plan) map[*plan.Rule]int {
	calls := map[*plan.Rule]int{}
	for i, d := range p.Describe(false).Rules {
		calls[p.Rules[i]] = d.CallsPer1000
	}
	return calls
}

// mostCalls is how many of them 1,000 events of one trigger take at most.
func mostCalls(p *plan.Plan, calls map[*plan.Rule]int) int {
	most, byTrigger := 0, map[string]int{}
	for _, r := range p.Rules {
		byTrigger[r.TriggerText()] += calls[r]
		most = max(most, byTrigger[r.TriggerText()])
	}
	return most
}
