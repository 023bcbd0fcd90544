package ruletest

import (
	"errors"
	"fmt"

	"github.com/sfsync/sfsync/dsl/plan"
)

// EventWay is the way that one event took through the rules.
type EventWay struct {
	Event   string    `json:"event"` // its id
	File    string    `json:"file"`
	Line    int       `json:"line"`
	Problem string    `json:"problem,omitempty"` // why it is no event that rules can run on
	Help    string    `json:"help,omitempty"`
	Rules   []RuleWay `json:"rules"`
}

// RuleWay is how an event went through one rule.
type RuleWay struct {
	Rule    string      `json:"rule"`
	File    string      `json:"file"`
	Line    int         `json:"line"`
	Trigger string      `json:"trigger"`
	Other   string      `json:"other,omitempty"` // why the rule is not about the event
	Guard   *Guard      `json:"guard,omitempty"`
	Arm     string      `json:"arm,omitempty"`
	ArmLine int         `json:"arm_line,omitempty"`
	NoArm   string      `json:"no_arm,omitempty"` // why no arm was taken, in a rule that has some
	Actions []ActionWay `json:"actions,omitempty"`
}

// Guard is what an `if` said, with the values that it read.
type Guard struct {
	Text   string `json:"text"`
	Passed bool   `json:"passed"`
	Why    string `json:"why"`
}

// ActionWay is how an event went through one action.
type ActionWay struct {
	Line   int         `json:"line"`
	Text   string      `json:"text"` // such as "update Contact where Id = 0035g00000Ct001AAB"
	Guard  *Guard      `json:"guard,omitempty"`
	State  string      `json:"state"` // one of the states of a Write
	Cause  string      `json:"cause,omitempty"`
	Reason string      `json:"reason,omitempty"`
	Left   []LeftField `json:"left_out,omitempty"` // fields that were not set
}

// LeftField is a field that was not set, since its value was missing.
type LeftField struct {
	Name string `json:"name"`
	Line int    `json:"line"`
	Why  string `json:"why"`
}

func wayOf(e event, ways []plan.Way, err error) EventWay {
	out := EventWay{Event: e.head.ID, File: e.file, Line: e.line, Rules: []RuleWay{}}
	if err != nil {
		out.Problem = err.Error()
		var bad *plan.EventError
		if errors.As(err, &bad) {
			out.Help = bad.Help
		}
		return out
	}
	for _, w := range ways {
		out.Rules = append(out.Rules, ruleWay(w))
	}
	return out
}

func ruleWay(w plan.Way) RuleWay {
	out := RuleWay{
		Rule: w.Rule.Name, File: w.Rule.File, Line: w.Rule.Line, Trigger: w.Rule.TriggerText(),
		Other: w.Other, Guard: guardOf(w.Guard), NoArm: w.NoArm,
	}
	if w.Arm != nil {
		out.Arm, out.ArmLine = w.Arm.Name(), w.Arm.Line
	}
	for _, a := range w.Actions {
		way := ActionWay{Line: a.Action.Line, Text: headOf(a.Action, a.Write.MatchValue), Guard: guardOf(a.Guard), Reason: a.Write.Reason, Cause: a.Write.Cause, State: stateOf(a.Write)}
		for _, f := range a.Write.Fields {
			if f.Skipped != "" {
				way.Left = append(way.Left, LeftField{f.Assignment.Field, f.Assignment.Line, f.Skipped})
			}
		}
		out.Actions = append(out.Actions, way)
	}
	return out
}

func guardOf(v *plan.Verdict) *Guard {
	if v == nil {
		return nil
	}
	return &Guard{v.Text, v.Passed, v.Why}
}

// headOf writes an action with the record that it found.
func headOf(a *plan.Action, match string) string {
	return head(plan.Verb(a.Kind), a.Object, a.MatchField, match)
}

func head(verb, object, field, value string) string {
	out := verb + " " + object
	if field != "" && value != "" {
		out += fmt.Sprintf(" where %s = %q", field, value)
	}
	return out
}
