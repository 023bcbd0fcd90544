package plan

import (
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// Description is a plan as data, for people and programs that want to see what
// rules compile to.
type Description struct {
	Rules []RuleDescription `json:"rules"`
}

// RuleDescription says what a rule compiles to.
type RuleDescription struct {
	Name         string              `json:"name"`
	File         string              `json:"file"`
	Line         int                 `json:"line"`
	Trigger      string              `json:"trigger"` // as in the language: "outbound message Case"
	Connection   string              `json:"connection,omitempty"`
	Guard        *ExprDescription    `json:"guard,omitempty"`
	Slots        []SlotDescription   `json:"slots"` // what is read of an event, in one walk
	Actions      []ActionDescription `json:"actions,omitempty"`
	Arms         []ArmDescription    `json:"arms,omitempty"`
	CallsPer1000 int                 `json:"api_calls_per_1000_events"` // at most, in full batches
}

// SlotDescription is a value of the event that a rule reads.
type SlotDescription struct {
	Path string `json:"path"`
	Kind string `json:"kind"` // "a number", "text", "any value"
}

// ArmDescription says what an arm compiles to.
type ArmDescription struct {
	Name    string              `json:"name"`
	Line    int                 `json:"line"`
	Actions []ActionDescription `json:"actions,omitempty"`
}

// ActionDescription says what an action compiles to.
type ActionDescription struct {
	Verb       string             `json:"verb"`
	Object     string             `json:"object"`
	Line       int                `json:"line"`
	Connection string             `json:"connection,omitempty"`
	MatchField string             `json:"match_field,omitempty"`
	Match      *ExprDescription   `json:"match,omitempty"`
	Guard      *ExprDescription   `json:"guard,omitempty"`
	Fields     []FieldDescription `json:"fields"`
}

// The ways in which a field gets its value.
const (
	Static   = "static"   // encoded when the plan was made
	Cleared  = "cleared"  // set to null
	Copied   = "copied"   // as it stands in the event
	Computed = "computed" // by an expression
	Composed = "composed" // text with expressions in it
)

// FieldDescription says how a field gets its value.
type FieldDescription struct {
	Field   string `json:"field"`
	Line    int    `json:"line"`
	How     string `json:"how"`
	Source  string `json:"source"`         // the author's
	JSON    string `json:"json,omitempty"` // what is sent, when it is static
	Program string `json:"program,omitempty"`
}

// ExprDescription is an expression and what it compiles to.
type ExprDescription struct {
	Source  string `json:"source"`
	Program string `json:"program,omitempty"`
}

// Describe describes the plan; with programs, it lists the instructions of every
// expression that is computed.
func (p *Plan) Describe(programs bool) Description {
	d := describer{p, programs}
	var out Description
	for _, r := range p.Rules {
		out.Rules = append(out.Rules, d.rule(r))
	}
	return out
}

type describer struct {
	plan     *Plan
	programs bool
}

func (d describer) rule(r *Rule) RuleDescription {
	out := RuleDescription{
		Name: r.Name, File: r.File, Line: r.Line, Trigger: r.TriggerText(), Connection: r.Connection,
		Guard: d.expr(r.Guard), Slots: d.slots(r), Actions: d.actions(r.Actions), CallsPer1000: r.callsPer1000(),
	}
	for _, a := range r.Arms {
		out.Arms = append(out.Arms, ArmDescription{Name: a.Name(), Line: a.Line, Actions: d.actions(a.Actions)})
	}
	return out
}

// TriggerText writes a rule's trigger as it stands in the language, without its guard.
func (r *Rule) TriggerText() string {
	if r.Trigger == dsl.OutboundMessage {
		return "outbound message " + r.Subject
	}
	return strings.TrimSpace("survey response " + r.Subject)
}

// slots lists what a rule reads of an event, in the order of the plan's variables.
func (d describer) slots(r *Rule) []SlotDescription {
	slots := []SlotDescription{}
	for _, id := range d.plan.variablesOf(r) {
		v := d.plan.variables[id]
		slots = append(slots, SlotDescription{Path: v.name, Kind: v.kinds.String()})
	}
	return slots
}

func (d describer) actions(actions []*Action) []ActionDescription {
	var out []ActionDescription
	for _, a := range actions {
		ad := ActionDescription{
			Verb: Verb(a.Kind), Object: a.Object, Line: a.Line, Connection: a.Connection,
			MatchField: a.MatchField, Match: d.expr(a.Match), Guard: d.expr(a.Guard),
		}
		for _, as := range a.Set {
			ad.Fields = append(ad.Fields, d.field(as))
		}
		out = append(out, ad)
	}
	return out
}

func (d describer) field(as *Assignment) FieldDescription {
	f := FieldDescription{Field: as.Field, Line: as.Line, Source: as.Source, How: Computed}
	switch {
	case as.null:
		f.How = Cleared
	case as.static != nil:
		f.How, f.JSON = Static, string(as.static)
	case as.template != nil:
		f.How = Composed
	case as.value.variable >= 0 && d.plan.variables[as.value.variable].let == nil:
		f.How = Copied
	default:
		f.Program = d.expr(as.value).Program
	}
	return f
}

func (d describer) expr(x *Expression) *ExprDescription {
	if x == nil {
		return nil
	}
	out := &ExprDescription{Source: x.Text}
	if d.programs && x.program != nil {
		out.Program = strings.ReplaceAll(x.program.Disassemble(), "\x1f", ".")
	}
	return out
}
