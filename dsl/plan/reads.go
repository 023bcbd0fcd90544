package plan

import "slices"

// Reads is a value of an event that a rule reads.
type Reads struct {
	Path  []string // in the event's JSON
	Kinds Kinds
}

// Reads returns every value that a rule reads, each once.
func (p *Plan) Reads(r *Rule) []Reads {
	var out []Reads
	for _, id := range p.variablesOf(r) {
		v := &p.variables[id]
		out = append(out, Reads{v.path, v.kinds})
	}
	return out
}

// Texts returns the expressions of a rule as the author wrote them.
func (r *Rule) Texts() []string {
	var out []string
	add := func(x *Expression) {
		if x != nil {
			out = append(out, x.Text)
		}
	}
	add(r.Guard)
	r.eachAction(func(a *Action) {
		add(a.Guard)
		add(a.Match)
		for _, as := range a.Set {
			add(as.value)
		}
	})
	return out
}

// Clears reports whether the author asked for the field to be emptied.
func (a *Assignment) Clears() bool { return a.null }

// Statuses returns the statuses that the rules' files declare beside the built-in ones
// and those, as they are spelt.
func (p *Plan) Statuses() []string {
	other := map[string]bool{} // normal forms that nobody spells so
	for spelt, normal := range p.statuses {
		if spelt != normal {
			other[normal] = true
		}
	}
	var out []string
	for spelt := range p.statuses {
		if !other[spelt] {
			out = append(out, spelt)
		}
	}
	slices.Sort(out)
	return out
}

// variablesOf returns the variables that stand for what a rule reads of an event.
func (p *Plan) variablesOf(r *Rule) []int {
	root := newNode()
	p.addPaths(root, r)
	var ids []int
	var walk func(n *node)
	walk = func(n *node) {
		ids = append(ids, n.fills...)
		for _, child := range n.children {
			walk(child)
		}
	}
	walk(root)
	slices.Sort(ids)
	return ids
}
