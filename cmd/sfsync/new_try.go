package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// wrong says what is wrong with a part of the rule, such as what one field gets.
func (d *draft) wrong(part string) error {
	text := d.trial()
	from := strings.LastIndex(text, part)
	for _, found := range d.compiled(text).diagnostics {
		if found.Severity != dsl.Error || found.From < from || found.From > from+len(part) {
			continue
		}
		if found.Help == "" {
			return errors.New(found.Message)
		}
		return fmt.Errorf("%s; %s", found.Message, found.Help)
	}
	return nil
}

// tryOut says why the sample would write nothing, as far as that can be told by now.
func (d *draft) tryOut() error {
	set := d.compiled(d.trial())
	if d.sample == "" || set.plan == nil {
		return nil
	}
	e, err := d.evaluate(set.plan)
	if err != nil {
		return err
	}
	expects, why := expectations(e)
	if expects != "" || len(d.fields) == 0 && !failed(e) { // what is not settled yet may let the rule skip it
		return nil
	}
	return fmt.Errorf("the sample event would write nothing: %s", why)
}

func failed(e *plan.Evaluation) bool {
	for _, run := range e.Runs {
		if slices.ContainsFunc(run.Writes, func(w plan.Write) bool { return w.State == plan.Failed }) {
			return true
		}
	}
	return false
}

// trial is the rule as far as it is settled, so that it can be read.
func (d *draft) trial() string {
	trial := *d
	for _, f := range d.object.Fields {
		if len(trial.fields) == 0 && f.Nillable && d.whyNot(f) == "" {
			trial.fields = []draftField{{f, "=", "null"}}
		}
	}
	return trial.rule()
}

// evaluate runs the sample as the test changes it.
func (d *draft) evaluate(p *plan.Plan) (*plan.Evaluation, error) {
	sample := d.sample
	for _, change := range d.changes() {
		sample = change.in(sample)
	}
	var e plan.Evaluation
	return &e, p.Eval(&e, sample, "")
}

func (d *draft) compiled(text string) *ruleSet {
	set := &ruleSet{sources: []*dsl.Source{dsl.NewSource(filepath.ToSlash(d.path), []byte(text))}, schema: d.schema}
	if d.sample != "" {
		set.samples = []string{d.sample}
	}
	set.compile()
	return set
}

// sampleChange gives a member of a namespace another value; "" is null.
type sampleChange struct{ namespace, name, value string }

// changes are what the test has to change in the sample, so that the rule is about it.
func (d *draft) changes() (all []sampleChange) {
	status := ""
	if d.trigger == onMessage && gjson.Get(d.sample, "distribution.status").Str == "" {
		status = "Delivered"
	}
	if first, _, _ := strings.Cut(d.when, ","); first != "" {
		status = strings.TrimSpace(first)
	}
	if status != "" {
		all = append(all, sampleChange{"distribution", "status", status})
	}
	guard := d.guard()
	if field, ok := strings.CutSuffix(guard, " == null"); ok && gjson.Get(d.sample, field).Type != gjson.Null {
		all = append(all, sampleChange{"record", d.fields[0].field.Name, ""})
	}
	return all
}

func (c sampleChange) String() string {
	if c.value == "" {
		return "with " + c.namespace + "." + c.name + " = null\n"
	}
	return "with " + c.namespace + "." + c.name + ": " + c.value + "\n"
}

// in returns an event with the change made.
func (c sampleChange) in(event string) string {
	var tree map[string]any
	dec := json.NewDecoder(strings.NewReader(event))
	dec.UseNumber()
	if dec.Decode(&tree) != nil {
		return event
	}
	members, _ := tree[c.namespace].(map[string]any)
	if members == nil {
		members = map[string]any{}
		tree[c.namespace] = members
	}
	members[c.name] = nil
	if c.value != "" {
		members[c.name] = c.value
	}
	text, _ := json.Marshal(tree)
	return string(text)
}
