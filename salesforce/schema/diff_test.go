package schema

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// object reads a describe that differs from base in the JSON keys given as field=key:value.
func describeOf(t *testing.T, fields ...string) *Object {
	t.Helper()
	o, err := ParseDescribe([]byte(`{"name":"Case","label":"Case","createable":true,"updateable":true,"fields":[` + strings.Join(fields, ",") + `],
		"recordTypeInfos":[{"recordTypeId":"012000000000001AAA","developerName":"Support","active":true,"available":true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestCompareFields(t *testing.T) {
	const writable = `"createable":true,"updateable":true,"nillable":true`
	tests := []struct {
		name, before, after string
		want                []string
	}{
		{"same", `"type":"string","length":80,` + writable, `"type":"string","length":80,` + writable, nil},
		{"shorter", `"type":"string","length":80,` + writable, `"type":"string","length":40,` + writable, []string{"length 80 → 40"}},
		{"type", `"type":"string","length":80,` + writable, `"type":"double","precision":18,"scale":2,` + writable, []string{"type string → double"}},
		{"precision", `"type":"double","precision":18,"scale":2,` + writable, `"type":"double","precision":5,"scale":0,` + writable, []string{"precision 16.2 → 5.0"}},
		{"digits", `"type":"int","digits":8,` + writable, `"type":"int","digits":3,` + writable, []string{"precision 8 → 3"}},
		{"required", `"type":"string",` + writable, `"type":"string","createable":true,"updateable":true`, []string{"required on create"}},
		{"not empty", `"type":"string","updateable":true,"nillable":true`, `"type":"string","updateable":true`, []string{"may not be empty any more"}},
		{"fls", `"type":"string",` + writable, `"type":"string","custom":true,"nillable":true`,
			[]string{"cannot be set on create any more: no permission (field-level security)", "cannot be updated any more: no permission (field-level security)"}},
		{"formula", `"type":"string","calculated":true,"calculatedFormula":"A"`, `"type":"string","calculated":true,"calculatedFormula":"B"`, []string{"formula A → B"}},
		{"key", `"type":"string","externalId":true,"unique":true,"idLookup":true,` + writable, `"type":"string",` + writable, []string{"not an external id any more", "not unique any more"}},
		{"parent", `"type":"reference","referenceTo":["Contact"],"relationshipName":"A__r",` + writable, `"type":"reference","referenceTo":["Lead","Contact"],"relationshipName":"B__r",` + writable,
			[]string{"points to Contact → Lead, Contact", "relationship name A__r → B__r"}},
		{"default", `"type":"string","defaultValue":"x",` + writable, `"type":"string","defaultValueFormula":"\"y\"",` + writable, []string{`default x → "y"`}},
		{"picklist", `"type":"picklist","picklistValues":[{"value":"A","active":true},{"value":"B","active":true},{"value":"D","active":false}],` + writable,
			`"type":"picklist","restrictedPicklist":true,"picklistValues":[{"value":"A","active":true},{"value":"B","active":false},{"value":"C","active":true}],` + writable,
			[]string{"now restricted to its picklist values", `picklist value "B" removed`, `picklist value "C" added`}},
		{"dependency", `"type":"picklist","dependentPicklist":true,"controllerName":"X","picklistValues":[{"value":"A","active":true,"validFor":"gAAA"},{"value":"B","active":true,"validFor":"QA=="}],` + writable,
			`"type":"picklist","dependentPicklist":true,"controllerName":"X","picklistValues":[{"value":"A","active":true,"validFor":"QAAA"},{"value":"B","active":true,"validFor":"QAAA"}],` + writable,
			[]string{`picklist value "A" depends otherwise on the controlling field`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := describeOf(t, `{"name":"F__c",`+tt.before+`}`)
			after := describeOf(t, `{"name":"F__c",`+tt.after+`}`)
			var got []string
			for _, c := range CompareObjects(before, after) {
				if c.Name() != "Case.F__c" {
					t.Errorf("about %s", c.Name())
				}
				got = append(got, c.String())
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			if back := CompareObjects(after, before); len(back) != len(got) {
				t.Errorf("the other way round there are %d changes, not %d: %v", len(back), len(got), back)
			}
			for _, o := range []*Object{before, after} {
				if c := CompareObjects(o, o); len(c) > 0 {
					t.Errorf("an object differs from itself: %v", c)
				}
			}
		})
	}
}

// Real describes do not differ from themselves, and a field that is taken out is the
// one change.
func TestCompareRealDescribes(t *testing.T) {
	s, err := ReadDir(os.DirFS(realData(t, "describe")))
	if err != nil {
		t.Fatal(err)
	}
	if c := Compare(s, s); len(c) > 0 {
		t.Errorf("a schema differs from itself: %v", c)
	}
	for _, name := range s.Names() {
		whole := s.Object(name)
		for i, f := range whole.Fields {
			rest := slices.Delete(slices.Clone(whole.Fields), i, i+1)
			c := CompareObjects(whole, &Object{Name: name, Label: whole.Label, Createable: whole.Createable, Updateable: whole.Updateable, RecordTypes: whole.RecordTypes, Fields: rest})
			if len(c) != 1 || c[0].Name() != name+"."+f.Name || c[0].Aspect != AspectExists || c[0].After != "no" {
				t.Fatalf("without %s.%s: %v", name, f.Name, c)
			}
		}
	}
}

func TestCompareSchemas(t *testing.T) {
	id := `{"name":"Id","type":"id"}`
	before := New(describeOf(t, id, `{"name":"Old__c","type":"string"}`), &Object{Name: "Gone__c"}, &Object{Name: "Listed__c", Createable: true})
	changed := describeOf(t, id, `{"name":"New__c","type":"string"}`)
	changed.RecordTypes[0].Available = false
	changed.Updateable = false
	after := New(changed, &Object{Name: "Fresh__c"}, &Object{Name: "Listed__c", Fields: []*Field{{Name: "Id", Type: TypeID}}})
	var got []string
	for _, c := range Compare(before, after) {
		got = append(got, c.Name()+": "+c.String())
	}
	want := []string{
		"Case: cannot be updated any more",
		"Case: record type 012000000000001AAA (Support) cannot be used any more",
		"Case.New__c: new",
		"Case.Old__c: gone, or hidden from the user by field-level security",
		"Fresh__c: new",
		"Gone__c: gone, or hidden from the user",
		"Listed__c: cannot be created any more",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if c := CompareObjects(nil, nil); c != nil {
		t.Error(c)
	}
	for _, c := range Compare(after, before) {
		if c.Aspect == AspectRecordType && !strings.Contains(c.String(), "can be used") {
			t.Error(c)
		}
	}
}
