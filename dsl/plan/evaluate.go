package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/vm"
	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Evaluation holds what evaluating an event needs and what comes of it. Its
// buffers are used again by the next evaluation: what is kept longer is copied.
// It is not safe for concurrent use, and belongs to the plan it was first used with.
type Evaluation struct {
	Event Event // what the event says of itself
	Runs  []Run // one for each rule that the event sets in motion, in order

	plan    *Plan
	members []member // of the event
	message []member // of the message that a status belongs to
	slots   []slot
	epoch   uint32
	pass    uint8
	vm      vm.VM
	env     map[string]any
	writes  []Write
	fields  []FieldValue
	buf     []byte // the bodies
}

// A slot holds a variable's value in the event at hand.
type slot struct {
	value  gjson.Result
	epoch  uint32
	pass   uint8
	loaded bool // whether env has it
	result any  // of a let
	err    error
}

// Run is what one rule makes of an event.
type Run struct {
	Rule   *Rule
	Arm    *Arm   // the arm that the status chose; nil for none
	Reason string // why nothing is written at all; "" if something is
	Writes []Write
}

// Clone returns a copy of the run that later evaluations leave alone.
func (r Run) Clone() Run {
	r.Writes = slices.Clone(r.Writes)
	for i := range r.Writes {
		w := &r.Writes[i]
		body := slices.Clone(w.Body)
		w.Fields = slices.Clone(w.Fields)
		for j := range w.Fields {
			if f := &w.Fields[j]; f.JSON != nil {
				f.JSON = body[f.from-w.from : f.to-w.from : f.to-w.from]
			}
		}
		w.Body = body
	}
	return r
}

// State says what is to become of a write.
type State uint8

// The states of a write.
const (
	Ready   State = iota // to be sent
	Skipped              // not needed, see Reason
	Failed               // would be refused, see Reason and Cause
)

// Write is what one action makes of an event.
type Write struct {
	Action     *Action
	State      State
	Reason     string // why it is skipped or failed
	Cause      string // of a failed write: one of Causes
	Help       string
	MatchValue string // Id in 18 characters, or the external id
	Body       []byte // the fields as a JSON object
	Fields     []FieldValue

	from, to int // of Body in the buffer
}

// FieldValue is one field of a write, or one that was left out.
type FieldValue struct {
	Assignment *Assignment
	JSON       []byte // in the write's Body; nil if it was left out
	Skipped    string // why it was left out

	from, to int // of JSON in the buffer
}

// Eval evaluates an event. For a status that belongs to an outbound message, of
// is the message's text, and the event's own parts stand in front of the
// message's. Its error is an *EventError; what goes wrong with one write is in
// that write.
func (p *Plan) Eval(e *Evaluation, event, of string) error {
	ev, members, err := readEvent(event, e.members[:0])
	e.reset(p, ev)
	e.members = members
	if err != nil {
		return err
	}
	var g *group
	switch ev.Type {
	case TypeResponse:
		if g = p.surveys[ev.Survey]; g == nil {
			g = p.anySurvey
		}
	case TypeOutbound:
		if g, err = p.outboundGroup(&e.Event); err != nil {
			return err
		}
	case TypeDistribution:
		if of == "" {
			return &EventError{"the message that this status belongs to is not there", "send the outbound message as well"}
		}
		message, members, err := readEvent(of, e.message[:0])
		if err != nil {
			return err
		}
		e.message = members
		if g, err = p.outboundGroup(&message); err != nil {
			return err
		}
		e.Event.Object, e.Event.Record = message.Object, message.Record
		if ev.Survey == "" {
			e.Event.Survey = message.Survey
		}
	}
	if g == nil {
		return nil
	}
	if of != "" && ev.Type == TypeDistribution {
		e.fillMessage(g.paths, e.message)
	}
	e.fill(g.paths, e.members)
	for _, r := range g.rules {
		e.run(r)
	}
	e.cutBodies()
	return nil
}

// outboundGroup finds the rules for a record's object.
func (p *Plan) outboundGroup(ev *Event) (*group, error) {
	if ev.Object == "" && ev.Record != "" {
		if ev.Object = p.prefixes[schema.KeyPrefix(ev.Record)]; ev.Object == "" {
			ev.Object = schema.WellKnownObject(schema.KeyPrefix(ev.Record))
		}
	}
	if ev.Object == "" {
		return nil, &EventError{"this message does not say what its record is", "`record.attributes.type` is the object, such as Case"}
	}
	if g := p.outbound[ev.Object]; g != nil {
		return g, nil
	}
	return p.outbound[strings.ToLower(ev.Object)], nil
}

func (e *Evaluation) reset(p *Plan, ev Event) {
	if e.plan != p {
		*e = Evaluation{plan: p, slots: make([]slot, len(p.variables)), env: make(map[string]any, 16)}
	}
	e.Event = ev
	if e.epoch++; e.epoch == 0 { // after four thousand million events; 0 is that of slots never filled
		clear(e.slots)
		e.epoch = 1
	}
	e.pass = 0
	e.Runs = e.Runs[:0]
	e.writes = e.writes[:0]
	e.fields = e.fields[:0]
	e.buf = e.buf[:0]
}

// run runs one rule on the event.
func (e *Evaluation) run(r *Rule) {
	e.Runs = append(e.Runs, Run{Rule: r})
	run := &e.Runs[len(e.Runs)-1]
	first := len(e.writes)
	if ok, reason, err := e.guard(r.Guard); err != nil {
		run.Writes = e.failedRun(reason)
		return
	} else if !ok {
		run.Reason = reason
		return
	}
	if e.Event.Type != TypeDistribution {
		e.actions(r.Actions)
	}
	if run.Arm = e.arm(r); run.Arm != nil {
		e.actions(run.Arm.Actions)
	}
	run.Writes = e.writes[first:len(e.writes):len(e.writes)]
	if len(run.Writes) == 0 {
		run.Reason = e.nothing(r, run.Arm)
	}
}

// failedRun is the one write that stands for a rule whose trigger's guard failed.
func (e *Evaluation) failedRun(reason string) []Write {
	e.writes = append(e.writes, Write{})
	w := &e.writes[len(e.writes)-1]
	w.fail("invalid_value", reason, "")
	return e.writes[len(e.writes)-1:]
}

// defaultStatus is that of a survey response which does not say.
const defaultStatus = "Responded"

// status returns the normal form of the status that chooses an arm.
func (e *Evaluation) status() string {
	s := e.Event.Status
	if s == "" && e.Event.Type == TypeResponse {
		s = defaultStatus
	}
	if s == "" {
		return ""
	}
	if n, ok := e.plan.statuses[s]; ok {
		return n
	}
	return dsl.NormalStatus(s)
}

func (e *Evaluation) arm(r *Rule) *Arm {
	status := e.status()
	if status == "" {
		return nil
	}
	if arm := r.byStatus[status]; arm != nil {
		return arm
	}
	return r.otherwise
}

// nothing says why a rule has nothing to write.
func (e *Evaluation) nothing(r *Rule, arm *Arm) string {
	switch {
	case arm != nil:
		return "the arm `" + arm.Name() + "` does nothing"
	case e.Event.Status == "" && len(r.Arms) > 0 && e.Event.Type == TypeOutbound:
		return "nothing to write until the survey's first status comes"
	case len(r.Arms) > 0:
		status := e.Event.Status
		if status == "" {
			status = defaultStatus
		}
		return "no arm handles the status " + strconv.Quote(status)
	case e.Event.Type != TypeDistribution:
		return "this rule does nothing"
	default:
		return "a status changes nothing in this rule"
	}
}

// guard tells whether a guard lets an event through, and if not, why.
func (e *Evaluation) guard(x *Expression) (ok bool, reason string, err error) {
	if x == nil {
		return true, "", nil
	}
	v, err := e.eval(x)
	if err != nil {
		return false, "guard `" + x.Text + "`: " + runMessage(err), err
	}
	switch v {
	case true:
		return true, "", nil
	case false:
		return false, "guard `" + x.Text + "` is false" + e.with(x), nil
	case nil:
		return false, "guard `" + x.Text + "` is missing a value" + e.with(x), nil
	}
	return false, "guard `" + x.Text + "` is " + quoteValue(v) + ", and true or false is needed", errNotBool
}

// with shows the values that an expression read: " with answers.nps = 9".
func (e *Evaluation) with(x *Expression) string {
	var b strings.Builder
	for i, id := range x.reads {
		if i == 3 {
			b.WriteString(", …")
			break
		}
		if i == 0 {
			b.WriteString(" with ")
		} else {
			b.WriteString(", ")
		}
		v, _ := e.load(id)
		b.WriteString(e.plan.variables[id].name + " = " + quoteValue(v))
	}
	return b.String()
}

// actions evaluates actions in order.
func (e *Evaluation) actions(actions []*Action) {
	for _, a := range actions {
		e.writes = append(e.writes, Write{Action: a})
		e.action(a, &e.writes[len(e.writes)-1])
	}
}

func (w *Write) fail(cause, reason, help string) {
	w.State, w.Cause, w.Reason, w.Help = Failed, cause, reason, help
}

func (w *Write) skip(reason string) { w.State, w.Reason = Skipped, reason }

// action evaluates one action. On the way, positions in buf stand for slices of
// it, since buf may move; cutBodies makes them slices.
func (e *Evaluation) action(a *Action, w *Write) {
	ok, reason, err := e.guard(a.Guard)
	if err != nil {
		w.fail("invalid_value", reason, "")
		return
	}
	if !ok {
		w.skip(reason)
		return
	}
	if a.Match != nil && !e.match(a, w) {
		return
	}
	e.body(a, w)
}

// match evaluates the `where` of an action.
func (e *Evaluation) match(a *Action, w *Write) bool {
	v, err := e.value(a.Match)
	if err != nil {
		w.fail("invalid_value", a.MatchField+": "+runMessage(err), "")
		return false
	}
	if v.Kind == schema.KindText {
		v.Text = strings.TrimSpace(v.Text)
	}
	if v.Kind == schema.KindNull || v.Text == "" && v.Kind == schema.KindText {
		w.fail("record_not_found", "`"+a.Match.Text+"` is missing, so no record can be found by "+a.MatchField,
			"send it with the event, or guard the action with `if "+a.Match.Text+" != null`")
		return false
	}
	if a.MatchField == "Id" {
		return e.matchID(a, w, v)
	}
	f := a.matchField
	if f == nil {
		f = anyField
	}
	from := len(e.buf)
	buf, bad := f.AppendJSON(e.buf, v)
	if bad != nil {
		message := bad.Message
		if a.matchField == nil {
			message = a.MatchField + message
		}
		w.fail(causeOf(bad), message, bad.Help)
		return false
	}
	w.MatchValue = gjson.ParseBytes(buf[from:]).String()
	e.buf = buf[:from]
	return true
}

func (e *Evaluation) matchID(a *Action, w *Write, v schema.Value) bool {
	id, ok := schema.To18(v.Text)
	if !ok {
		help := "an id has 15 or 18 letters and digits, and the last three of 18 check the others"
		if fixed, ok := schema.RepairID(v.Text); ok {
			help = "its letters have changed case; it may have been " + fixed
		}
		w.fail("invalid_value", strconv.Quote(cut(v.Text, 40))+" is no record id", help)
		return false
	}
	if a.object != nil && a.object.KeyPrefix != "" && schema.KeyPrefix(id) != a.object.KeyPrefix {
		help := "ids of " + a.Object + " begin with " + a.object.KeyPrefix
		if other := schema.WellKnownObject(schema.KeyPrefix(id)); other != "" {
			help += ", and this one is of " + withArticle(other)
		}
		w.fail("wrong_object", id+" is no id of "+withArticle(a.Object), help)
		return false
	}
	w.MatchValue = id
	return true
}

// causeOf names the cause of a value that Salesforce would refuse.
func causeOf(bad *schema.ValueError) string {
	switch bad.Kind {
	case schema.WrongObject:
		return "wrong_object"
	case schema.NotWritable:
		return "unsupported_field"
	case schema.NotNillable:
		return "required_missing"
	}
	return "invalid_value"
}
