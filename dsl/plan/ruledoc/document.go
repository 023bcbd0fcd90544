package ruledoc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Set is rules that were compiled together, and the schema that labels and types are
// taken from; nil if there is none.
type Set struct {
	Plan   *plan.Plan
	Schema *schema.Schema
}

// Document says what rules write.
type Document struct {
	Files   []string `json:"files"`
	Objects []Object `json:"objects"` // by name
	Rules   []Rule   `json:"rules"`   // in the order of the text
}

// Object is an object that rules write to.
type Object struct {
	Name       string  `json:"object"`
	Label      string  `json:"label,omitempty"`      // as people see it in Salesforce, if a schema says
	Connection string  `json:"connection,omitempty"` // the org that it is in
	Keys       []Key   `json:"keys"`                 // by what its records are found
	Fields     []Field `json:"fields"`               // by name
}

// Key is by what rules find the records of an object, or that they make new ones.
type Key struct {
	Verb   string   `json:"verb"`
	Field  string   `json:"field,omitempty"`  // "" for a create
	Words  string   `json:"words,omitempty"`  // what the field is compared with
	Source string   `json:"source,omitempty"` // the same in the language
	Rules  []string `json:"rules"`
}

// Field is a field that rules write.
type Field struct {
	Name   string  `json:"field"` // Relationship__r.Field for a parent that is pointed to
	Label  string  `json:"label,omitempty"`
	Type   string  `json:"type,omitempty"` // in an admin's words
	Values []Value `json:"values"`
}

// Value is where a field's value comes from, in one rule.
type Value struct {
	Words  string   `json:"words"`
	Source string   `json:"source"` // in the language
	Rule   string   `json:"rule"`
	File   string   `json:"file"`
	Line   int      `json:"line"`
	On     string   `json:"on"`             // the rule's trigger in the language
	When   []string `json:"when,omitempty"` // statuses, "otherwise"; none for every event
	If     []string `json:"if,omitempty"`   // guards, in words
	Verb   string   `json:"verb"`
}

// Rule is a rule and what it does.
type Rule struct {
	Name      string   `json:"rule"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	On        string   `json:"on"` // the trigger in the language
	Trigger   string   `json:"trigger"`
	If        string   `json:"if,omitempty"` // the guard, in words
	IfSource  string   `json:"if_source,omitempty"`
	Arms      []Arm    `json:"arms"`
	Unhandled []string `json:"unhandled,omitempty"` // statuses that may come and that nobody handles
	Calls     int      `json:"api_calls_per_1000_events"`
}

// Arm is what a rule does for some statuses.
type Arm struct {
	When    []string `json:"when,omitempty"` // statuses, "otherwise"; none for every event
	Line    int      `json:"line,omitempty"`
	Actions []Action `json:"actions"`
}

// Title names an arm: "Sent, Delivered", "every other status", "every event".
func (a *Arm) Title() string { return WhenWords(a.When) }

// WhenWords says for which statuses something is done.
func WhenWords(when []string) string {
	switch {
	case len(when) == 0:
		return "every event"
	case slices.Equal(when, []string{otherwise}):
		return "every other status"
	}
	return strings.ReplaceAll(strings.Join(when, ", "), ", "+otherwise, ", every other status")
}

const (
	otherwise   = "otherwise"
	everyStatus = "every status" // of an `otherwise` that is the only arm
)

// Action is one write.
type Action struct {
	Verb       string       `json:"verb"`
	Object     string       `json:"object"`
	Label      string       `json:"label,omitempty"`
	Connection string       `json:"connection,omitempty"` // if it is not that of the rule
	MatchField string       `json:"match_field,omitempty"`
	Match      string       `json:"match,omitempty"` // in words
	If         string       `json:"if,omitempty"`    // in words
	IfSource   string       `json:"if_source,omitempty"`
	Line       int          `json:"line"`
	Fields     []Assignment `json:"fields"`
}

// Assignment is a field of a write and where its value comes from.
type Assignment struct {
	Field  string `json:"field"`
	Label  string `json:"label,omitempty"`
	Words  string `json:"words"`
	Source string `json:"source"`
}

// New describes rules.
func New(sets ...Set) *Document {
	b := &builder{doc: &Document{Files: []string{}, Objects: []Object{}, Rules: []Rule{}}}
	for _, s := range sets {
		b.set = s
		calls := s.Plan.Describe(false).Rules
		for i, r := range s.Plan.Rules {
			b.rule(r, calls[i].CallsPer1000)
		}
	}
	slices.SortStableFunc(b.doc.Objects, func(x, y Object) int {
		return strings.Compare(strings.ToLower(x.Name+"\n"+x.Connection), strings.ToLower(y.Name+"\n"+y.Connection))
	})
	for i := range b.doc.Objects {
		fields := b.doc.Objects[i].Fields
		slices.SortStableFunc(fields, func(x, y Field) int { return strings.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)) })
	}
	return b.doc
}

type builder struct {
	doc *Document
	set Set
}

func (b *builder) rule(r *plan.Rule, calls int) {
	if !slices.Contains(b.doc.Files, r.File) {
		b.doc.Files = append(b.doc.Files, r.File)
	}
	out := Rule{
		Name: r.Name, File: r.File, Line: r.Line, On: r.TriggerText(), Trigger: b.trigger(r),
		If: r.Guard.Words(), IfSource: r.Guard.Meaning(), Calls: calls, Unhandled: b.unhandled(r), Arms: []Arm{},
	}
	if len(r.Actions) > 0 {
		out.Arms = append(out.Arms, b.arm(r, nil, 0, r.Actions))
	}
	for _, a := range r.Arms {
		when := a.Statuses
		if a.Otherwise {
			when = []string{otherwise}
			if len(r.Arms) == 1 {
				when = []string{everyStatus}
			}
		}
		out.Arms = append(out.Arms, b.arm(r, when, a.Line, a.Actions))
	}
	b.doc.Rules = append(b.doc.Rules, out)
}

// trigger says in words what sets a rule in motion.
func (b *builder) trigger(r *plan.Rule) string {
	switch {
	case r.Trigger == dsl.OutboundMessage:
		name := r.Subject
		if o := b.object(r.Subject); o != nil && o.Label != "" && o.Label != o.Name {
			name = fmt.Sprintf("%s (%s)", o.Label, o.Name)
		}
		return "Salesforce sends an outbound message of a " + name + " record, or the survey that it led to has a new status"
	case r.Subject != "":
		return "someone answers the survey " + r.Subject + ", or does not"
	}
	return "someone answers a survey, whichever it is, or does not"
}

// fromResponses are the statuses that a survey response can bring.
var fromResponses = []string{"Responded", "Partially Responded", "Expired"}

// unhandled are the statuses that may come to a rule and that none of its arms takes.
func (b *builder) unhandled(r *plan.Rule) (left []string) {
	handled := map[string]bool{}
	for _, a := range r.Arms {
		if a.Otherwise {
			return nil
		}
		for _, s := range a.Statuses {
			handled[dsl.NormalStatus(s)] = true
		}
	}
	if len(handled) == 0 {
		return nil
	}
	expected := fromResponses
	if r.Trigger == dsl.OutboundMessage {
		expected = slices.Clone(dsl.Statuses)
		for _, s := range b.set.Plan.Statuses() {
			if !slices.ContainsFunc(expected, func(o string) bool { return dsl.NormalStatus(o) == dsl.NormalStatus(s) }) {
				expected = append(expected, s)
			}
		}
	}
	for _, s := range expected {
		if !handled[dsl.NormalStatus(s)] {
			left = append(left, s)
		}
	}
	return left
}

func (b *builder) arm(r *plan.Rule, when []string, line int, actions []*plan.Action) Arm {
	out := Arm{When: when, Line: line, Actions: []Action{}}
	for _, a := range actions {
		act := Action{
			Verb: plan.Verb(a.Kind), Object: a.Object, MatchField: a.MatchField, Match: a.Match.Words(),
			If: a.Guard.Words(), IfSource: a.Guard.Meaning(), Line: a.Line, Fields: []Assignment{},
		}
		if a.Connection != r.Connection {
			act.Connection = a.Connection
		}
		o := b.objectOf(a)
		act.Label = o.Label
		b.key(o, r, a)
		if a.Kind == dsl.Upsert {
			b.value(o, r, a, when, a.MatchField, a.Line, a.Match.Words(), a.Match.Meaning())
		}
		for _, as := range a.Set {
			label := b.value(o, r, a, when, as.Field, as.Line, as.Words(), as.Meaning())
			act.Fields = append(act.Fields, Assignment{Field: as.Field, Label: label, Words: as.Words(), Source: as.Meaning()})
		}
		out.Actions = append(out.Actions, act)
	}
	return out
}

// object finds an object of the schema at hand, nil if there is none.
func (b *builder) object(name string) *schema.Object {
	if b.set.Schema == nil {
		return nil
	}
	return b.set.Schema.Object(name)
}

// objectOf is the document's entry for the object that an action writes to.
func (b *builder) objectOf(a *plan.Action) *Object {
	i := slices.IndexFunc(b.doc.Objects, func(o Object) bool {
		return strings.EqualFold(o.Name, a.Object) && o.Connection == a.Connection
	})
	if i < 0 {
		i = len(b.doc.Objects)
		b.doc.Objects = append(b.doc.Objects, Object{Name: a.Object, Connection: a.Connection, Keys: []Key{}, Fields: []Field{}})
	}
	o := &b.doc.Objects[i]
	if known := b.object(a.Object); known != nil && o.Label == "" {
		o.Label = known.Label
	}
	return o
}

func (b *builder) key(o *Object, r *plan.Rule, a *plan.Action) {
	k := Key{Verb: plan.Verb(a.Kind), Field: a.MatchField, Words: a.Match.Words(), Source: a.Match.Meaning()}
	i := slices.IndexFunc(o.Keys, func(x Key) bool { return x.Verb == k.Verb && x.Field == k.Field && x.Source == k.Source })
	if i < 0 {
		i, o.Keys = len(o.Keys), append(o.Keys, k)
	}
	if !slices.Contains(o.Keys[i].Rules, r.Name) {
		o.Keys[i].Rules = append(o.Keys[i].Rules, r.Name)
	}
}

// value notes that a field gets a value, and returns the field's label.
func (b *builder) value(o *Object, r *plan.Rule, a *plan.Action, when []string, field string, line int, words, source string) (label string) {
	i := slices.IndexFunc(o.Fields, func(f Field) bool { return strings.EqualFold(f.Name, field) })
	if i < 0 {
		i = len(o.Fields)
		f := Field{Name: field}
		f.Label, f.Type = b.describe(a.Object, field)
		o.Fields = append(o.Fields, f)
	}
	f := &o.Fields[i]
	v := Value{Words: words, Source: source, Rule: r.Name, File: r.File, Line: line, On: r.TriggerText(), When: when, Verb: plan.Verb(a.Kind)}
	for _, g := range []*plan.Expression{r.Guard, a.Guard} {
		if g != nil {
			v.If = append(v.If, g.Words())
		}
	}
	for j := range f.Values {
		have := &f.Values[j]
		if have.Source == v.Source && have.Rule == v.Rule && have.File == v.File && have.Verb == v.Verb && slices.Equal(have.If, v.If) && len(have.When) > 0 && len(when) > 0 {
			have.When = append(slices.Clone(have.When), when...) // the same for other statuses
			return f.Label
		}
	}
	f.Values = append(f.Values, v)
	return f.Label
}

// typeNames are the types of fields as admins know them.
var typeNames = map[schema.Type]string{
	schema.TypeString: "text", schema.TypeTextArea: "long text", schema.TypeBoolean: "checkbox", schema.TypeInt: "number",
	schema.TypeLong: "number", schema.TypeDouble: "number", schema.TypeDateTime: "date and time", schema.TypeMultiPicklist: "multi-select picklist",
	schema.TypeURL: "web address", schema.TypeID: "record id", schema.TypeEncryptedString: "encrypted text",
}

// describe returns the label and type of a field, "" where no schema tells. Of a
// parent's field it says what the lookup is called.
func (b *builder) describe(object, field string) (label, kind string) {
	o := b.object(object)
	if o == nil {
		return "", ""
	}
	if relationship, key, ok := strings.Cut(field, "."); ok {
		if lookup := o.Relationship(relationship); lookup != nil {
			return lookup.Label, "lookup to " + strings.Join(lookup.ReferenceTo, " or ") + ", by its " + key
		}
		return "", ""
	}
	f := o.Field(field)
	if f == nil {
		return "", ""
	}
	switch {
	case f.Type == schema.TypeReference:
		kind = "lookup to " + strings.Join(f.ReferenceTo, " or ")
	case typeNames[f.Type] != "":
		kind = typeNames[f.Type]
	default:
		kind = string(f.Type)
	}
	if f.ExternalID {
		kind += ", external id"
	}
	return f.Label, kind
}
