package plan_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
)

// assigned compiles a rule that sets one field, and returns what it is set to.
func assigned(t *testing.T, lets, line string) *plan.Assignment {
	t.Helper()
	text := "rule R\non survey response\n" + lets + "update Contact where Id = profile.id\nset " + line + "\n"
	file, found := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(text)))
	p, more := plan.Compile([]*dsl.File{file}, plan.Options{})
	if p == nil {
		t.Fatalf("%s\n%v", text, append(found, more...))
	}
	return p.Rules[0].Actions[0].Set[0]
}

func TestMeaningIsOneForAllLayouts(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string // all mean the same
		want  string
	}{
		{"blanks", []string{"A__c = answers.nps<=3?'High':\"Low\"", "A__c = (answers.nps  <= 3) ? `High` : (\"Low\")"}, `answers.nps <= 3 ? "High" : "Low"`},
		{"operators", []string{"A__c = !(answers.a && answers.b) || false", "A__c = not (answers.a and answers.b) or false"}, `not (answers.a and answers.b) or false`},
		{"brackets that matter", []string{"A__c = (answers.a + 1) * 2"}, `(answers.a + 1) * 2`},
		{"static text", []string{"A__c: High", `A__c = "High"`, "A__c = 'High'"}, `"High"`},
		{"text with values", []string{"A__c: To {contact.name}: {trim( answers.b )}", "A__c: To {  contact.name}: {trim(answers.b)}"}, `"To {contact.name}: {trim(answers.b)}"`},
		{"a brace is not a value", []string{"A__c: To {{contact.name}"}, `"To {{contact.name}"`},
		{"cleared", []string{"A__c = null", "A__c = nil"}, "null"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, line := range c.lines {
				if got := assigned(t, "", line).Meaning(); got != c.want {
					t.Errorf("%s\n got %s\nwant %s", line, got, c.want)
				}
			}
		})
	}
}

func TestMeaningPutsNamedValuesInPlace(t *testing.T) {
	lets := "let score = number(answers.nps ?? answers.csat)\nlet low = score <= 6\n"
	want := `number(answers.nps ?? answers.csat) <= 6 ? number(answers.nps ?? answers.csat) : 0`
	if got := assigned(t, lets, `A__c = low ? score : 0`).Meaning(); got != want {
		t.Errorf("got %s", got)
	}
}

// Names that double at each line would fill the memory if they were put in place.
func TestMeaningStaysSmall(t *testing.T) {
	lets := "let a10 = answers.nps\n"
	for i := 11; i < 70; i++ {
		lets += fmt.Sprintf("let a%d = a%d + a%d\n", i, i-1, i-1)
	}
	got := assigned(t, lets, "A__c = a69").Meaning()
	if len(got) > 10_000 || !strings.HasPrefix(got, "a69 with a69 = a68 + a68 with ") || !strings.HasSuffix(got, " with a11 = a10 + a10 with a10 = answers.nps") {
		t.Errorf("got %d bytes: %.200s", len(got), got)
	}
}

func TestWords(t *testing.T) {
	for line, want := range map[string]string{
		"A__c = answers.nps":                                             "the answer nps",
		"A__c: Response Received":                                        "the text “Response Received”",
		"A__c = true":                                                    "always true",
		"A__c = null":                                                    "nothing: the field is emptied",
		"A__c = profile.crm_key":                                         "the profile’s crm_key",
		"A__c = trim(answers.why)":                                       "the answer why without blanks around it",
		`A__c = answers.nps <= 3 ? "High" : "Medium"`:                    "“High” if the answer nps is at most 3, otherwise “Medium”",
		`A__c = contact.title ?? "Customer"`:                             "the contact’s title, or if it is missing “Customer”",
		`A__c: Low score from {contact.first_name}`:                      "the text “Low score from [the contact’s first_name]”",
		`A__c = date_add(event.time, "5d")`:                              "the event’s time plus 5d",
		`A__c = split(answers.a, ",")`:                                   `split(answers.a, ",")`,
		`A__c = round(answers.average * 2, 1)`:                           "(the answer average * 2), rounded (decimal places: 1)",
		`A__c = answers.a != null and answers.b == "x" or not answers.c`: "(the answer a is there and the answer b is “x”) or not the answer c",
	} {
		if got := assigned(t, "", line).Words(); got != want {
			t.Errorf("%s\n got %s\nwant %s", line, got, want)
		}
	}
}

// A plan is used by several goroutines at once, and this is part of it.
func TestMeaningTogether(t *testing.T) {
	a := assigned(t, "let x = number(answers.nps)\n", `A__c = trim(join(answers.list, ", ")) + text(x)`)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if a.Meaning() != `trim(join(answers.list, ", ")) + text(number(answers.nps))` || a.Words() == "" {
					t.Error(a.Meaning())
				}
			}
		})
	}
	all.Wait()
}
