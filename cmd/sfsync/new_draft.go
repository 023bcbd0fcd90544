package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// draft is a rule file in the making.
type draft struct {
	path       string
	schema     *schema.Schema
	connection string // "" names none
	sample     string // an event of the kind that sets the rule in motion; "" if there is none
	given      string // its file as a test names it; "" if it has none of its own

	name, trigger, of string
	when              string // statuses; "" for all
	object            *schema.Object
	matchField        string // "" to create
	matchValue        string
	fields            []draftField
}

// draftField is what one field gets: an expression behind `=`, or text behind `:`.
type draftField struct {
	field *schema.Field
	sign  string
	value string
}

// set takes FIELD=VALUE or FIELD: text, in place of what the field got before.
func (d *draft) set(pair string) error {
	sign, equals, colon := "=", strings.Index(pair, "="), strings.Index(pair, ":")
	if colon >= 0 && (equals < 0 || colon < equals) {
		sign = ":"
	}
	name, value := cutPair(pair, sign)
	if name == "" || value == "" {
		return errors.New("a field is set by FIELD=VALUE, or by FIELD: text")
	}
	f := d.object.Field(name)
	if f == nil {
		return d.noField(name)
	}
	if why := d.whyNot(f); why != "" {
		return fmt.Errorf("%s cannot be written: %s", f.Name, why)
	}
	d.fields = slices.DeleteFunc(d.fields, func(old draftField) bool { return old.field == f })
	d.fields = append(d.fields, draftField{f, sign, value})
	return nil
}

func (d *draft) unset(name string) error {
	n := len(d.fields)
	d.fields = slices.DeleteFunc(d.fields, func(f draftField) bool { return strings.EqualFold(f.field.Name, strings.TrimSpace(name)) })
	if len(d.fields) == n {
		return fmt.Errorf("%s is not written", name)
	}
	return nil
}

func (d *draft) verb() string {
	switch d.matchField {
	case "":
		return "create"
	case "Id":
		return "update"
	}
	return "upsert"
}

// whyNot says why the action cannot write a field, "" if it can.
func (d *draft) whyNot(f *schema.Field) string {
	if f.Name == d.matchField {
		return "the record is found by it"
	}
	if d.verb() == "create" {
		return f.WhyNotCreateable()
	}
	return f.WhyNotUpdateable()
}

// missing are the fields that a new record needs and that get no value yet.
func (d *draft) missing() []string {
	if d.verb() == "update" {
		return nil
	}
	var names []string
	for _, f := range d.object.Fields {
		if f.RequiredOnCreate() && f.Name != d.matchField && !slices.ContainsFunc(d.fields, func(s draftField) bool { return s.field.Name == f.Name }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// rule is the text of the rule, without its test.
func (d *draft) rule() string {
	var b strings.Builder
	if d.connection != "" {
		fmt.Fprintf(&b, "connection %s\n\n", d.connection)
	}
	fmt.Fprintf(&b, "rule %s\non %s", d.name, strings.TrimSpace(d.trigger+" "+d.of))
	// A rule that writes the record that fires it has to know when it has written.
	if d.trigger == onMessage && d.object.Name == d.of && d.matchField == "Id" {
		fmt.Fprintf(&b, " if record.%s == null", d.fields[0].field.Name)
	}
	b.WriteString("\n\n")
	switch {
	case d.when != "":
		fmt.Fprintf(&b, "when %s\n", d.when)
	case d.trigger == onMessage && slices.ContainsFunc(d.fields, func(f draftField) bool { return strings.Contains(f.value, "distribution.") }):
		b.WriteString("otherwise\n") // the status comes after the message
	}
	b.WriteString(d.verb() + " " + d.object.Name)
	if d.matchField != "" {
		fmt.Fprintf(&b, " where %s = %s", d.matchField, d.matchValue)
	}
	b.WriteString("\n")
	for i, f := range d.fields {
		word := ""
		if i == 0 {
			word = "set "
		}
		fmt.Fprintf(&b, "%s%s%s %s\n", word, f.field.Name, f.sign, f.value)
	}
	return b.String()
}

// finish writes the file's text: the rule, and a test that expects what the rule
// makes of the sample event. Event is the text of the sample if it needs a file.
func (c *console) finish(d *draft) (text, event string, err error) {
	if d.sample == "" {
		d.sample = d.madeUp()
	}
	if d.given == "" {
		base := strings.TrimSuffix(filepath.Base(d.path), ruleExtension)
		d.given = path.Join("events", base+".json")
		event = indentJSON(d.sample) + "\n"
	}
	text = d.rule()
	p, err := c.compileNew(d, text)
	if err != nil {
		return "", "", err
	}
	with := ""
	sample := d.sample
	if status := d.status(); status != "" {
		with = "with distribution.status: " + status + "\n"
		sample = withStatus(sample, status)
	}
	var e plan.Evaluation
	if err := p.Eval(&e, sample, ""); err != nil {
		return "", "", err
	}
	expects, why := expectations(&e)
	if expects == "" {
		return "", "", problemf("choose other values, or another --event", "the sample event would write nothing: %s", why)
	}
	text += fmt.Sprintf("\ntest %s\ngiven %s\n%s%sexpect nothing else\n", d.testName(), d.given, with, expects)
	if formatted, ok := dsl.Format(dsl.NewSource(d.path, []byte(text))); ok {
		text = formatted
	}
	_, err = c.compileNew(d, text)
	return text, event, err
}

// compileNew compiles the text, and shows what is wrong with it.
func (c *console) compileNew(d *draft, text string) (*plan.Plan, error) {
	set := &ruleSet{sources: []*dsl.Source{dsl.NewSource(filepath.ToSlash(d.path), []byte(text))}, schema: d.schema, samples: []string{d.sample}}
	set.compile()
	if set.plan == nil {
		return nil, c.refuse(set.diagnostics)
	}
	return set.plan, nil
}

func (d *draft) testName() string {
	if d.trigger == onMessage {
		return "A status reaches the " + strings.ToLower(d.object.Label)
	}
	return "A response reaches the " + strings.ToLower(d.object.Label)
}

// status is the one that the test gives the event, "" to leave it alone.
func (d *draft) status() string {
	if first, _, _ := strings.Cut(d.when, ","); first != "" {
		return strings.TrimSpace(first)
	}
	if d.trigger == onMessage && gjson.Get(d.sample, "distribution.status").Str == "" {
		return "Delivered"
	}
	return ""
}

// expectations is what an event comes to, as a test says it.
func expectations(e *plan.Evaluation) (text, why string) {
	var b strings.Builder
	for _, run := range e.Runs {
		if why = run.Reason; len(run.Writes) == 0 {
			continue
		}
		for _, w := range run.Writes {
			if w.State != plan.Ready {
				why = w.Reason
				continue
			}
			fmt.Fprintf(&b, "expect %s %s", plan.Verb(w.Action.Kind), w.Action.Object)
			if w.Action.MatchField != "" {
				fmt.Fprintf(&b, " where %s = %s", w.Action.MatchField, quoteText(w.MatchValue))
			}
			b.WriteString("\n")
			word := "set "
			gjson.ParseBytes(w.Body).ForEach(func(name, value gjson.Result) bool {
				fmt.Fprintf(&b, "%s%s = %s\n", word, name.Str, value.Raw)
				word = ""
				return true
			})
		}
	}
	if b.Len() == 0 && why == "" {
		why = "no rule concerns it"
	}
	return b.String(), why
}

func quoteText(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

var pathsIn = regexp.MustCompile(`\b(record|distribution|vars|answers|response|survey|contact|profile|transaction)((?:\.[A-Za-z_]\w*)+)`)

func withStatus(event, status string) string {
	var tree map[string]any
	dec := json.NewDecoder(strings.NewReader(event))
	dec.UseNumber()
	if dec.Decode(&tree) != nil {
		return event
	}
	distribution, _ := tree["distribution"].(map[string]any)
	if distribution == nil {
		distribution = map[string]any{}
		tree["distribution"] = distribution
	}
	distribution["status"] = status
	text, _ := json.Marshal(tree)
	return string(text)
}

func indentJSON(text string) string {
	pretty, err := json.MarshalIndent(json.RawMessage(text), "", "  ")
	if err != nil {
		return text
	}
	return string(pretty)
}
