package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// benchEvent is a response of about 2 kB, as survey suites send them.
var benchEvent = func() string {
	var answers []string
	for i := range 24 {
		answers = append(answers, fmt.Sprintf(`"question_%02d":"an answer of middling length, number %d"`, i, i))
	}
	return `{"id":"resp-8842","type":"survey.response","time":"2026-11-20T14:03:00Z",` +
		`"distribution":{"id":"d-1","status":"Responded","channel":"email","time":"2026-11-20T14:03:00Z"},` +
		`"survey":{"id":"post-purchase-nps","name":"Post-purchase NPS","expires_at":"2026-12-20T00:00:00Z"},` +
		`"response":{"id":"resp-8842","date":"2026-11-20T14:03:00Z","metadata":{"language":"en","device":"phone"},"fields":{}},` +
		`"answers":{"nps":9,"comment":" Quick delivery, friendly people. ",` + strings.Join(answers, ",") + `},` +
		`"contact":{"first_name":"Ann","last_name":"Lee","email":"ann@example.com"},` +
		`"profile":{"salesforce_contact_id":"0035g00000AbCdEAAV","tier":"gold"},"transaction":{"order":"A-1001","total":129.50},"vars":{}}`
}()

const oneRule = `rule Answers on the contact
on survey response
update Contact where Id = profile.salesforce_contact_id
  set NPS_Score__c = answers.nps, Customer_Comment__c = trim(answers.comment)
`

// twelveRules are a guard and four fields each.
func twelveRules() string {
	var b strings.Builder
	for i := range 12 {
		fmt.Fprintf(&b, `rule Rule %d
on survey response if answers.nps >= %d
update Contact where Id = profile.salesforce_contact_id
  set NPS_Score__c = answers.nps
      Customer_Comment__c = trim(answers.comment)
      Title = answers.question_%02d
      Department = profile.tier
`, i, i%8, i)
	}
	return b.String()
}

// BenchmarkEval is one event through the plan: read, checked, evaluated, encoded.
func BenchmarkEval(b *testing.B) {
	for _, bench := range []struct{ name, rules string }{{"rules=1", oneRule}, {"rules=12", twelveRules()}} {
		b.Run(bench.name, func(b *testing.B) {
			p := mustCompile(b, bench.rules)
			var e Evaluation
			b.ReportAllocs()
			for b.Loop() {
				if err := p.Eval(&e, benchEvent, ""); err != nil || len(e.Runs[0].Writes[0].Body) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkObvious is the same the obvious way: the event decoded to a map, expr
// with its own functions over it, the body encoded from a map.
func BenchmarkObvious(b *testing.B) {
	one := []map[string]string{{"NPS_Score__c": "answers.nps", "Customer_Comment__c": "trim(answers.comment)"}}
	var twelve []map[string]string
	for i := range 12 {
		twelve = append(twelve, map[string]string{
			"if": fmt.Sprintf("answers.nps >= %d", i%8), "NPS_Score__c": "answers.nps", "Customer_Comment__c": "trim(answers.comment)",
			"Title": fmt.Sprintf("answers.question_%02d", i), "Department": "profile.tier",
		})
	}
	for _, bench := range []struct {
		name  string
		rules []map[string]string
	}{{"rules=1", one}, {"rules=12", twelve}} {
		b.Run(bench.name, func(b *testing.B) {
			type compiled struct {
				guard  *vm.Program
				fields map[string]*vm.Program
			}
			compile := func(text string) *vm.Program {
				p, err := expr.Compile(text, expr.Env(map[string]any{}), expr.AllowUndefinedVariables())
				if err != nil {
					b.Fatal(err)
				}
				return p
			}
			id := compile("profile.salesforce_contact_id")
			var rules []compiled
			for _, r := range bench.rules {
				c := compiled{fields: map[string]*vm.Program{}}
				for field, text := range r {
					if field == "if" {
						c.guard = compile(text)
					} else {
						c.fields[field] = compile(text)
					}
				}
				rules = append(rules, c)
			}
			b.ReportAllocs()
			for b.Loop() {
				var env map[string]any
				if err := json.Unmarshal([]byte(benchEvent), &env); err != nil {
					b.Fatal(err)
				}
				for _, r := range rules {
					if r.guard != nil {
						if ok, err := expr.Run(r.guard, env); err != nil || ok != true {
							continue
						}
					}
					if v, err := expr.Run(id, env); err != nil || v == nil {
						b.Fatal(err)
					}
					body := make(map[string]any, len(r.fields))
					for field, program := range r.fields {
						v, err := expr.Run(program, env)
						if err != nil {
							b.Fatal(err)
						}
						body[field] = v
					}
					if _, err := json.Marshal(body); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

// BenchmarkCheck is reading and checking rule files of 200, 2,000 and 10,000 lines.
func BenchmarkCheck(b *testing.B) {
	for _, lines := range []int{200, 2000, 10000} {
		b.Run(fmt.Sprintf("lines=%d", lines), func(b *testing.B) {
			var text strings.Builder
			for i := 0; i*7 < lines; i++ {
				fmt.Fprintf(&text, `rule Rule %d
on survey response survey-%d if answers.nps >= %d
update Contact where Id = profile.salesforce_contact_id
  set NPS_Score__c = answers.nps
      Customer_Comment__c = trim(answers.comment)
      Title: Asked by {contact.first_name}

`, i, i, i%8)
			}
			sch := exampleSchema(b)
			source := []byte(text.String())
			b.SetBytes(int64(len(source)))
			b.ReportAllocs()
			for b.Loop() {
				f, diags := dsl.Parse(dsl.NewSource("rules.sfsync", source))
				_, more := Compile([]*dsl.File{f}, Options{Schema: func(string) *schema.Schema { return sch }})
				if len(diags)+len(more) != 0 {
					b.Fatal(diags, more)
				}
			}
		})
	}
}

// BenchmarkOtherTriggers is an event among a thousand rules for other surveys.
func BenchmarkOtherTriggers(b *testing.B) {
	text := strings.Replace(oneRule, "on survey response", "on survey response post-purchase-nps", 1)
	for i := range 1000 {
		text += strings.NewReplacer("Answers on the contact", fmt.Sprint("Other ", i), "on survey response", fmt.Sprint("on survey response other-", i)).Replace(oneRule)
	}
	p := mustCompile(b, text)
	var e Evaluation
	b.ReportAllocs()
	for b.Loop() {
		if err := p.Eval(&e, benchEvent, ""); err != nil || len(e.Runs) != 1 {
			b.Fatal(err)
		}
	}
}
