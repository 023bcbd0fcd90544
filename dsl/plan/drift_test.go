package plan

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

var updateDrift = flag.Bool("update-drift", false, "rewrite the expected report in testdata/drift.txtar")

func showDrift(all []Drift) string {
	var b strings.Builder
	for _, d := range all {
		fmt.Fprintf(&b, "%s %s:%d %s (%s: %q → %q)\n  %s", d.Severity, d.File, d.Line, d.Name(), d.Aspect, d.Before, d.After, d.Message)
		if d.Code != "" {
			fmt.Fprintf(&b, " [%s]", d.Code)
		}
		if d.Help != "" {
			fmt.Fprintf(&b, "\n  help: %s", d.Help)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// An org after a busy week, and what it does to the rules.
func TestDriftReport(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/drift.txtar")
	if err != nil {
		t.Fatal(err)
	}
	schemas := map[string]*schema.Schema{"before": schema.New(), "after": schema.New()}
	rules, want := "", ""
	for _, f := range archive.Files {
		switch side, _, _ := strings.Cut(f.Name, "/"); side {
		case "before", "after":
			o, err := schema.ParseDescribe(f.Data)
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			schemas[side].Add(o)
		case "want":
			want = string(f.Data)
		default:
			rules = string(f.Data)
		}
	}
	files := []*dsl.File{parse(t, rules)}
	of := func(side string) func(string) *schema.Schema {
		return func(string) *schema.Schema { return schemas[side] }
	}
	got := showDrift(CompareSchemas(files, of("before"), of("after")))
	if *updateDrift {
		archive.Files[len(archive.Files)-1].Data = []byte(got)
		if err := os.WriteFile("testdata/drift.txtar", txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, side := range []string{"before", "after"} {
		if same := CompareSchemas(files, of(side), of(side)); len(same) > 0 {
			t.Errorf("nothing has changed, and it says %s", showDrift(same))
		}
	}
	if HasBreaks(CompareSchemas(files, of("before"), func(string) *schema.Schema { return nil })) {
		t.Error("a schema that is not known breaks rules")
	}
	if found := CompareSchemas(files, func(string) *schema.Schema { return nil }, of("after")); len(found) > 0 {
		t.Errorf("what was not known before counts as changed: %s", showDrift(found))
	}
}

// Each change alone, and the one thing that it means.
func TestDriftMeaning(t *testing.T) {
	const field = `"name":"F__c","custom":true`
	const free = `"type":"string","length":80,"createable":true,"updateable":true,"nillable":true`
	const pick = `"type":"picklist","length":255,"createable":true,"updateable":true,"nillable":true,"picklistValues":[{"value":"A","active":true},{"value":"B","active":true}]`
	const noB = `"type":"picklist","length":255,"createable":true,"updateable":true,"nillable":true,"picklistValues":[{"value":"A","active":true}]`
	const strict = `,"restrictedPicklist":true`
	update := "on survey response\nupdate Case where Id = profile.id set "
	create := "on survey response\ncreate Case set "
	tests := []struct {
		name, rule, before, after string
		want                      string // severity, code and a part of the message
	}{
		{"shorter, from an answer", update + "F__c = answers.a", free, strings.Replace(free, "80", "40", 1), "changes_meaning - more than 40 characters"},
		{"shorter, and the text fits", update + "F__c: short", free, strings.Replace(free, "80", "40", 1), ""},
		{"shorter, and the text does not fit", update + "F__c: far too long", free, strings.Replace(free, "80", "8", 1), "breaks S209 8 characters"},
		{"longer", update + "F__c = answers.a", free, strings.Replace(free, "80", "255", 1), "harmless - longer"},
		{"type", update + "F__c = answers.a", free, `"type":"double","precision":18,"createable":true,"updateable":true,"nillable":true`, "changes_meaning - sent as double"},
		{"type, and the text is none", update + "F__c: text", free, `"type":"double","precision":18,"createable":true,"updateable":true,"nillable":true`, "breaks S208 a number"},
		{"required, set by an answer", create + "F__c = answers.a", free, strings.Replace(free, `"nillable":true`, `"nillable":false`, 1), "changes_meaning - without a value"},
		{"required, always set", create + "F__c: x", free, strings.Replace(free, `"nillable":true`, `"nillable":false`, 1), ""},
		{"required, not set", create + "Other__c: x", free, strings.Replace(free, `"nillable":true`, `"nillable":false`, 1), "breaks S205 without F__c"},
		{"required, and an update does not care", update + "F__c = answers.a", free, strings.Replace(free, `"nillable":true`, `"nillable":false`, 1), ""},
		{"required, and cleared", update + "F__c = null", free, strings.Replace(free, `"nillable":true`, `"nillable":false`, 1), "breaks S215 empty"},
		{"optional", create + "F__c = answers.a", strings.Replace(free, `"nillable":true`, `"nillable":false`, 1), free, "harmless - without"},
		{"default, not set", create + "Other__c: x", free, free + `,"defaultValue":"new"`, "changes_meaning - a new record gets `new`"},
		{"default, always set", create + "F__c: x", free, free + `,"defaultValue":"new"`, ""},
		{"default, and an update", update + "F__c = answers.a", free, free + `,"defaultValue":"new"`, ""},
		{"read-only", update + "F__c = answers.a", free, `"type":"string","length":80`, "breaks S204 field-level security"},
		{"only on update, for an update", update + "F__c = answers.a", free, strings.Replace(free, `"createable":true`, `"createable":false`, 1), ""},
		{"value gone, strict", update + "F__c: B", pick + strict, noB + strict, "breaks S206 not one of them"},
		{"value gone, lax", update + "F__c: B", pick, noB, "changes_meaning S206 no value `B`"},
		{"value gone, another written", update + "F__c: A", pick + strict, noB + strict, ""},
		{"value gone, from an answer", update + "F__c = answers.a", pick + strict, noB + strict, `changes_meaning - brings "B"`},
		{"value gone, one of two", update + `F__c = answers.n > 1 ? "A" : "B"`, pick + strict, noB + strict, "breaks S206 not one of them"},
		{"value gone, not among the two", update + `F__c = answers.n > 1 ? "A" : "A"`, pick + strict, noB + strict, ""},
		{"restricted, a value in it", update + "F__c: A", pick, pick + strict, ""},
		{"restricted, a value beyond it", update + "F__c: Z", pick, pick + strict, "breaks S206 not one of them"},
		{"restricted, from an answer", update + "F__c = answers.a", pick, pick + strict, "changes_meaning - not in the picklist"},
		{"unique", update + "F__c = answers.a", free, free + `,"unique":true`, "changes_meaning - refused"},
		{"no key any more", "on survey response\nupsert Case where F__c = response.id set Other__c: x", free + `,"externalId":true`, free, "breaks S112 no external-id"},
		{"key not unique", "on survey response\nupsert Case where F__c = response.id set Other__c: x", free + `,"externalId":true,"unique":true`, free + `,"externalId":true`, "changes_meaning - several have the same"},
		{"compared value gone", "on outbound message Case if record.F__c == \"B\"\nupdate Case where Id = record.Id set Other__c: x", pick, noB, `changes_meaning - compares it with "B"`},
		{"value gone that nobody compares", "on outbound message Case if record.F__c == \"A\"\nupdate Case where Id = record.Id set Other__c: x", pick, noB, ""},
		{"read through a name", "on outbound message Case\nlet x = record.F__c\nupdate Case where Id = record.Id set Other__c = x", free, strings.Replace(free, "string", "textarea", 1), "changes_meaning - as string, and it is textarea"},
		{"lookup to another object", update + "F__c = profile.x", `"type":"reference","referenceTo":["Contact"],"createable":true,"updateable":true,"nillable":true`, `"type":"reference","referenceTo":["Lead"],"createable":true,"updateable":true,"nillable":true`, "changes_meaning - Lead in place of Contact"},
		{"relationship renamed", update + "A__r.Id = profile.x", `"type":"reference","referenceTo":["Case"],"relationshipName":"A__r","createable":true,"updateable":true,"nillable":true`, `"type":"reference","referenceTo":["Case"],"relationshipName":"B__r","createable":true,"updateable":true,"nillable":true`, "breaks S214 no relationship"},
		{"a label", update + "F__c = answers.a", free, free + `,"label":"Other"`, ""},
	}
	describe := func(t *testing.T, own string) *schema.Schema {
		o, err := schema.ParseDescribe([]byte(`{"name":"Case","createable":true,"updateable":true,"fields":[{"name":"Id","type":"id","idLookup":true},{"name":"Other__c",` + free + `},{` + field + `,` + own + `}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return schema.New(o)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, after := describe(t, tt.before), describe(t, tt.after)
			found := CompareSchemas([]*dsl.File{parse(t, "rule R\n"+tt.rule+"\n")}, func(string) *schema.Schema { return before }, func(string) *schema.Schema { return after })
			if tt.want == "" {
				if len(found) > 0 {
					t.Errorf("it means nothing, and it says %s", showDrift(found))
				}
				return
			}
			want := strings.SplitN(tt.want, " ", 3)
			if want[1] == "-" {
				want[1] = ""
			}
			if len(found) != 1 || string(found[0].Severity) != want[0] || string(found[0].Code) != want[1] || !strings.Contains(found[0].Message, want[2]) {
				t.Errorf("got %swant %s", showDrift(found), tt.want)
			}
			if len(found) > 0 && (found[0].Rule != "R" || found[0].Line < 2) {
				t.Errorf("rule %q line %d", found[0].Rule, found[0].Line)
			}
			if _, err := json.Marshal(found); err != nil {
				t.Error(err)
			}
		})
	}
}

// An object that goes, or may not be written any more, breaks what writes it.
func TestDriftOfObjects(t *testing.T) {
	read := func(text string) *schema.Object {
		o, err := schema.ParseDescribe([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	const fields = `"fields":[{"name":"Id","type":"id"},{"name":"F__c","type":"string","createable":true,"updateable":true,"nillable":true}]}`
	before := schema.New(read(`{"name":"A__c","createable":true,"updateable":true,`+fields), read(`{"name":"B__c","createable":true,"updateable":true,`+fields))
	after := schema.New(read(`{"name":"B__c","createable":false,"updateable":true,` + fields))
	files := []*dsl.File{parse(t, "rule R\non survey response\ncreate A__c set F__c: x\ncreate B__c set F__c: x\nupdate B__c where Id = profile.b set F__c: x\n")}
	got := showDrift(CompareSchemas(files, func(string) *schema.Schema { return before }, func(string) *schema.Schema { return after }))
	want := "breaks rules.sfsync:3 A__c (exists: \"yes\" → \"no\")\n  there is no object `A__c` [S201]\n  help: did you mean `B__c`?\n" +
		"breaks rules.sfsync:4 B__c (createable: \"yes\" → \"no\")\n  B__c cannot be created by the connected user [S203]\n  help: its profile or permission set must allow it, if Salesforce allows it at all\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
