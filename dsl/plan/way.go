package plan

import (
	"strconv"
	"strings"

	"github.com/sfsync/sfsync/dsl"
)

// Way is how an event went through one rule, for a person who wonders why.
type Way struct {
	Rule    *Rule
	Other   string   // why the rule is not about the event at all; "" if it is
	Guard   *Verdict // of the trigger's `if`; nil without one
	Arm     *Arm     // that the status chose; nil for none
	NoArm   string   // why there is no arm, in a rule that has some
	Actions []ActionWay
}

// ActionWay is how an event went through one action.
type ActionWay struct {
	Action *Action
	Guard  *Verdict // of the action's `if`; nil without one
	Write  *Write   // what came of it
}

// Verdict is what a guard said.
type Verdict struct {
	Text   string // as the author wrote it
	Passed bool
	Why    string // such as "is false with answers.nps = 9"
}

// Ways tells how the event that was evaluated last went through every rule of the
// plan. It evaluates the guards once more, and costs nothing unless it is called.
// The writes are those of e, and good until its next evaluation.
func (e *Evaluation) Ways() []Way {
	if e.plan == nil {
		return nil
	}
	ways := make([]Way, 0, len(e.plan.Rules))
	for _, r := range e.plan.Rules {
		var run *Run
		for i := range e.Runs {
			if e.Runs[i].Rule == r {
				run = &e.Runs[i]
			}
		}
		if run == nil {
			ways = append(ways, Way{Rule: r, Other: e.other(r)})
			continue
		}
		ways = append(ways, e.way(run))
	}
	return ways
}

func (e *Evaluation) way(run *Run) Way {
	r := run.Rule
	w := Way{Rule: r, Guard: e.verdict(r.Guard), Arm: run.Arm}
	if w.Guard != nil && !w.Guard.Passed {
		return w
	}
	if run.Arm == nil && len(r.Arms) > 0 {
		w.NoArm = e.nothing(r, nil)
	}
	for i := range run.Writes {
		write := &run.Writes[i]
		if write.Action != nil {
			w.Actions = append(w.Actions, ActionWay{write.Action, e.verdict(write.Action.Guard), write})
		}
	}
	return w
}

func (e *Evaluation) verdict(x *Expression) *Verdict {
	if x == nil {
		return nil
	}
	ok, reason, err := e.guard(x)
	v := &Verdict{Text: x.Text, Passed: ok}
	switch {
	case err != nil:
		v.Why = strings.TrimPrefix(strings.TrimPrefix(reason, "guard `"+x.Text+"`"), ": ")
	case ok:
		v.Why = "is true" + e.with(x)
	default:
		v.Why = strings.TrimPrefix(reason, "guard `"+x.Text+"` ")
	}
	return v
}

// other says why a rule is not about the event.
func (e *Evaluation) other(r *Rule) string {
	ev := &e.Event
	switch {
	case r.tree.On == nil:
		return "the rule has no trigger"
	case r.Trigger == dsl.OutboundMessage && ev.Type == TypeResponse:
		return "the event is a survey response"
	case r.Trigger == dsl.SurveyResponse && ev.Type != TypeResponse:
		return "the event is an outbound message"
	case r.Trigger == dsl.OutboundMessage && ev.Object == "":
		return "the event does not say what its record is"
	case r.Trigger == dsl.OutboundMessage:
		return "the event is of " + withArticle(ev.Object)
	case ev.Survey == "":
		return "the event names no survey"
	}
	return "the event is of the survey " + strconv.Quote(cut(ev.Survey, 60))
}
