package schema

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// realData returns the folder of real Salesforce data, and skips the test where
// there is none.
func realData(t testing.TB, folder string) string {
	t.Helper()
	root := os.Getenv("SFSYNC_REAL_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, folder)
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no real Salesforce data here; SFSYNC_REAL_DATA names its folder")
	}
	return dir
}

const widget = `{
  "name": "Widget__c", "label": "Widget", "keyPrefix": "a0W", "custom": true, "createable": true, "queryable": true,
  "somethingNew": {"x": [1]},
  "fields": [
    {"name": "Id", "label": "Record ID", "type": "id", "length": 18, "defaultedOnCreate": true, "idLookup": true, "permissionable": false},
    {"name": "Size__c", "type": "double", "precision": 6, "scale": 2, "createable": true, "updateable": true, "nillable": true, "defaultValue": 1.5},
    {"name": "Done__c", "type": "boolean", "createable": true, "updateable": true, "defaultedOnCreate": true, "defaultValue": false},
    {"name": "Kind__c", "type": "picklist", "createable": true, "defaultValue": "A", "defaultValueFormula": null,
     "picklistValues": [{"value": "A", "label": "a", "active": true, "defaultValue": true, "validFor": null}]},
    {"name": "Parent__c", "type": "reference", "referenceTo": ["Account", "Contact"], "relationshipName": "Parent__r", "createable": true, "updateable": true, "nillable": true}
  ],
  "recordTypeInfos": [{"recordTypeId": "012000000000000AAA", "name": "Master", "master": true, "active": true}]
}`

func TestParseDescribe(t *testing.T) {
	o, err := ParseDescribe([]byte(widget))
	if err != nil {
		t.Fatal(err)
	}
	if o.Name != "Widget__c" || o.KeyPrefix != "a0W" || !o.Custom || !o.Createable || o.Updateable || !o.RecordTypes[0].Master {
		t.Errorf("object %+v", o)
	}
	if f := o.Field("SIZE__C"); f == nil || f.Name != "Size__c" || f.Precision != 6 || f.DefaultValue != "1.5" || !f.Permissionable || f.Object() != o {
		t.Errorf("field of another case: %+v", f)
	}
	if f := o.Field("Done__c"); f.DefaultValue != "false" || f.RequiredOnCreate() {
		t.Errorf("checkbox: %+v", f)
	}
	if f := o.Field("Kind__c"); f.DefaultValue != "A" || !f.PicklistValues[0].Default || !f.RequiredOnCreate() || f.WhyNotUpdateable() != ReasonOnlyOnCreate {
		t.Errorf("picklist: %+v", f)
	}
	if f := o.Relationship("parent__r"); f == nil || f.Name != "Parent__c" || !f.Polymorphic() {
		t.Errorf("relationship: %+v", f)
	}
	if o.Field("Nothing__c") != nil || o.Relationship("") != nil || o.Relationship("Nothing__r") != nil {
		t.Error("found a field that is not there")
	}
	if want := []string{"Id", "Size__c", "Done__c", "Kind__c", "Parent__c"}; !slices.Equal(o.FieldNames(), want) {
		t.Errorf("fields %q, want %q", o.FieldNames(), want)
	}
}

func TestParseDescribeErrors(t *testing.T) {
	for in, want := range map[string]string{
		`{`:  "describe is not readable: unexpected end of JSON input",
		`[]`: "describe is not readable",
		`{"name":"A","fields":[{"name":"P","type":"picklist","picklistValues":["x"]}]}`: "describe is not readable: a value of type string does not go into picklistValues",
		`{}`:        "describe names no object",
		`{"name":5`: "describe is not readable",
		`{"name":"../x","fields":[{"name":"Id","type":"id"}]}`: `describe names the object "../x", which is no API name`,
		`{"name":"Case"}`:                                                                "describe of Case lists no fields",
		`{"name":"Case","fields":[null]}`:                                                "describe of Case: field 1 has no name",
		`{"name":"Case","fields":[{"type":"id"}]}`:                                       "describe of Case: field 1 has no name",
		`{"name":"Case","fields":[{"name":"a b","type":"id"}]}`:                          `describe of Case: field 1 is called "a b", which is no API name`,
		`{"name":"Case","fields":[{"name":"Id"}]}`:                                       "describe of Case: field Id has no type",
		`{"name":"Case","fields":[{"name":"Id","type":"id"}],"recordTypeInfos":[null]}`:  "describe of Case: record type 1 is null",
		`{"name":"Case","fields":[{"name":"Id","type":"id","defaultValue":"\ud800\x"}]}`: "describe is not readable",
	} {
		o, err := ParseDescribe([]byte(in))
		if o != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", in, err, want)
		}
	}
	if _, err := ParseDescribe(make([]byte, MaxDescribe+1)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a describe beyond the limit: %v", err)
	}
}

func TestReadDir(t *testing.T) {
	old := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	s, err := ReadDir(fstest.MapFS{
		"Widget__c.json": {Data: []byte(widget)},
		"Case.JSON":      {Data: []byte(`{"name":"Case","keyPrefix":"500","fields":[{"name":"Id","type":"id"}]}`)},
		"broken.json":    {Data: []byte(`{"name":`)},
		"twice.json":     {Data: []byte(widget)},
		"notes.txt":      {Data: []byte("not a describe")},
		"sub/X.json":     {Data: []byte(`{}`)},
		"fetched.txt":    {Data: []byte("2026-11-02T00:00:00Z Widget__c\r\n2026-11-01T00:00:00Z Case\nyesterday Lead\n")},
	})
	want := "broken.json: describe is not readable: unexpected end of JSON input\ntwice.json: describes Widget__c, as Widget__c.json does already"
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant %s", err, want)
	}
	if got := s.Names(); !slices.Equal(got, []string{"Case", "Widget__c"}) {
		t.Errorf("objects %q", got)
	}
	if s.Object("widget__C") == nil || s.Object("Lead") != nil || s.ByKeyPrefix("500") != s.Object("Case") || s.ByKeyPrefix("00Q") != nil {
		t.Error("objects are not found by name and prefix")
	}
	if !s.FetchedAt.Equal(old) {
		t.Errorf("fetched at %v, want the oldest one's %v", s.FetchedAt, old)
	}
	if _, err := ReadDir(os.DirFS(filepath.Join(t.TempDir(), "absent"))); err == nil || !strings.HasPrefix(err.Error(), "cannot read the schema directory") {
		t.Errorf("absent directory: %v", err)
	}
	var none *Schema
	if none.Object("Case") != nil || none.ByKeyPrefix("500") != nil || none.Names() != nil {
		t.Error("a nil schema has objects")
	}
}

func TestSchemaAddReplaces(t *testing.T) {
	s := New(&Object{Name: "A__c", KeyPrefix: "a01"})
	s.Add(&Object{Name: "A__c", KeyPrefix: "a02"})
	if s.ByKeyPrefix("a01") != nil || s.ByKeyPrefix("a02") == nil || len(s.Names()) != 1 {
		t.Error("the old object is still there")
	}
}

// What is written can be read again, raw describe results and objects made by hand alike.
func TestWriteDir(t *testing.T) {
	o, err := ParseDescribe([]byte(widget))
	if err != nil {
		t.Fatal(err)
	}
	o.FetchedAt = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	byHand := &Object{Name: "Hand__c", Label: "Hand", KeyPrefix: "a0H", Fields: []*Field{{Name: "Note__c", Type: TypeString, Length: 5, DefaultValue: "x"}}}
	dir := filepath.Join(t.TempDir(), "new", "schema")
	if err := New(o, byHand).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	if err := New(&Object{Name: "Listed__c"}).WriteDir(dir); err != nil {
		t.Fatal(err)
	}
	s, err := ReadDir(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	if got := New(o, byHand, &Object{Name: "Listed__c"}).Described(); !slices.Equal(got, s.Names()) {
		t.Errorf("described are %v, and written %v", got, s.Names())
	}
	if at := s.Object("Widget__c").FetchedAt; !at.Equal(o.FetchedAt) || !s.FetchedAt.Equal(at) || !s.Object("Hand__c").FetchedAt.IsZero() {
		t.Errorf("fetched at %v, schema %v", at, s.FetchedAt)
	}
	f := s.Object("Hand__c").Field("Note__c")
	if f.Length != 5 || f.DefaultValue != "x" || f.Permissionable {
		t.Errorf("read back %+v", f)
	}
	var was, is any
	if json.Unmarshal([]byte(widget), &was) != nil || json.Unmarshal(s.Object("Widget__c").Raw(), &is) != nil {
		t.Fatal("unreadable")
	}
	a, _ := json.Marshal(was)
	b, _ := json.Marshal(is)
	if string(a) != string(b) {
		t.Errorf("the raw describe changed:\n%s\n%s", a, b)
	}
	if err := New(&Object{Name: "../evil", Fields: byHand.Fields}).WriteDir(dir); err == nil {
		t.Error("wrote a file outside of the directory")
	}
	if err := New(o).WriteDir(filepath.Join(dir, "Hand__c.json")); err == nil {
		t.Error("made a directory of a file")
	}
}

func TestWhyNotWritable(t *testing.T) {
	o := &Object{Name: "X__c", Createable: true, Updateable: true, Fields: []*Field{
		{Name: "Open__c", Createable: true, Updateable: true},
		{Name: "Master__c", Type: TypeReference, Createable: true},
		{Name: "IsPartner", Type: TypeBoolean, Updateable: true},
		{Name: "Formula__c", Type: TypeDouble, Calculated: true, CalculatedFormula: "1+1", Custom: true},
		{Name: "TextFormula__c", Type: TypeString, Calculated: true, Custom: true},
		{Name: "Total__c", Type: TypeCurrency, Calculated: true, Custom: true},
		{Name: "Number__c", Type: TypeString, AutoNumber: true, Custom: true},
		{Name: "MailingAddress", Type: TypeAddress, Permissionable: true},
		{Name: "Name", Type: TypeString, Permissionable: true},
		{Name: "FirstName", Type: TypeString, CompoundFieldName: "Name", Createable: true, Updateable: true},
		{Name: "LastName", Type: TypeString, CompoundFieldName: "Name", Createable: true, Updateable: true},
		{Name: "Secret__c", Type: TypeEncryptedString, Custom: true},
		{Name: "Shield__c", Type: TypeString, Encrypted: true, Custom: true},
		{Name: "Id", Type: TypeID, Permissionable: true},
		{Name: "CreatedDate", Type: TypeDateTime, Permissionable: true},
		{Name: "PhotoUrl", Type: TypeURL},
		{Name: "Hidden__c", Type: TypeString, Custom: true, Permissionable: true},
		{Name: "ReadOnly", Type: TypeString, Permissionable: true},
	}}
	New(o)
	for field, want := range map[string][2]string{
		"Open__c":        {"", ""},
		"Master__c":      {"", ReasonOnlyOnCreate},
		"IsPartner":      {ReasonOnlyOnUpdate, ""},
		"Formula__c":     {ReasonFormula, ReasonFormula},
		"TextFormula__c": {ReasonFormula, ReasonFormula},
		"Total__c":       {ReasonRollUp, ReasonRollUp},
		"Number__c":      {ReasonAutoNumber, ReasonAutoNumber},
		"MailingAddress": {ReasonCompound, ReasonCompound},
		"Name":           {ReasonCompound, ReasonCompound},
		"Secret__c":      {ReasonEncrypted, ReasonEncrypted},
		"Shield__c":      {ReasonEncrypted, ReasonEncrypted},
		"Id":             {ReasonSystem, ReasonSystem},
		"CreatedDate":    {ReasonSystem, ReasonSystem},
		"PhotoUrl":       {ReasonSystem, ReasonSystem},
		"Hidden__c":      {ReasonNoPermission, ReasonNoPermission},
		"ReadOnly":       {ReasonNoPermission, ReasonNoPermission},
	} {
		f := o.Field(field)
		if got := [2]string{f.WhyNotCreateable(), f.WhyNotUpdateable()}; got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
	if got := o.Field("Name").Parts(); !slices.Equal(got, []string{"FirstName", "LastName"}) {
		t.Errorf("parts of Name: %q", got)
	}
	if new(Field).Parts() != nil {
		t.Error("a field without object has parts")
	}
	// Nothing of an object that the user may not write is described as writable.
	o.Createable, o.Updateable = false, false
	for field, want := range map[string]string{"PhotoUrl": ReasonNoObject, "ReadOnly": ReasonNoObject, "CreatedDate": ReasonSystem, "Formula__c": ReasonFormula} {
		if got := o.Field(field).WhyNotUpdateable(); got != want {
			t.Errorf("%s of an object that is read-only: %q, want %q", field, got, want)
		}
	}
}

// The describes of a real org say what the wire reference of Salesforce says.
func TestRealDescribes(t *testing.T) {
	s, err := ReadDir(os.DirFS(realData(t, "describe")))
	if err != nil {
		t.Fatal(err)
	}
	required := func(object string) (names []string) {
		for _, f := range s.Object(object).Fields {
			if f.RequiredOnCreate() {
				names = append(names, f.Name)
			}
		}
		return names
	}
	for object, want := range map[string][]string{"Account": {"Name"}, "Contact": {"LastName"}, "Case": nil} {
		if got := required(object); !slices.Equal(got, want) {
			t.Errorf("required on create of %s: %q, want %q", object, got, want)
		}
		if p := WellKnownPrefix(object); s.Object(object).KeyPrefix != p {
			t.Errorf("key prefix of %s: %q, want %q", object, s.Object(object).KeyPrefix, p)
		}
	}
	for path, want := range map[string]string{
		"Contact.Name":           ReasonCompound,
		"Contact.MailingAddress": ReasonCompound,
		"Contact.MailingCity":    "",
		"Contact.CreatedById":    ReasonSystem,
		"Contact.IsEmailBounced": ReasonSystem,
		"Case.CaseNumber":        ReasonAutoNumber,
		"Case.ContactEmail":      ReasonSystem,
		"Case.ClosedDate":        ReasonSystem,
		"Case.Status":            "",
		"Account.SystemModstamp": ReasonSystem,
		"TestObject15__c.Name":   "",
	} {
		object, field, _ := strings.Cut(path, ".")
		if got := s.Object(object).Field(field).WhyNotUpdateable(); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if _, bad := s.Object("Case").Field("ContactId").AppendJSON(nil, text("0017F000003pmdW")); bad == nil || bad.Kind != WrongObject {
		t.Errorf("an account id as the contact of a case: %v", bad)
	}
	if got, bad := s.Object("TestObject15__c").Field("Interests__c").AppendJSON(nil, list(text("art"), text("travel"))); string(got) != `"art;travel"` {
		t.Errorf("multi-select picklist: %s %v", got, bad)
	}
}

// Any describe that can be read can be written and read again, and its fields
// convert values without a panic.
func FuzzParseDescribe(f *testing.F) {
	f.Add([]byte(widget))
	f.Add([]byte(`{"name":"A","fields":[{"name":"F","type":"multipicklist","picklistValues":[{"value":"x"}]}]}`))
	f.Add([]byte(`{"name":"A","fields":[{"name":"F","type":"double","precision":-1,"scale":99,"referenceTo":[""]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := ParseDescribe(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		same, err := ParseDescribe(again)
		if err != nil || len(same.Fields) != len(o.Fields) {
			t.Fatalf("%s: %v", again, err)
		}
		New(o)
		for _, field := range o.Fields {
			field.WhyNotCreateable()
			field.ValidFor("x", o.Fields[0])
			for _, v := range []Value{text("2026-11-23"), num("1e5"), yes(), {}, list(text("a"))} {
				out, bad := field.AppendJSON(nil, v)
				if bad == nil && !json.Valid(out) {
					t.Fatalf("%s of type %s: %s", field.Name, field.Type, out)
				}
			}
		}
	})
}
