package plan

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

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
		{"key of another type", "on survey response\nupsert Case where F__c = response.id set Other__c: x", free + `,"externalId":true`, `"type":"email","length":80,"createable":true,"updateable":true,"nillable":true,"externalId":true`, "changes_meaning - email in place of string"},
		{"shorter key", "on survey response\nupsert Case where F__c = response.id set Other__c: x", free + `,"externalId":true`, strings.Replace(free, "80", "10", 1) + `,"externalId":true`, "changes_meaning - longer than 10"},
		{"unique key", "on survey response\nupsert Case where F__c = response.id set Other__c: x", free + `,"externalId":true`, free + `,"externalId":true,"unique":true`, "harmless - unique now"},
		{"another value to read", "on outbound message Case if record.F__c == \"B\"\nupdate Case where Id = record.Id set Other__c: x", noB, pick, `harmless - can be "B"`},
		{"a message without the field", "on outbound message Case if record.F__c == \"B\"\nupdate Case where Id = record.Id set Other__c: x", free, `"type":"address"`, `changes_meaning - as string, and it is address`},
		{"writable again", update + "F__c = answers.a", `"type":"string","length":80,"nillable":true,"createable":true`, free, "harmless - can be updated"},
		{"precision", update + "F__c = answers.a", `"type":"double","precision":18,"scale":2,"createable":true,"updateable":true,"nillable":true`, `"type":"double","precision":3,"scale":2,"createable":true,"updateable":true,"nillable":true`, "changes_meaning - more digits than 1.2"},
		{"more precision", update + "F__c = answers.a", `"type":"double","precision":3,"scale":2,"createable":true,"updateable":true,"nillable":true`, `"type":"double","precision":18,"scale":2,"createable":true,"updateable":true,"nillable":true`, "harmless - larger"},
		{"lax again", update + "F__c = answers.a", pick + strict, pick, "harmless - beyond"},
		{"not unique", update + "F__c = answers.a", free + `,"unique":true`, free, "harmless - several"},
		{"another controller", update + "F__c = answers.a", pick + `,"dependentPicklist":true,"controllerName":"A"`, pick + `,"dependentPicklist":true,"controllerName":"B"`, "changes_meaning - another field"},
		{"new and required", create + "Other__c: x", "", strings.Replace(free, `"nillable":true`, `"nillable":false`, 1), "breaks S205 without F__c"},
		{"new and required, and an update does not care", update[:len(update)-4] + "set Other__c: x", "", strings.Replace(free, `"nillable":true`, `"nillable":false`, 1), ""},
		{"new", create + "Other__c: x", "", free, ""},
		{"a label", update + "F__c = answers.a", free, free + `,"label":"Other"`, ""},
	}
	describe := func(t *testing.T, own string) *schema.Schema {
		if own != "" {
			own = `,{` + field + `,` + own + `}`
		}
		o, err := schema.ParseDescribe([]byte(`{"name":"Case","createable":true,"updateable":true,"fields":[{"name":"Id","type":"id","idLookup":true},{"name":"Other__c",` + free + `}` + own + `]}`))
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

// Whatever changes, the report says that rules break exactly if they do not compile
// any more, and names a line of each error.
func TestDriftFindsWhatBreaks(t *testing.T) {
	text := string(designRules(t)) + "\nrule More\non survey response other\nupsert Survey_Response__c where Response_Id__c = response.id\n  set Account__r.Crm_Key__c = profile.key\n      Channel__c: SMS\n      Score__c = answers.nps\ncreate Lead\n  set LastName = contact.name, Company: Unknown\n      Status: Open\n"
	files := []*dsl.File{parse(t, text)}
	before := exampleSchema(t)
	of := func(s *schema.Schema) func(string) *schema.Schema { return func(string) *schema.Schema { return s } }
	if _, found := Compile(files, Options{Schema: of(before)}); dsl.HasErrors(found) {
		t.Fatal(found)
	}
	var used []use
	c := compile(files, Options{Schema: of(before)})
	for _, u := range usesOf(c.plan.Rules, c.variables, of(before)) {
		if u.field != "" && u.role != leaves {
			used = append(used, u)
		}
	}
	added := map[string]any{"name": "Added__c", "type": "string", "length": 80, "createable": true, "updateable": true, "nillable": false}
	mutations := []map[string]any{
		added, // another field comes
		nil,   // the field goes
		{"type": "double", "precision": 3, "scale": 0, "length": 0}, {"type": "boolean"}, {"type": "datetime"}, {"length": 3}, {"nillable": false, "defaultedOnCreate": false},
		{"createable": false}, {"updateable": false}, {"createable": false, "updateable": false}, {"externalId": false, "idLookup": false, "unique": false},
		{"restrictedPicklist": true, "picklistValues": []any{map[string]any{"value": "Z", "label": "Z", "active": true}}}, {"referenceTo": []any{"User"}}, {"relationshipName": "Other__r"}, {"label": "Other"},
	}
	rapid.Check(t, func(t *rapid.T) {
		after := schema.New()
		edits := map[string]map[string]map[string]any{}
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			u := used[rapid.IntRange(0, len(used)-1).Draw(t, "use")]
			if edits[u.object] == nil {
				edits[u.object] = map[string]map[string]any{}
			}
			edits[u.object][u.field] = mutations[rapid.IntRange(0, len(mutations)-1).Draw(t, "mutation")]
		}
		for _, name := range before.Names() {
			data := before.Object(name).Raw()
			if edits[name] != nil {
				data = mutate(t, data, edits[name])
			}
			o, err := schema.ParseDescribe(data)
			if err != nil {
				t.Fatal(err)
			}
			after.Add(o)
		}
		found := CompareSchemas(files, of(before), of(after))
		_, now := Compile(files, Options{Schema: of(after)})
		if HasBreaks(found) != dsl.HasErrors(now) {
			t.Fatalf("after %v\nthe checker says %v\nthe report says %s", edits, messages(now), showDrift(found))
		}
		for _, d := range now {
			line := d.Source.Position(d.From).Line
			if d.Severity == dsl.Error && !slices.ContainsFunc(found, func(f Drift) bool { return f.Severity == Breaks && f.Line <= line }) {
				t.Fatalf("after %v\nnothing is said of %s at line %d: %s", edits, d.Message, line, showDrift(found))
			}
		}
		for _, f := range found {
			if f.Message == "" || f.Line == 0 || f.Rule == "" {
				t.Fatalf("%+v", f)
			}
		}
	})
}

// mutate sets keys of the fields of a describe, and leaves out those for which there is nil.
func mutate(t *rapid.T, describe []byte, edits map[string]map[string]any) []byte {
	var raw map[string]any
	if err := json.Unmarshal(describe, &raw); err != nil {
		t.Fatal(err)
	}
	var fields []any
	for _, f := range raw["fields"].([]any) {
		field := f.(map[string]any)
		set, ok := edits[field["name"].(string)]
		if ok && set == nil && field["name"] != "Id" {
			continue
		}
		fields = append(fields, field)
		if set["name"] != nil {
			fields = append(fields, set) // comes beside it
			continue
		}
		maps.Copy(field, set)
	}
	raw["fields"] = fields
	data, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return data
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
