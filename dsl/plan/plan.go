package plan

import (
	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Plan is what rule files compile to. It does not change and is safe for
// concurrent use; each evaluating goroutine brings its own [Evaluation].
type Plan struct {
	Rules []*Rule // in the order of the files and their text
	Tests []*Test // likewise

	variables []variable
	outbound  map[string]*group // by the object's name in lower case
	surveys   map[string]*group // by survey id
	anySurvey *group            // rules for every survey
	statuses  map[string]string // a status as declared or built in -> its normal form
	prefixes  map[string]string // key prefix -> object, to tell a record's object
}

// Rule is a compiled rule.
type Rule struct {
	Name       string
	File       string // path of the rule file
	Line       int    // of its head, from 1
	Trigger    dsl.TriggerKind
	Subject    string // object or survey id, "" for any survey
	Connection string // that writes go to unless they name another; may be ""
	Guard      *Expression
	Actions    []*Action // before the first arm
	Arms       []*Arm

	byStatus  map[string]*Arm
	otherwise *Arm
	source    *dsl.Source
	tree      *dsl.Rule
}

// Arm is a compiled arm.
type Arm struct {
	Statuses  []string // as the author wrote them
	Otherwise bool
	Line      int
	Actions   []*Action

	tree *dsl.Arm
}

// Name names an arm for a person: its statuses, or "otherwise".
func (a *Arm) Name() string {
	if a == nil {
		return ""
	}
	if a.Otherwise {
		return "otherwise"
	}
	name := ""
	for i, s := range a.Statuses {
		if i > 0 {
			name += ", "
		}
		name += s
	}
	return name
}

// Action is a compiled action: one write to one record.
type Action struct {
	Kind       dsl.ActionKind
	Object     string // API name
	Connection string
	Line       int
	MatchField string // "Id" or an external-id field; "" for a create
	Match      *Expression
	Guard      *Expression
	Set        []*Assignment

	object     *schema.Object // nil without a schema
	matchField *schema.Field
	required   []string // fields that a create cannot do without
	shown      []int    // for each of Set, the variable in which the message shows the field, or -1; nil where it cannot tell
	tree       *dsl.Action
	rule       *Rule
}

// Assignment is a compiled assignment to one field.
type Assignment struct {
	Field  string // as Salesforce spells it; Relationship__r.Field for a parent
	Line   int
	Source string // the author's expression or text

	field  *schema.Field // nil without a schema
	parent string        // the relationship, "" for the record's own field
	name   string        // the field, of the parent where there is one

	key      []byte // what stands before the value in a body
	null     bool   // clears the field
	static   []byte // JSON, when it is known before any event
	value    *Expression
	template []piece
}

// Parent returns the object and the external-id field of the parent that the
// assignment points to, and false when it sets a field of the record itself. The
// object is "" without a schema.
func (a *Assignment) Parent() (object, field string, ok bool) {
	if a.parent == "" {
		return "", "", false
	}
	if a.field != nil && a.field.Object() != nil {
		object = a.field.Object().Name
	}
	return object, a.name, true
}

// anyField takes what no schema speaks of: Salesforce decides.
var anyField = &schema.Field{Type: "anytype", Nillable: true}

// encoder returns the field that turns values into JSON.
func (a *Assignment) encoder() *schema.Field {
	if a.field == nil {
		return anyField
	}
	return a.field
}

// A piece is a part of a text: static, or an expression's value.
type piece struct {
	text string
	expr *Expression
}

// A group is what an event of one trigger sets in motion.
type group struct {
	rules []*Rule
	paths *node // every path that they read
}

// RuleOf returns the rule that an action belongs to.
func (a *Action) RuleOf() *Rule { return a.rule }

// Verb returns the keyword of an action.
func Verb(k dsl.ActionKind) string {
	switch k {
	case dsl.Create:
		return "create"
	case dsl.Update:
		return "update"
	default:
		return "upsert"
	}
}
