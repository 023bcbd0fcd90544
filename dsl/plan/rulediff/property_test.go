package rulediff_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/dsl/plan/rulediff"
)

// outcome is what rules write for an event, in no order, and what each field is like
// after all of it.
func outcome(t *rapid.T, p *plan.Plan, event string) []string {
	var e plan.Evaluation
	if err := p.Eval(&e, event, ""); err != nil {
		t.Fatal(err)
	}
	var all []string
	last := map[string]string{}
	for _, run := range e.Runs {
		for _, w := range run.Writes {
			if w.State == plan.Skipped {
				continue
			}
			var fields []string
			gjson.ParseBytes(w.Body).ForEach(func(name, value gjson.Result) bool {
				fields = append(fields, name.Str+"="+value.Raw)
				if w.Action.Kind != dsl.Create {
					last[w.Action.Object+w.MatchValue+name.Str] = value.Raw
				}
				return true
			})
			slices.Sort(fields)
			all = append(all, fmt.Sprint(plan.Verb(w.Action.Kind), w.Action.Object, w.MatchValue, w.Cause, fields))
		}
	}
	for field, value := range last {
		all = append(all, "at last "+field+"="+value)
	}
	slices.Sort(all)
	return all
}

// drawRules draws rules out of few parts, so that two of them often mean the same.
func drawRules(t *rapid.T) string {
	pick := func(of ...string) string { return rapid.SampledFrom(of).Draw(t, "part") }
	action := func() string {
		fields := pick("set A__c: 1", "set A__c = \"1\"", "set A__c = x", "set A__c = answers.a", "set A__c = answers.a, B__c: 1", "set B__c = '1', A__c = answers.a")
		return pick("create Case ", "update Contact where Id = profile.id ", "update Contact where Id = profile.id if answers.a > 3 ",
			"update Contact where Id = profile.id if x>3 ") + fields + "\n"
	}
	var b strings.Builder
	for _, name := range []string{"One", "Two"}[:rapid.IntRange(1, 2).Draw(t, "rules")] {
		b.WriteString("rule " + name + "\non survey response" + pick("", "", " if answers.a != null", " if not (answers.a == null)") + "\nlet x = answers.a\n")
		if rapid.Bool().Draw(t, "always") {
			b.WriteString(action())
		}
		left := []string{"Responded", "Expired", "Failed"}
		for rapid.Bool().Draw(t, "arm") && len(left) > 0 {
			n := rapid.IntRange(1, len(left)).Draw(t, "statuses")
			b.WriteString("when " + strings.Join(left[:n], ", ") + "\n" + action())
			left = left[n:]
		}
		if rapid.Bool().Draw(t, "otherwise") {
			b.WriteString("otherwise\n" + action())
		}
	}
	return b.String()
}

// rewrites change a text: most of them not what it means, and the last ones do.
var rewrites = [][2]string{
	{"if x>3", "if answers.a > 3"}, {"= x", "= answers.a"}, {"answers.a != null", "not (answers.a == null)"},
	{"set A__c = answers.a, B__c: 1", "set B__c = '1', A__c = answers.a"}, {"let x = answers.a\n", "let y = answers.b\nlet x = answers.a\n"},
	{"A__c = \"1\"", "A__c: 1"}, {"Responded, Expired", "Expired, RESPONDED"}, {"rule One", "# first\nrule  one"},
	{"A__c = \"1\"", "A__c = 1"}, {"when Expired", "when Failed"}, {"a > 3", "a >= 3"}, {"otherwise", "when Sent"},
}

// What is said to do the same does the same to every event.
func TestNoDifferenceMeansNone(t *testing.T) {
	empty, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		oldText := drawRules(t)
		newText := oldText
		for _, r := range rewrites {
			if rapid.IntRange(0, 3).Draw(t, "rewrite") == 0 {
				newText = strings.ReplaceAll(newText, r[0], r[1])
			}
		}
		if one, two, ok := strings.Cut(newText, "rule Two\n"); ok && rapid.Bool().Draw(t, "swap") {
			newText = "rule Two\n" + two + one
		}
		old, ok := compiled(oldText)
		if !ok {
			t.Fatal(oldText)
		}
		new, ok := compiled(newText)
		if !ok {
			return // a status is handled twice
		}
		d := rulediff.Compare(old, new)
		if all++; !d.Empty() {
			return
		}
		empty++
		for _, status := range []string{"", "Responded", "Expired", "Failed", "Sent", "Never heard of"} {
			for _, answer := range []string{"null", "3", "7", `"x"`} {
				event := fmt.Sprintf(`{"id": "e", "type": "survey.response", "distribution": {"status": %q}, "answers": {"a": %s}, "profile": {"id": "0035g00000Ct001AAB"}}`, status, answer)
				if a, b := outcome(t, old.Plan, event), outcome(t, new.Plan, event); !slices.Equal(a, b) {
					t.Fatalf("no difference is said, and %s gives\n%q\n%q\n%s\n%s", event, a, b, oldText, newText)
				}
			}
		}
	})
	t.Logf("%d of %d pairs do the same", empty, all)
	if empty == 0 || empty == all {
		t.Errorf("%d of %d pairs do the same, so nothing was shown", empty, all)
	}
}
