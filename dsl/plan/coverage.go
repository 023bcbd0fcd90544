package plan

import (
	"cmp"
	"slices"
	"strings"
)

// Coverage gathers what events have reached of the rules: rules by their trigger, arms
// by their status, actions by being tried with a guard that let them, and of every
// guard both sides. The zero value is empty and ready.
type Coverage struct {
	rules   map[*Rule]bool
	arms    map[*Arm]bool
	actions map[*Action]bool
	guards  map[*Expression]sides
}

// sides is which answers a guard has given.
type sides struct{ passed, held bool }

// Add counts what the event that e evaluated last has reached.
func (c *Coverage) Add(e *Evaluation) {
	if c.rules == nil {
		*c = Coverage{map[*Rule]bool{}, map[*Arm]bool{}, map[*Action]bool{}, map[*Expression]sides{}}
	}
	for _, w := range e.Ways() {
		if w.Other != "" {
			continue
		}
		c.rules[w.Rule] = true
		c.guard(w.Rule.Guard, w.Guard)
		if w.Arm != nil {
			c.arms[w.Arm] = true
		}
		for _, a := range w.Actions {
			c.guard(a.Action.Guard, a.Guard)
			if a.Guard == nil || a.Guard.Passed {
				c.actions[a.Action] = true
			}
		}
	}
}

func (c *Coverage) guard(x *Expression, v *Verdict) {
	if x == nil || v == nil {
		return
	}
	s := c.guards[x]
	s.passed, s.held = s.passed || v.Passed, s.held || !v.Passed
	c.guards[x] = s
}

// FileCoverage is what of one rule file was reached.
type FileCoverage struct {
	File    string  `json:"file"`
	Covered int     `json:"covered"`
	Total   int     `json:"total"` // rules, arms, actions, and two for each guard
	Percent float64 `json:"percent"`
	Gaps    []Gap   `json:"gaps"` // in the order of the text
}

// Gap is something of a rule file that no event has reached.
type Gap struct {
	Line    int    `json:"line"`
	Text    string `json:"text"`    // the line
	Missing string `json:"missing"` // such as "no event took this arm"
}

// Files tells what was reached of each file of a plan, in order.
func (c *Coverage) Files(p *Plan) []FileCoverage {
	var files []FileCoverage
	index := map[string]int{}
	for _, r := range p.Rules {
		i, ok := index[r.File]
		if !ok {
			i = len(files)
			index[r.File] = i
			files = append(files, FileCoverage{File: r.File, Gaps: []Gap{}})
		}
		c.rule(&files[i], r)
	}
	for i := range files {
		f := &files[i]
		slices.SortStableFunc(f.Gaps, func(a, b Gap) int { return cmp.Compare(a.Line, b.Line) })
		f.Percent = Percent(f.Covered, f.Total)
	}
	return files
}

// Percent returns how much of a total is covered: all of it where there is nothing.
func Percent(covered, total int) float64 {
	if total == 0 {
		return 100
	}
	return float64(covered) * 100 / float64(total)
}

func (c *Coverage) rule(f *FileCoverage, r *Rule) {
	count := func(covered bool, line int, missing string) {
		f.Total++
		if covered {
			f.Covered++
			return
		}
		text := strings.TrimSpace(r.source.Slice(r.source.LineSpan(line)))
		f.Gaps = append(f.Gaps, Gap{line, text, missing})
	}
	guard := func(x *Expression) {
		if x == nil || x.constant {
			return // it has one side only, and check says so
		}
		line := r.source.Position(x.at.span.From).Line
		count(c.guards[x].passed, line, "the guard was never true: `"+x.Text+"`")
		count(c.guards[x].held, line, "the guard was never false: `"+x.Text+"`")
	}
	actions := func(list []*Action) {
		for _, a := range list {
			count(c.actions[a], a.Line, "this "+Verb(a.Kind)+" was never tried")
			guard(a.Guard)
		}
	}
	count(c.rules[r], r.Line, "no event set this rule in motion")
	guard(r.Guard)
	actions(r.Actions)
	for _, arm := range r.Arms {
		count(c.arms[arm], arm.Line, "no event took this arm")
		actions(arm.Actions)
	}
}
