package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const wayRules = `statuses Hard Bounce
rule Answers
on survey response s if answers.nps != null
when Responded
  update Contact where Id = profile.id if answers.nps > 6
    set NPS_Score__c = answers.nps
        Customer_Comment__c = answers.comment
        Title = null
otherwise
  update Contact where Id = profile.id
    set Survey_Status__c: Expired
rule Cases
on outbound message Case
let origin = record.Origin
update Case where Id = record.Id
  set Subject: From {origin}
`

// ways tells of an event what Ways does, a line for each step.
func ways(t *testing.T, e *Evaluation, p *Plan, event string) string {
	t.Helper()
	if err := p.Eval(e, event, ""); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	verdict := func(v *Verdict) {
		if v != nil {
			fmt.Fprintf(&b, " (%v: %s)", v.Passed, v.Why)
		}
	}
	for _, w := range e.Ways() {
		b.WriteString(w.Rule.Name)
		verdict(w.Guard)
		fmt.Fprintf(&b, " %s[%s]%s", w.Other, w.Arm.Name(), w.NoArm)
		for _, a := range w.Actions {
			fmt.Fprintf(&b, " %s %s", Verb(a.Action.Kind), a.Action.Object)
			verdict(a.Guard)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestWays(t *testing.T) {
	p := mustCompile(t, wayRules)
	var e Evaluation
	if e.Ways() != nil {
		t.Error("nothing was evaluated, and there is a way")
	}
	event := func(survey, status, nps string) string {
		return `{"id":"r","type":"survey.response","survey":{"id":"` + survey + `"},"distribution":{"status":"` + status + `"},"answers":{"nps":` + nps + `},"profile":{"id":"0035g00000AbCdEAAV"}}`
	}
	const cases = "Cases the event is a survey response[]\n"
	for name, c := range map[string]struct{ event, want string }{
		"written":       {event("s", "Responded", "9"), "Answers (true: is true with answers.nps = 9) [Responded] update Contact (true: is true with answers.nps = 9)\n" + cases},
		"guarded":       {event("s", "Responded", "3"), "Answers (true: is true with answers.nps = 3) [Responded] update Contact (false: is false with answers.nps = 3)\n" + cases},
		"otherwise":     {event("s", "Expired", "9"), "Answers (true: is true with answers.nps = 9) [otherwise] update Contact\n" + cases},
		"not let in":    {event("s", "Responded", "null"), "Answers (false: is false with answers.nps = null) []\n" + cases},
		"broken guard":  {event("s", "Responded", `"x"`), "Answers (true: is true with answers.nps = \"x\") [Responded] update Contact (false: `>` does not work between text and a number)\n" + cases},
		"other survey":  {event("t", "Responded", "9"), "Answers the event is of the survey \"t\"[]\n" + cases},
		"no survey":     {event("", "Responded", "9"), "Answers the event names no survey[]\n" + cases},
		"other object":  {`{"id":"m","type":"salesforce.outbound_message","record":{"attributes":{"type":"Account"}}}`, "Answers the event is an outbound message[]\nCases the event is of an Account[]\n"},
		"the very case": {`{"id":"m","type":"salesforce.outbound_message","record":{"attributes":{"type":"Case"},"Id":"5005g00000Cs001AAB","Origin":"Web"}}`, "Answers the event is an outbound message[]\nCases [] update Case\n"},
	} {
		if got := ways(t, &e, p, c.event); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

// Looking at the way of an event changes nothing about what came of it.
func TestWaysLeaveTheOutcome(t *testing.T) {
	p := mustCompile(t, wayRules)
	var e Evaluation
	if err := p.Eval(&e, `{"id":"r","type":"survey.response","survey":{"id":"s"},"answers":{"nps":9},"profile":{"id":"0035g00000AbCdEAAV"}}`, ""); err != nil {
		t.Fatal(err)
	}
	before := outcome(&e)
	e.Ways()
	if after := outcome(&e); after != before {
		t.Errorf("before\n%s\nafter\n%s", before, after)
	}
}

func TestCoverageOfGuards(t *testing.T) {
	p := mustCompile(t, wayRules)
	var e Evaluation
	var c Coverage
	covered := func() string {
		f := c.Files(p)[0]
		var missing []string
		for _, g := range f.Gaps {
			missing = append(missing, fmt.Sprint(g.Line, " ", g.Missing))
		}
		return fmt.Sprintf("%d/%d %s", f.Covered, f.Total, strings.Join(missing, "; "))
	}
	if got := covered(); !strings.HasPrefix(got, "0/11 2 no event set this rule in motion; 3 the guard was never true: `answers.nps != null`") {
		t.Error(got)
	}
	for _, nps := range []string{"9", "3", "null"} {
		if err := p.Eval(&e, `{"id":"r","type":"survey.response","survey":{"id":"s"},"answers":{"nps":`+nps+`},"profile":{"id":"0035g00000AbCdEAAV"}}`, ""); err != nil {
			t.Fatal(err)
		}
		c.Add(&e)
	}
	if got, want := covered(), "7/11 9 no event took this arm; 10 this update was never tried; 12 no event set this rule in motion; 15 this update was never tried"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if Percent(0, 0) != 100 || Percent(1, 4) != 25 {
		t.Error("percentages")
	}
}

func TestOnly(t *testing.T) {
	p := mustCompile(t, wayRules)
	var e Evaluation
	const event = `{"id":"r","type":"survey.response","survey":{"id":"s"},"distribution":{"status":"HARD_BOUNCE"},"answers":{"nps":9},"profile":{"id":"0035g00000AbCdEAAV"}}`
	for name, want := range map[string]int{"Answers": 1, "Cases": 0} {
		only := p.Only(func(r *Rule) bool { return r.Name == name })
		e = Evaluation{}
		if err := only.Eval(&e, event, ""); err != nil || len(e.Runs) != want || len(only.Rules) != 1 {
			t.Errorf("%s: %d runs, %d rules, %v", name, len(e.Runs), len(only.Rules), err)
		}
	}
}

func TestWhatARuleReads(t *testing.T) {
	p := mustCompile(t, wayRules)
	var paths []string
	for _, r := range p.Reads(p.Rules[0]) {
		paths = append(paths, strings.Join(r.Path, "."))
	}
	if want := []string{"answers.nps", "profile.id", "answers.comment"}; !slices.Equal(paths, want) {
		t.Errorf("reads %q, want %q", paths, want)
	}
	if texts := p.Rules[0].Texts(); !slices.Contains(texts, "answers.nps > 6") || !slices.Contains(texts, "profile.id") {
		t.Errorf("texts %q", texts)
	}
	if s := p.Statuses(); !slices.Contains(s, "Hard Bounce") || !slices.Contains(s, "Not Sent due to Opt-Out") || slices.Contains(s, "hardbounce") {
		t.Errorf("statuses %q", s)
	}
	for _, a := range p.Rules[0].Arms[0].Actions[0].Set {
		if a.Clears() != (a.Field == "Title") {
			t.Errorf("%s clears: %v", a.Field, a.Clears())
		}
	}
}

// A compiled test has its values as they would be sent, and its changes as JSON.
func TestCompiledTest(t *testing.T) {
	_, p, found := checkAll(t, Options{}, `rule R
on survey response
update Contact where Id = profile.id
  set NPS_Score__c = answers.nps
test T
given one.json
with answers.nps = 3
with event.time: 2026-01-01T00:00:00Z
given two.json
with answers["How <likely>?"].a = null
given org record_locked
expect update Contact where Id = "0035g00000AbCdE"
  set NPS_Score__c: 7
      Account.Crm_Key__c: K-1
      Last_Survey_At__c = "2026-11-20T14:03:00+01:00"
      Survey_Status__c = null
expect failed record_locked
expect nothing else
`)
	if len(found) > 0 {
		t.Fatal(show(found))
	}
	test := p.Tests[0]
	if test.Name != "T" || test.Line != 5 || len(test.Given) != 2 || len(test.Org) != 1 || len(test.Expects) != 3 {
		t.Fatalf("%+v", test)
	}
	var got []string
	for _, g := range test.Given {
		for _, c := range g.Changes {
			path := ""
			for _, step := range c.Path {
				path += "/" + step.Name
			}
			got = append(got, fmt.Sprintf("%s %s = %s", g.File.Text, path[1:], c.JSON))
		}
	}
	w := test.Expects[0].Write
	got = append(got, w.Object+" "+w.MatchField+" "+w.MatchValue)
	for _, f := range w.Fields {
		got = append(got, fmt.Sprintf("%d %s %s", f.Line, f.Name, f.JSON))
	}
	got = append(got, test.Expects[1].Text+", "+test.Expects[1].Cause)
	want := []string{
		"one.json answers/nps = 3", `one.json time = "2026-01-01T00:00:00Z"`, "two.json answers/How <likely>?/a = null",
		"Contact Id 0035g00000AbCdEAAV", "13 NPS_Score__c 7", `14 Account.Crm_Key__c "K-1"`, `15 Last_Survey_At__c "2026-11-20T13:03:00.000Z"`, "16 Survey_Status__c null",
		"expect failed record_locked, record_locked",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
