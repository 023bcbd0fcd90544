package plan

import (
	"os"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

func parse(t testing.TB, text string) *dsl.File {
	t.Helper()
	f, diags := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(text)))
	for _, d := range diags {
		t.Fatalf("%s: %s at %q", d.Code, d.Message, f.Source.Slice(d.Span))
	}
	return f
}

func compileText(t testing.TB, text string) (*Plan, []dsl.Diagnostic) {
	t.Helper()
	s := exampleSchema(t)
	return Compile([]*dsl.File{parse(t, text)}, Options{Schema: func(string) *schema.Schema { return s }})
}

// mustCompile compiles rules that have no errors.
func mustCompile(t testing.TB, text string) *Plan {
	t.Helper()
	p, diags := compileText(t, text)
	if p == nil {
		for _, d := range diags {
			t.Errorf("%s %s: %s", d.Code, d.Severity, d.Message)
		}
		t.FailNow()
	}
	return p
}

const responded = `{"id":"resp-8842","type":"survey.response","time":"2026-11-20T14:03:00Z",
 "distribution":{"id":"d-1","status":"Responded","channel":"email","time":"2026-11-20T14:03:00Z"},
 "survey":{"id":"post-purchase-nps"},"response":{"id":"resp-8842"},
 "answers":{"nps":3,"comment":"  too slow "},"contact":{"first_name":"Ann"},
 "profile":{"salesforce_contact_id":"0035g00000AbCdE"}}`

func TestDesignExample(t *testing.T) {
	p := mustCompile(t, string(designRules(t)))
	var e Evaluation
	if err := p.Eval(&e, responded, ""); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range e.Runs {
		for _, w := range r.Writes {
			got = append(got, strings.TrimSpace(Verb(w.Action.Kind)+" "+w.Action.Object+" "+w.Action.MatchField+" "+w.MatchValue+" "+string(w.Body)+" "+w.Reason))
		}
	}
	want := []string{
		`update Contact Id 0035g00000AbCdEAAV {"NPS_Score__c":3,"Customer_Comment__c":"too slow","Survey_Status__c":"Response Received"}`,
		`upsert Survey_Response__c Response_Id__c resp-8842 {"Score__c":3,"Contact__c":"0035g00000AbCdEAAV"}`,
		`create Case   {"Subject":"Low score from Ann: please call","Priority":"High","ContactId":"0035g00000AbCdEAAV"}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func designRules(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/design.sfsync")
	if err != nil {
		t.Fatal(err)
	}
	return text
}
