package plan

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Whatever the text: an expression is read in bounded time, what is wrong with it is
// said at a place within it, and what is right runs on an event to a value or an error
// in the author's words.
func FuzzExpression(f *testing.F) {
	for _, c := range functions {
		f.Add(c.Example)
	}
	for _, text := range goldenFiles(f) {
		for line := range strings.Lines(golden.ReplaceAllString(text, "")) {
			if _, expr, ok := strings.Cut(line, " = "); ok {
				f.Add(strings.TrimSpace(expr))
			}
		}
	}
	f.Add("((((answers.a ?? 1))))")
	f.Add("é + \"\u2028\" ?? `raw`")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2*maxExprLength {
			return
		}
		start := time.Now()
		c, x := compileOf(text)
		if d := time.Since(start); d > 2*time.Second {
			t.Errorf("%q took %v", text, d)
		}
		for _, d := range c.diagnostics {
			checkDiagnostic(t, d.Source, d)
		}
		if x.program == nil && c.errors == 0 {
			t.Errorf("%q cannot run, and nothing says why", text)
		}
		if x.program == nil || c.errors > 0 {
			return
		}
		v, err := evalCompiled(c.plan, x, valuesEvent)
		if err != nil {
			if msg := runMessage(err); msg == "" || !strings.Contains(text, jargon.FindString(msg)) {
				t.Errorf("%q fails with %q", text, msg)
			}
		} else if _, err := json.Marshal(v); err != nil {
			t.Errorf("%q gives %v, which is no JSON: %v", text, v, err)
		}
	})
}

// Whatever the event: evaluating it ends in bounded time with an *EventError or with
// writes of which each is sent as valid JSON or says why it is not; a second
// evaluation with the same buffers gives the same.
func FuzzEval(f *testing.F) {
	f.Add(responded, "")
	f.Add(messageEvent, "")
	f.Add(status("Sent"), messageEvent)
	f.Add(valuesEvent, "")
	f.Add(response(`"answers":{"nps":"9","comment":["a"]},"contact":{"first_name":{}}`), "")
	f.Add(response(`"answers":{"nps":1e400,"comment":"\ud800"},"distribution":{"status":"partially responded"}`), "")
	f.Add(message(`,"Origin":null,"Survey_Status__c":3`), "")
	p := mustCompile(f, string(designRules(f))+fuzzedRule)
	f.Fuzz(func(t *testing.T, event, of string) {
		start := time.Now()
		var e Evaluation
		first := ""
		for range 2 {
			err := p.Eval(&e, event, of)
			got := ""
			if err != nil {
				bad, ok := err.(*EventError)
				if !ok || bad.Message == "" || len(e.Runs) > 0 {
					t.Fatalf("error %v with %d runs", err, len(e.Runs))
				}
				got = bad.Message
			} else {
				checkOutcome(t, &e)
				for _, r := range e.Runs {
					for _, w := range r.Writes {
						if !strings.Contains(event+of, jargon.FindString(w.Reason)) {
							t.Errorf("reason %q", w.Reason)
						}
					}
				}
				got = outcome(&e)
			}
			if first == "" {
				first = got
			} else if got != first {
				t.Errorf("evaluated again:\n%s\nat first:\n%s", got, first)
			}
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// fuzzedRule has a field of each kind, set from values that nobody has checked.
const fuzzedRule = `
rule Every kind of field
on survey response
let c = answers.comment
update Contact if answers.nps != 0 where Id = profile.salesforce_contact_id
  set NPS_Score__c = answers.nps
      Lifetime_Value__c = round(answers.nps, 2) / answers.n
      Survey_Consent__c = bool(c)
      Birthdate = date(c, "Europe/Berlin")
      Last_Survey_At__c = date_add(event.time, c ?? "1d")
      Interests__c = answers.list
      Title: {c} {answers.list[0]} {answers.nps}
      Preferred_Call_Time__c = c
      AccountId = answers.account
      Email = contact.email ?? null
      Phone = join(answers.list)
upsert Survey_Response__c where Response_Id__c = answers.key
  set Account__r.Crm_Key__c = answers.key
      Topics__c = multi(c, answers.list)
      Duration_Seconds__c = answers.n
`

// Whatever the rules: compiling ends in bounded time, says what is wrong at a place in
// the text, and gives a plan exactly when nothing is an error.
func FuzzCompile(f *testing.F) {
	for _, text := range goldenFiles(f) {
		for rule := range strings.SplitSeq(golden.ReplaceAllString(text, ""), "\n\n") {
			f.Add(rule)
		}
	}
	for _, c := range dsl.Codes() {
		f.Add(c.Bad)
	}
	s := exampleSchema(f)
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		file, faults := dsl.Parse(dsl.NewSource("fuzz.sfsync", []byte(text)))
		p, ds := Compile([]*dsl.File{file}, Options{Schema: func(string) *schema.Schema { return s }, Connections: []string{"production"}})
		if d := time.Since(start); d > time.Second+time.Duration(len(text))*50*time.Microsecond {
			t.Errorf("%d bytes took %v", len(text), d)
		}
		if (p == nil) != (dsl.HasErrors(ds) || dsl.HasErrors(faults)) {
			t.Errorf("plan %v with %s", p != nil, show(ds))
		}
		for _, d := range ds {
			if d.Source != file.Source || d.From < 0 || d.From > d.To || d.To > len(file.Source.Text) || d.Message == "" {
				t.Errorf("%s %q marks %d-%d", d.Code, d.Message, d.From, d.To)
			}
			for _, fix := range d.Fixes {
				fixed := applyFix(file.Source.Text, fix)
				dsl.Parse(dsl.NewSource("fixed.sfsync", []byte(fixed)))
			}
		}
		if p != nil {
			var e Evaluation
			for _, event := range []string{responded, messageEvent} {
				if err := p.Eval(&e, event, ""); err != nil {
					t.Error(err)
				}
				checkOutcome(t, &e)
			}
		}
	})
}
