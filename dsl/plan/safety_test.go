package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// loopNotes compiles files and returns the steps of every loop found.
func loopNotes(t *testing.T, texts ...string) []string {
	t.Helper()
	_, _, ds := checkAll(t, Options{}, texts...)
	var loops []string
	for _, d := range ds {
		switch {
		case d.Severity == dsl.Error:
			t.Fatal(show(ds))
		case d.Code == "S301":
			loops = append(loops, strings.Join(d.Notes, " | "))
		}
	}
	return loops
}

func TestLoops(t *testing.T) {
	rule := func(name, on, write string) string {
		return fmt.Sprintf("rule %s\non outbound message %s\n%s\n", name, on, write)
	}
	tests := []struct {
		name  string
		files []string
		want  []string // what each loop goes through
	}{
		{"a rule that writes its own record", []string{rule("A", "Case", "update Case where Id = record.Id set Subject: x")}, []string{"A>Case>A"}},
		{"another record of its object", []string{rule("A", "Case", "create Case set Subject: x")}, []string{"A>Case>A"}},
		{"an arm", []string{rule("A", "Case", "when Sent\n  update Case where Id = record.Id set Subject: x\notherwise")}, []string{"A>Case>A"}},
		{"guarded by the trigger", []string{rule("A", "Case if record.Subject != \"x\"", "update Case where Id = record.Id set Subject: x")}, nil},
		{"guarded by the action", []string{rule("A", "Case", "update Case if record.Subject == null where Id = record.Id set Subject: x")}, nil},
		{"a guard that looks elsewhere", []string{rule("A", "Case if record.Origin == \"Web\"", "update Case where Id = record.Id set Subject: x")}, []string{"A>Case>A"}},
		{"another object", []string{rule("A", "Case", "update Contact where Id = record.ContactId set Title: x")}, nil},
		{"another connection", []string{rule("A", "Case", "update Case using sandbox where Id = record.Id set Subject: x")}, nil},
		{"a response fires nothing", []string{"rule A\non survey response\nupdate Case where Id = profile.id set Subject: x\n"}, nil},
		{"through another rule", []string{rule("A", "Case", "update Contact where Id = record.ContactId set Title: x") + rule("B", "Contact", "update Case where Id = vars.id set Subject: x")}, []string{"A>Contact>B B>Case>A"}},
		{"across files", []string{
			rule("A", "Case", "update Contact where Id = record.ContactId set Title: x"),
			rule("B", "Contact", "update Account where Id = record.AccountId set Phone: 1"),
			rule("C", "Account", "update Case where Id = vars.id set Subject: x")}, []string{"A>Contact>B B>Account>C C>Case>A"}},
		{"a cycle cut by a guard on the way", []string{rule("A", "Case", "update Contact where Id = record.ContactId set Title: x") + rule("B", "Contact if record.Title == null", "update Case where Id = vars.id set Subject: x")}, nil},
		{"two rules on one object", []string{rule("A", "Case", "update Case where Id = record.Id set Subject: x") + rule("B", "Case if record.Subject == null", "update Case where Id = record.Id set Priority: High")},
			[]string{"A>Case>A", "B>Case>B"}},
		{"and both ways", []string{rule("A", "Case", "update Contact where Id = record.ContactId set Title: x") + rule("B", "Contact", "update Case where Id = vars.id set Subject: x\nupdate Contact where Id = record.Id set Phone: 1")},
			[]string{"A>Contact>B B>Case>A", "B>Contact>B"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := loopNotes(t, test.files...)
			if len(got) != len(test.want) {
				t.Fatalf("loops %q, want %q", got, test.want)
			}
			for i, want := range test.want {
				for _, step := range strings.Fields(want) {
					s := strings.Split(step, ">")
					if !strings.Contains(got[i], "rule `"+s[0]+"`") || !strings.Contains(got[i], "writes "+s[1]+" → its outbound message → rule `"+s[2]+"`") {
						t.Errorf("loop %q lacks the step %s", got[i], step)
					}
				}
				if n := strings.Count(got[i], "|") + 1; n != len(strings.Fields(want)) {
					t.Errorf("loop %q has %d steps", got[i], n)
				}
			}
		})
	}
}

// What is checked over all files names the place in the other file.
func TestAcrossFiles(t *testing.T) {
	a := "statuses Soft Bounce\nrule Score\non survey response\nwhen Soft Bounce\n  update Contact where Id = profile.id set Title: x\notherwise\n"
	b := "rule  score\non survey response\nwhen soft-bounce\n  update Contact where Id = profile.id set Phone: 1\notherwise\n"
	files, p, ds := checkAll(t, Options{}, a, b)
	if p != nil || len(ds) != 1 || ds[0].Code != "S107" || ds[0].Source != files[1].Source || len(ds[0].Labels) != 1 || ds[0].Labels[0].Source != files[0].Source {
		t.Errorf("two files with a rule of one name: %s", show(ds))
	}
	// A status that one file declares is known to all.
	if _, p, ds = checkAll(t, Options{}, a, strings.Replace(b, "score", "other", 1)); p == nil || len(ds) != 0 {
		t.Errorf("a status of another file: %s", show(ds))
	}
	if p.Rules[0].File != "rules.sfsync" || p.Rules[1].File != "more1.sfsync" || p.Rules[1].Line != 1 || p.Rules[0].Arms[0].Line != 4 {
		t.Errorf("rules stand at %s:%d and %s:%d", p.Rules[0].File, p.Rules[0].Line, p.Rules[1].File, p.Rules[1].Line)
	}
}

// Each connection has its own schema.
func TestConnections(t *testing.T) {
	s := exampleSchema(t)
	o := Options{Connections: []string{"production", "other"}, Schema: func(name string) *schema.Schema {
		if name == "other" {
			return nil
		}
		return s
	}}
	text := "connection production\nrule R\non survey response\nupdate Thing__c where Id = profile.id set Title: x\nupdate Thing__c using other where Id = profile.id set Title: x\n"
	_, _, ds := checkAll(t, o, text)
	if len(ds) != 1 || ds[0].Code != "S201" || ds[0].Source.Position(ds[0].From).Line != 4 {
		t.Errorf("an object that one org lacks: %s", show(ds))
	}
}

// Statuses that nobody handles: the built-in ones of the trigger, and the team's own.
func TestUnhandledStatuses(t *testing.T) {
	all := strings.Join(dsl.Statuses, ", ")
	tests := []struct{ text, want string }{
		{"rule R\non outbound message Case if record.Subject == null\nwhen " + all + "\n  update Case where Id = record.Id set Subject: x\n", ""},
		{"statuses Hard Bounce, Soft Bounce\nrule R\non outbound message Case if record.Subject == null\nwhen " + all + "\n  update Case where Id = record.Id set Subject: x\n", "nobody handles Hard Bounce, Soft Bounce"},
		{"statuses Hard Bounce\nrule R\non survey response\nwhen Responded, Expired\n  update Case where Id = profile.id set Subject: x\n", "nobody handles Partially Responded"},
		{"rule R\non survey response\nwhen Responded\n  update Case where Id = profile.id set Subject: x\notherwise\n", ""},
	}
	for _, test := range tests {
		_, _, ds := checkAll(t, Options{}, test.text)
		got := ""
		for _, d := range ds {
			got += d.Message
		}
		if got != test.want {
			t.Errorf("%s\n%s, want %q", test.text, show(ds), test.want)
		}
	}
}

// An action that gives one parent two keys, or a lookup and its parent, would send the field twice.
func TestParentSetTwice(t *testing.T) {
	for _, second := range []string{"Account.crm_key__c = profile.b", "AccountId = profile.b"} {
		_, _, ds := checkAll(t, Options{}, contact+"Account.Crm_Key__c = profile.key\n      "+second+"\n")
		if len(ds) != 1 || ds[0].Code != "S110" {
			t.Errorf("%s after Account.Crm_Key__c: %s", second, show(ds))
		}
	}
	if _, _, ds := checkAll(t, Options{}, contact+"Account.Crm_Key__c = profile.key\n      ReportsTo.Loyalty_Id__c = profile.b\n"); len(ds) != 0 {
		t.Error(show(ds))
	}
}
