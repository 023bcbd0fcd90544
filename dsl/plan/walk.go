package plan

import (
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// Bounds of one event, so that no sender can make evaluation slow or deep.
const (
	MaxEvent = 1 << 20 // bytes
	maxDepth = 64      // nested objects and lists
)

// The types of event.
const (
	TypeOutbound     = "salesforce.outbound_message" // something happened to a record
	TypeDistribution = "survey.distribution"         // a status of the survey that a message sent out
	TypeResponse     = "survey.response"             // someone answered, or did not
)

// node is a part of an event that rules read, or that leads to one. One walk
// over the event fills every variable, however many rules read it.
type node struct {
	children map[string]*node
	fills    []int  // variables that stand here
	bit      uint64 // this node among its siblings; 0 beyond the 63rd
	all      uint64 // the bits of the children; one more, never found, beyond the 63rd
}

func newNode() *node { return &node{children: map[string]*node{}} }

func (n *node) add(path []string, variable int) {
	for _, name := range path {
		child := n.children[name]
		if child == nil {
			child = newNode()
			if i := len(n.children); i < 63 {
				child.bit = 1 << i
				n.all |= child.bit
			} else {
				n.all |= 1 << 63
			}
			n.children[name] = child
		}
		n = child
	}
	for _, v := range n.fills {
		if v == variable {
			return
		}
	}
	n.fills = append(n.fills, variable)
}

// addPaths adds every path that a rule reads.
func (p *Plan) addPaths(n *node, r *Rule) {
	var expression func(x *Expression)
	variable := func(id int) {
		v := &p.variables[id]
		if v.let != nil {
			expression(v.let)
			return
		}
		n.add(v.path, id)
	}
	expression = func(x *Expression) {
		if x == nil {
			return
		}
		for _, id := range x.reads {
			variable(id)
		}
	}
	expression(r.Guard)
	r.eachAction(func(a *Action) {
		expression(a.Guard)
		expression(a.Match)
		for _, as := range a.Set {
			expression(as.value)
			for _, piece := range as.template {
				expression(piece.expr)
			}
		}
		for _, id := range a.shown {
			if id >= 0 {
				variable(id)
			}
		}
	})
}

// fill walks the members of an event, and keeps the values that variables stand
// for. Of names that are there twice the first counts.
func (e *Evaluation) fill(n *node, members []member) {
	for i := range members {
		if child := n.children[members[i].name]; child != nil {
			e.fillNode(child, members[i].value)
		}
	}
}

func (e *Evaluation) fillNode(n *node, value gjson.Result) {
	for _, id := range n.fills {
		if s := &e.slots[id]; s.epoch != e.epoch || s.pass != e.pass {
			*s = slot{epoch: e.epoch, pass: e.pass, value: value}
		}
	}
	if len(n.children) == 0 || !value.IsObject() {
		return
	}
	var found uint64
	value.ForEach(func(key, value gjson.Result) bool {
		if child := n.children[key.Str]; child != nil {
			e.fillNode(child, value)
			found |= child.bit
		}
		return found != n.all // nothing else to look for
	})
}

// fillMessage keeps the values of the message that a status belongs to. What
// every event says of itself stays the status's own.
func (e *Evaluation) fillMessage(n *node, members []member) {
	members = slices.DeleteFunc(members, func(m member) bool {
		switch m.name {
		case "id", "type", "time", "of", "distribution":
			return true
		}
		return false
	})
	e.fill(n, members)
	e.pass++
}

// validJSON reports whether text is JSON that is not nested too deep to read.
func validJSON(text string) bool {
	// Counting is much faster than following the nesting, and settles nearly all events.
	if strings.Count(text, "[")+strings.Count(text, "{") > maxDepth && depth(text) > maxDepth {
		return false
	}
	return gjson.Valid(text)
}

// depth returns how deep the lists and objects of a JSON text are nested.
func depth(text string) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case '[', '{':
			if !quoted {
				depth++
				deepest = max(deepest, depth)
			}
		case ']', '}':
			if !quoted {
				depth--
			}
		}
	}
	return deepest
}
