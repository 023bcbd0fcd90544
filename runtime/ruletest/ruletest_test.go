package ruletest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/ruletest"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// examples is the schema of the examples.
func examples(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := schema.ReadDir(os.DirFS("../../examples/survey/schema"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// compile makes a set of the rule files and the files that their tests name.
func compile(t testing.TB, files map[string]string) ruletest.Set {
	t.Helper()
	s := examples(t)
	var trees []*dsl.File
	for name, text := range files {
		if !strings.HasSuffix(name, ".sfsync") {
			continue
		}
		f, found := dsl.Parse(dsl.NewSource(name, []byte(text)))
		for _, d := range found {
			t.Fatalf("%s: %s %s", name, d.Code, d.Message)
		}
		trees = append(trees, f)
	}
	p, found := plan.Compile(trees, plan.Options{Schema: func(string) *schema.Schema { return s }})
	for _, d := range found {
		if d.Severity == dsl.Error {
			t.Fatalf("%s %s", d.Code, d.Message)
		}
	}
	return ruletest.Set{Plan: p, Schema: s, Read: func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}}
}

func run(t testing.TB, files map[string]string) *ruletest.Report {
	t.Helper()
	report, err := ruletest.Run(context.Background(), compile(t, files), ruletest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

const (
	response = `{"id": "resp-1", "type": "survey.response", "time": "2026-11-20T14:03:00Z", "distribution": {"status": "Responded"},
"survey": {"id": "s"}, "response": {"id": "resp-1", "date": "2026-11-20T14:03:00Z"}, "answers": {"nps": 4.50, "topics": ["Service", "Price"], "comment": "x"},
"profile": {"contact": "0035g00000Ct001AAB", "crm_key": "K-1"}}`
	message = `{"id": "om-1", "type": "salesforce.outbound_message", "time": "2026-11-20T09:00:00Z",
"record": {"attributes": {"type": "Case"}, "Id": "5005g00000Cs001AAB", "Origin": "Email", "Survey_Status__c": null}}
{"id": "st-1", "type": "survey.distribution", "of": "om-1", "time": "2026-11-20T09:01:00Z", "distribution": {"status": "Failed"}}`
	rules = `connection production
rule Answers
on survey response
when Responded
  update Contact where Id = profile.contact
    set NPS_Score__c = answers.nps, Customer_Comment__c = answers.comment
  upsert Survey_Response__c where Response_Id__c = response.id if answers.nps != null
    set Score__c = answers.nps, Contact__c = profile.contact, Account__r.Crm_Key__c = profile.crm_key
otherwise
  update Contact where Id = profile.contact
    set Survey_Status__c: Expired
rule Cases
on outbound message Case if record.Survey_Status__c == null
when Failed
  update Case where Id = record.Id
    set Survey_Status__c: FAILED
otherwise
  update Case where Id = record.Id
    set Survey_Status__c = distribution.status
`
)

// Every test of the table is one block behind the rules, and either passes or fails
// with messages that hold the words behind `!`.
func TestJudgement(t *testing.T) {
	for name, c := range map[string]struct {
		test  string
		wants []string // of each failure, some words
	}{
		"fields that are named": {"given r.json\nexpect update Contact\n set NPS_Score__c = 4.5\nexpect upsert Survey_Response__c", nil},
		"any order, ids of 15":  {"given r.json\nexpect upsert Survey_Response__c where Response_Id__c = \"resp-1\"\nexpect update Contact where Id = \"0035g00000Ct001\"\nexpect nothing else", nil},
		"a parent":              {"given r.json\nexpect upsert Survey_Response__c\n set Account__r.Crm_Key__c: K-1", nil},
		"another value":         {"given r.json\nexpect update Contact\n set NPS_Score__c = 5", []string{"the write has other values"}},
		"another record":        {"given r.json\nexpect update Contact where Id = \"0035g00000Ct002AAB\"", []string{"the write has other values"}},
		"another object":        {"given r.json\nexpect update Lead", []string{"there is no such write; the nearest is"}},
		"another verb":          {"given r.json\nexpect create Survey_Response__c", []string{"there is no such write; the nearest is"}},
		"twice the same":        {"given r.json\nexpect update Contact\nexpect update Contact", []string{"no other write was made"}},
		"the one that says less takes nothing from the one that says more": {
			"given r.json\ngiven r.json\nwith id: resp-2\nwith response.id: resp-2\nwith answers.nps = 7\nexpect update Contact\nexpect update Contact\n set NPS_Score__c = 4.5\nexpect upsert Survey_Response__c\nexpect upsert Survey_Response__c", nil},
		"something else":        {"given r.json\nexpect update Contact\nexpect nothing else", []string{"something else was written"}},
		"nothing":               {"given r.json\nwith survey.id: t\nwith distribution.status: Sent\nwith answers = null\nexpect nothing", []string{"something was written"}},
		"not skipped":           {"given r.json\nexpect skipped", []string{"no event was skipped"}},
		"skipped":               {"given m.json\nwith record.Survey_Status__c: Sent\nexpect skipped\nexpect nothing", nil},
		"a missing id":          {"given r.json\nwith profile.contact = null\nexpect failed record_not_found\nexpect upsert Survey_Response__c", nil},
		"a failure unsaid":      {"given r.json\nwith profile.contact = null\nexpect upsert Survey_Response__c", []string{"update Contact failed (record_not_found)"}},
		"another cause":         {"given r.json\nwith profile.contact: 500\nexpect failed wrong_object", []string{"nothing failed with this cause"}},
		"no failure":            {"given r.json\nexpect failed wrong_object", []string{"nothing failed"}},
		"no event":              {"given r.json\nwith type: nonsense\nexpect failed invalid_value", nil},
		"a status of a message": {"given m.json\nexpect update Case where Id = \"5005g00000Cs001AAB\"\n set Survey_Status__c: FAILED\nexpect nothing else\nexpect skipped", nil},
		"no file":               {"given nowhere.json\nexpect nothing", []string{"there is no such file"}},
		"broken file":           {"given broken.json\nexpect nothing", []string{"line 1: "}},
		"a missing value":       {"given r.json\nwith answers.comment = null\nexpect update Contact\n set Customer_Comment__c: x", []string{"the write has other values"}},
		"an item of a list":     {"given r.json\nwith answers.topics[1] = \"Speed\"\nwith answers[\"a b\"].c = 1\nexpect update Contact", nil},
		"no item of a list":     {"given r.json\nwith answers.topics[7] = \"Speed\"\nexpect update Contact", []string{"no item of a list of 2"}},
		"an item of an object":  {"given r.json\nwith answers[0] = 1\nexpect update Contact", []string{"`[0]` is an item of a list, and this is an object"}},
		"a name in a list":      {"given r.json\nwith answers.topics[\"0\"] = 1\nexpect update Contact", []string{"`0` cannot be changed: what it is part of is a list"}},
		"below a text":          {"given r.json\nwith answers.comment.x = 1\nexpect update Contact", []string{"cannot be changed"}},
	} {
		t.Run(name, func(t *testing.T) {
			report := run(t, map[string]string{"dir/rules.sfsync": rules + "test T\n" + c.test + "\n", "dir/r.json": response, "dir/m.json": message, "dir/broken.json": "[1,"})
			result := report.Tests[0]
			if result.Passed != (len(c.wants) == 0) || len(result.Failures) != len(c.wants) {
				t.Fatalf("failures: %+v\nwrites: %+v", result.Failures, result.Writes)
			}
			for i, want := range c.wants {
				if !strings.Contains(result.Failures[i].Message, want) {
					t.Errorf("failure %q, want %q", result.Failures[i].Message, want)
				}
			}
		})
	}
}

// A list that the event does not have is made by naming its items, as an object is.
func TestListIsMade(t *testing.T) {
	report := run(t, map[string]string{"r.json": response, "rules.sfsync": `rule Topics
on survey response
update Contact where Id = profile.contact
  set Title = join(answers.new, ", ")
test T
given r.json
with answers.new[0]: Speed
with answers.new[1]: Price
expect update Contact
  set Title: Speed, Price
test Objects in a list
given r.json
with answers.new[0].name: Speed
expect failed invalid_value
`})
	for _, r := range report.Tests {
		if !r.Passed {
			t.Errorf("%s: %+v", r.Name, r.Failures)
		}
	}
}

// The org answers the next write with the cause that is given. What heals is repeated
// and written after all; what does not fails with this very cause.
func TestGivenCause(t *testing.T) {
	for _, info := range salesforce.Causes() {
		t.Run(string(info.Cause), func(t *testing.T) {
			expect := "expect failed " + string(info.Cause) + "\nexpect upsert Survey_Response__c\nexpect nothing else"
			if info.Retry.Heals {
				expect = "expect update Contact\nexpect upsert Survey_Response__c\nexpect nothing else"
			}
			report := run(t, map[string]string{
				"rules.sfsync": rules + "test T\ngiven r.json\ngiven org " + string(info.Cause) + "\n" + expect + "\n", "r.json": response,
			})
			if r := report.Tests[0]; !r.Passed || !r.Engine {
				t.Errorf("failures: %+v\nwrites: %+v", r.Failures, r.Writes)
			}
		})
	}
}

// Files set the org up in the forms that the commands read.
func TestGivenOrgFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, expect string }{
		"faults":        {`[{"kind": "row_lock", "object": "Contact"}]`, "expect failed record_locked\nexpect upsert Survey_Response__c"},
		"daily limit":   {`[{"kind": "daily_limit"}]`, "expect failed rate_limited"},
		"records":       {`{"Contact": [{"Id": "0035g00000Ct002AAB", "LastName": "B"}], "Account": [{"Name": "A", "Crm_Key__c": "K-1"}]}`, "expect failed record_not_found"},
		"no parent":     {`{"Contact": [{"Id": "0035g00000Ct001AAB", "LastName": "B"}]}`, "expect update Contact\nexpect failed record_not_found"},
		"permissions":   {`{"access": [{"object": "Contact", "level": "read"}]}`, "expect failed no_permission\nexpect upsert Survey_Response__c"},
		"an admin rule": {`{"validationRules": [{"name": "V", "object": "Contact", "on": "update", "when": [{"field": "NPS_Score__c", "op": "changed"}], "message": "No."}]}`, "expect failed validation_rule\nexpect upsert Survey_Response__c"},
	} {
		t.Run(name, func(t *testing.T) {
			report := run(t, map[string]string{
				"rules.sfsync": rules + "test T\ngiven r.json\ngiven org org/x.json\n" + c.expect + "\n", "r.json": response, "org/x.json": c.file,
			})
			if r := report.Tests[0]; !r.Passed {
				t.Errorf("failures: %+v\nwrites: %+v", r.Failures, r.Writes)
			}
		})
	}
	for name, file := range map[string]string{"no JSON": "{", "no fault": `[{"kind": "earthquake"}]`, "no key": `[{"kynd": "row_lock"}]`, "no set-up": `{"rules": []}`} {
		report := run(t, map[string]string{
			"rules.sfsync": rules + "test T\ngiven r.json\ngiven org org/x.json\nexpect nothing\n", "r.json": response, "org/x.json": file,
		})
		if r := report.Tests[0]; r.Passed || len(r.Failures) != 1 {
			t.Errorf("%s: %+v", name, r.Failures)
		}
	}
}

// With several events, order counts: older news does not overwrite newer ones.
func TestStaleNews(t *testing.T) {
	report := run(t, map[string]string{
		"rules.sfsync": rules + `test T
given r.json
given r.json
with id: resp-0
with time: 2026-11-19T14:03:00Z
with response.id: resp-0
with answers.nps = null
expect update Contact
  set NPS_Score__c = 4.5
expect upsert Survey_Response__c
expect nothing else
expect skipped
`, "r.json": response,
	})
	if r := report.Tests[0]; !r.Passed || !r.Engine {
		t.Errorf("failures: %+v\nwrites: %+v", r.Failures, r.Writes)
	}
}

// A test in a rule file is about its rules; one in a file of its own is about all of the folder.
func TestScope(t *testing.T) {
	files := map[string]string{
		"a/one.sfsync":       "rule One\non survey response\nupdate Contact where Id = profile.contact\n set NPS_Score__c = answers.nps\ntest A\ngiven r.json\nexpect update Contact\nexpect nothing else\n",
		"a/two.sfsync":       "rule Two\non survey response\nupdate Contact where Id = profile.contact\n set Survey_Status__c: Done\ntest B\ngiven r.json\nexpect update Contact\nexpect nothing else\n",
		"a/both_test.sfsync": "test C\ngiven r.json\nexpect update Contact\nexpect update Contact\nexpect nothing else\n",
		"b/three.sfsync":     "rule Three\non survey response\nupdate Contact where Id = profile.contact\n set Title: x\n",
		"a/r.json":           response,
	}
	report := run(t, files)
	if len(report.Tests) != 3 || report.Failed() > 0 {
		t.Errorf("%+v", report.Tests)
	}
	for _, f := range report.Coverage {
		if want := map[bool]float64{true: 0, false: 100}[f.File == "b/three.sfsync"]; f.Percent != want {
			t.Errorf("%s is covered to %.0f %%", f.File, f.Percent)
		}
	}
}

func TestCoverage(t *testing.T) {
	report := run(t, map[string]string{"rules.sfsync": rules + "test T\ngiven r.json\nexpect update Contact\n", "r.json": response})
	got, _ := json.MarshalIndent(report.Coverage, "", " ")
	c := report.Coverage[0]
	var gaps []string
	for _, g := range c.Gaps {
		gaps = append(gaps, fmt.Sprintf("%d %s", g.Line, g.Missing))
	}
	want := []string{
		"7 the guard was never false: `answers.nps != null`",
		"9 no event took this arm", "10 this update was never tried",
		"12 no event set this rule in motion", "13 the guard was never true: `record.Survey_Status__c == null`", "13 the guard was never false: `record.Survey_Status__c == null`",
		"14 no event took this arm", "15 this update was never tried", "17 no event took this arm", "18 this update was never tried",
	}
	if strings.Join(gaps, "\n") != strings.Join(want, "\n") || c.Covered != 5 || c.Total != 15 {
		t.Errorf("%s", got)
	}
}

// The way of an event says why each rule did what it did.
func TestWay(t *testing.T) {
	report := run(t, map[string]string{
		"rules.sfsync": rules + "test T\ngiven r.json\nwith answers.nps = null\nwith profile.contact = \"x\"\nexpect nothing\n", "r.json": response,
	})
	way := report.Tests[0].Ways[0]
	if way.Event != "resp-1" || way.File != "r.json" || way.Line != 1 || len(way.Rules) != 2 {
		t.Fatalf("%+v", way)
	}
	answers, cases := way.Rules[0], way.Rules[1]
	if answers.Arm != "Responded" || answers.ArmLine != 4 || len(answers.Actions) != 2 {
		t.Errorf("%+v", answers)
	}
	if a := answers.Actions[0]; a.State != ruletest.Failed || a.Cause != "invalid_value" || a.Text != "update Contact" {
		t.Errorf("%+v", a)
	}
	if a := answers.Actions[1]; a.Guard == nil || a.Guard.Passed || a.Guard.Why != "is false with answers.nps = null" {
		t.Errorf("%+v %+v", a, a.Guard)
	}
	if cases.Other != "the event is a survey response" {
		t.Errorf("%+v", cases)
	}
}
