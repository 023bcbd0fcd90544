package orgsim

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

func TestDescribe(t *testing.T) {
	users := []User{{Username: "admin@x.example", Profile: "Admin"}, {Username: "bot@x.example", Profile: "Bot"}}
	b := newBench(t, Options{Users: users, Overlay: Overlay{
		Describe: []DescribeChange{{Object: "Case", Field: "Origin", Set: map[string]any{"restrictedPicklist": true, "nillable": false, "picklistValues": []any{"Web", "Survey"}}}},
		Access: []Access{{Profile: "Bot", Object: "Case", Level: "edit", Hidden: []string{"Reason"}, ReadOnly: []string{"Priority"}},
			{User: "bot@x.example", Object: "Lead", Level: "none"}},
	}})
	w := b.do("GET", "sobjects/Case/describe", "")
	var described struct {
		KeyPrefix string
		Fields    []map[string]any
		URLs      map[string]string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &described); err != nil {
		t.Fatal(err)
	}
	for _, f := range described.Fields {
		if len(f) != 57 {
			t.Errorf("field %v has %d keys, not 57", f["name"], len(f))
		}
	}
	if described.KeyPrefix != "500" || described.URLs["describe"] != "/services/data/v67.0/sobjects/Case/describe" {
		t.Errorf("prefix %s, urls %v", described.KeyPrefix, described.URLs)
	}
	o, err := schema.ParseDescribe(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if f := o.Field("Origin"); !f.RequiredOnCreate() || len(f.PicklistValues) != 2 || f.PicklistValues[1].Label != "Survey" || !f.PicklistValues[1].Active {
		t.Errorf("Origin is %+v", f)
	}
	if got := o.Field("Product_Area__c").ValidFor("Store", o.Field("Product__c")); !slices.Equal(got, []string{"Payment", "Staff"}) {
		t.Errorf("areas of a store are %v", got)
	}
	if f := o.Field("Reason"); f == nil || !f.Updateable || !o.Field("Priority").Updateable || o.Field("CaseNumber").Createable || !o.Createable {
		t.Error("the admin is limited")
	}

	modified := w.Header().Get("Last-Modified")
	b.header["If-Modified-Since"] = modified
	b.want("GET", "sobjects/Case/describe", "", 304, "")
	b.want("GET", "sobjects", "", 304, "")
	delete(b.header, "If-Modified-Since")

	b.token = b.Login("bot@x.example")
	if o, err = schema.ParseDescribe(b.do("GET", "sobjects/Case/describe", "").Body.Bytes()); err != nil {
		t.Fatal(err)
	}
	if o.Field("Reason") != nil || o.Field("Priority").Updateable || o.Field("Priority").Createable || o.Createable || !o.Updateable {
		t.Error("the bot is not limited")
	}
	b.want("GET", "sobjects/Lead/describe", "", 404, `[{"message":"The requested resource does not exist"…`)
	b.want("POST", "sobjects/Case", `{}`, 400, `[{"message":"entity type cannot be inserted: Case","errorCode":"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"…`)
	global := decodeBody[struct {
		MaxBatchSize int
		SObjects     []struct{ Name string }
	}](t, b.do("GET", "sobjects", ""))
	if len(global.SObjects) != 6 || global.MaxBatchSize != 200 {
		t.Errorf("the bot sees %+v", global)
	}
}

// TestShippedSchema keeps the promises that rules and examples rely on.
func TestShippedSchema(t *testing.T) {
	b := newBench(t, Options{})
	required := map[string][]string{"Account": {"Name"}, "Contact": {"LastName"}, "Lead": {"LastName", "Company"}, "Case": nil,
		"Survey_Response__c": nil, "Survey_Invitation__c": {"Distribution_Id__c"}}
	prefixes := map[string]string{"Account": "001", "Contact": "003", "Lead": "00Q", "Case": "500", "Survey_Response__c": "a00", "Survey_Invitation__c": "a01"}
	for object, want := range required {
		o, err := schema.ParseDescribe(b.do("GET", "sobjects/"+object+"/describe", "").Body.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range o.Fields {
			if f.RequiredOnCreate() {
				got = append(got, f.Name)
			}
		}
		if !slices.Equal(got, want) || o.KeyPrefix != prefixes[object] {
			t.Errorf("%s (%s) requires %v, want %v", object, o.KeyPrefix, got, want)
		}
	}
}

func TestOverlayMistakes(t *testing.T) {
	for overlay, want := range map[string]string{
		`{"acces":[]}`: `unknown field "acces"`,
		`{"access":[{"object":"Lead","hidden":["Statsu"]}]}`:                                                                     `names the field "Statsu", which Lead does not have`,
		`{"access":[{"object":"Leed"}]}`:                                                                                         `names the object "Leed"`,
		`{"access":[{"object":"Lead","level":"some"}]}`:                                                                          `it is none, read, edit or full`,
		`{"access":[{"object":"Lead","user":"nobody"}]}`:                                                                         `names the user "nobody"`,
		`{"describe":[{"object":"Lead","field":"Status","set":{"nilable":true}}]}`:                                               `"nilable" on Lead.Status`,
		`{"describe":[{"object":"Lead","field":"Status","set":{"type":"int"}}]}`:                                                 `cannot change the name or type`,
		`{"sharing":[{"object":"Lead","level":"read","records":["1"]}]}`:                                                         `"1", which is no record id`,
		`{"validationRules":[{"name":"r","object":"Lead","message":"m"}]}`:                                                       `needs a condition`,
		`{"validationRules":[{"name":"r","object":"Lead","message":"m","when":[{"field":"X","op":"="}]}]}`:                       `rule "r": overlay names the field "X"`,
		`{"validationRules":[{"name":"r","object":"Lead","message":"m","when":[{"field":"Title","op":"~"}]}]}`:                   `no operator "~"`,
		`{"validationRules":[{"name":"r","object":"Lead","message":"m","when":[{"field":"Title","op":"matches","value":"("}]}]}`: `missing closing`,
		`{"duplicateRules":[{"name":"d","object":"Lead"}]}`:                                                                      `compares no fields`,
		`{"assignment":{"Leed":"x"}}`:                                                                                            `names the object "Leed"`,
		`{} {}`:                                                                                                                  `behind its closing brace`,
	} {
		v, err := ParseOverlay([]byte(overlay))
		if err == nil {
			_, err = New(Options{Overlay: v})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", overlay, err, want)
		}
	}
}

func TestOptionMistakes(t *testing.T) {
	for want, opts := range map[string]Options{
		"organization id":                 {OrgID: "001000000000001"},
		"username of his own":             {Users: []User{{Username: "a"}, {Username: "a"}}},
		"starts with 005":                 {Users: []User{{Username: "a", ID: "003000000000001"}}},
		"no user of this org":             {Apps: []App{{ClientID: "x", RunAs: "b"}}},
		"no describe files":               {Schema: fstest.MapFS{}},
		"X.json: describe is not":         {Schema: fstest.MapFS{"X.json": {Data: []byte("{")}}},
		"has no key prefix":               {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"name":"X","fields":[{"name":"A","type":"string"}]}`)}}},
		"have the same key prefix":        {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"name":"X","keyPrefix":"a00","fields":[]}`)}, "Y.json": {Data: []byte(`{"name":"Y","keyPrefix":"a00","fields":[]}`)}}},
		"X.json: describe is no JSON":     {Schema: fstest.MapFS{"X.json": {Data: []byte(`["X"]`)}}},
		"X.json: describe names no ":      {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"fields":[]}`)}}},
		"X.json: fields of X are no list": {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"name":"X","keyPrefix":"a00","fields":{}}`)}}},
		"key prefix \"a0!\"":              {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"name":"X","keyPrefix":"a0!","fields":[]}`)}}},
		"object Ab is described twice":    {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"name":"ab","keyPrefix":"a00","fields":[]}`)}, "Y.json": {Data: []byte(`{"name":"Ab","keyPrefix":"a01","fields":[]}`)}}},
		"field b__c twice":                {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"name":"X","keyPrefix":"a00","fields":[{"name":"B__c","type":"string"},{"name":"b__c","type":"string"}]}`)}}},
		"which is no value of A":          {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"name":"X","keyPrefix":"a00","fields":[{"name":"A","type":"picklist"},{"name":"B","type":"picklist","controllerName":"A","picklistValues":[{"value":"v","when":["q"]}]}]}`)}}},
		"depends on \"A\", which is ":     {Schema: fstest.MapFS{"X.json": {Data: []byte(`{"name":"X","keyPrefix":"a00","fields":[{"name":"B","type":"picklist","controllerName":"A","picklistValues":[{"value":"v","when":["q"]}]}]}`)}}},
	} {
		if _, err := New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
	org, _ := New(Options{})
	if err := org.Start("0.0.0.0:0"); err == nil || !strings.Contains(err.Error(), "other machines") {
		t.Errorf("listening on all addresses: %v", err)
	}
}

func TestSharingDuplicatesAndStorage(t *testing.T) {
	b := newBench(t, Options{Overlay: Overlay{
		Sharing: []Sharing{{Object: "Account", When: []Condition{{Field: "Rating", Op: "=", Value: []byte(`"Hot"`)}}, Level: "none"},
			{Object: "Contact", Records: []string{"003000000000007"}, Level: "read"}},
		DuplicateRules: []DuplicateRule{{Name: "Same_Mail", Object: "Contact", Fields: []string{"Email", "LastName"}, AllowSave: true}},
		Assignment:     map[string]string{"Case": "005Sm0000000009"},
		MaxRecords:     6,
	}})
	hidden := b.seed("Account", M{"Name": "Secret", "Rating": "Hot"})
	b.seed("Contact", M{"Id": "003000000000007", "LastName": "Ada", "Email": "ada@x.example"})
	b.want("GET", "sobjects/Account/"+hidden, "", 404, `[{"message":"The requested resource does not exist"…`)
	cross := `[{"message":"insufficient access rights on cross-reference id: ` + hidden[:15] + `","errorCode":"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY","fields":[]}]`
	b.want("POST", "sobjects/Contact", `{"LastName":"B","AccountId":"`+hidden+`"}`, 400, cross)
	b.want("PATCH", "sobjects/Account/"+hidden, `{"Name":"x"}`, 400, cross)
	readOnly := `[{"message":"insufficient access rights on object id","errorCode":"INSUFFICIENT_ACCESS_OR_READONLY","fields":[]}]`
	b.want("PATCH", "sobjects/Contact/003000000000007", `{"Title":"x"}`, 400, readOnly)
	b.want("DELETE", "sobjects/Contact/003000000000007", "", 400, readOnly)
	b.want("GET", "sobjects/Contact/003000000000007?fields=LastName", "", 200, `{"attributes"…`)
	if w := b.do("GET", "query?q="+url.QueryEscape("SELECT COUNT() FROM Account"), ""); !strings.Contains(w.Body.String(), `"totalSize":0`) {
		t.Errorf("a query shows a record that is not shared: %s", w.Body)
	}

	duplicate := `{"LastName":"ADA","Email":"Ada@x.example"}`
	w := b.want("POST", "sobjects/Contact", duplicate, 400, `[{"duplicateResult":{"allowSave":true,"duplicateRule":"Same_Mail"…`)
	if !strings.HasSuffix(w.Body.String(), `"message":"Use one of these records?","errorCode":"DUPLICATES_DETECTED","fields":[]}]`) || !strings.Contains(w.Body.String(), `"Id":"003000000000007AAA"`) {
		t.Errorf("duplicate: %s", w.Body)
	}
	b.header["Sforce-Duplicate-Rule-Header"] = "includeRecordDetails=false; allowSave=true"
	b.want("POST", "sobjects/Contact", duplicate, 201, `{"id":"003…`)
	b.want("POST", "sobjects/Case", `{"Subject":"mine"}`, 201, `{"id":"500…`)
	b.header["Sforce-Auto-Assign"] = "false"
	b.want("POST", "sobjects/Case", `{"Subject":"mine"}`, 201, `{"id":"500…`)
	cases := b.Records("Case")
	if cases[0]["OwnerId"] != "005Sm0000000009IAA" || cases[1]["OwnerId"] != b.config.Load().users[0].ID {
		t.Errorf("owners are %v and %v", cases[0]["OwnerId"], cases[1]["OwnerId"])
	}
	b.want("POST", "sobjects/Case", `{}`, 400, `[{"message":"storage limit exceeded","errorCode":"STORAGE_LIMIT_EXCEEDED","fields":[]}]`)
}

func TestConditionalHeaders(t *testing.T) {
	b := newBench(t, Options{})
	account, contact := b.seed("Account", M{"Name": "Acme"}), b.seed("Contact", M{"LastName": "Ada"})
	then := b.clock.now().Format(http.TimeFormat)
	tag := b.do("GET", "sobjects/Account/"+account, "").Header().Get("ETag")
	with := func(name, value, method, path, body string, status int) {
		t.Helper()
		b.header = map[string]string{name: value}
		if w := b.do(method, path, body); w.Code != status {
			t.Errorf("%s: %s: %s %s answers %d %s, want %d", name, value, method, path, w.Code, w.Body, status)
		}
	}
	with("If-Modified-Since", then, "GET", "sobjects/Contact/"+contact, "", 304)
	with("If-Unmodified-Since", then, "PATCH", "sobjects/Contact/"+contact, `{"Title":"x"}`, 204)
	b.clock.move(2_000_000_000)
	with("If-None-Match", tag, "GET", "sobjects/Account/"+account, "", 304)
	with("If-Match", `"other"`, "PATCH", "sobjects/Account/"+account, `{"Rating":"Hot"}`, 412)
	with("If-Match", tag[:len(tag)-1]+`-gzip"`, "PATCH", "sobjects/Account/"+account, `{"Rating":"Hot"}`, 204)
	with("If-Match", tag, "PATCH", "sobjects/Account/"+account, `{"Rating":"Cold"}`, 412)
	with("If-Match", `"other"`, "PATCH", "sobjects/Contact/"+contact, `{"Title":"y"}`, 204)
	with("If-Unmodified-Since", then, "PATCH", "sobjects/Contact/"+contact, `{"Title":"z"}`, 412)
	with("If-Unmodified-Since", "yesterday", "PATCH", "sobjects/Contact/"+contact, `{"Title":"z"}`, 400)
	with("If-Modified-Since", then, "GET", "sobjects/Contact/"+contact, "", 200)
	for _, name := range []string{"If-Match", "If-None-Match"} {
		with(name, "no tag", "PATCH", "sobjects/Account/"+account, `{"Rating":"Cold"}`, 400)
		with(name, "no tag", "GET", "sobjects/Account/"+account, "", map[string]int{"If-Match": 412, "If-None-Match": 200}[name])
	}
	before := b.clock.now().Add(-time.Hour).Format(http.TimeFormat)
	with("If-Unmodified-Since", before, "GET", "sobjects/Case/describe", "", 412)
	with("If-Unmodified-Since", b.clock.now().Format(http.TimeFormat), "GET", "sobjects/Case/describe", "", 200)
}

// TestRealDescribes loads describes captured from real orgs, where they are at hand.
func TestRealDescribes(t *testing.T) {
	dir := realData()
	if _, err := os.Stat(filepath.Join(dir, "describe")); err != nil {
		t.Skip("no real describes at hand")
	}
	real := os.DirFS(filepath.Join(dir, "describe"))
	b := newBench(t, Options{Schema: real})
	w := b.do("POST", "sobjects/Contact", `{"LastName":"Ada","Email":"ada@x.example"}`)
	if w.Code != 201 {
		t.Fatalf("create in a real schema: %d %s", w.Code, w.Body)
	}
	b.want("POST", "sobjects/Account", `{}`, 400, `[{"message":"Required fields are missing: [Name]"…`)
	names, _ := fs.Glob(real, "Contact*.json")
	data, err := fs.ReadFile(real, names[0])
	if err != nil {
		t.Fatal(err)
	}
	var was, is map[string]any
	if err := json.Unmarshal(data, &was); err != nil {
		t.Fatal(err)
	}
	is = decodeBody[map[string]any](t, b.do("GET", "sobjects/Contact/describe", ""))
	for i, f := range was["fields"].([]any) {
		a, _ := json.Marshal(f)
		b, _ := json.Marshal(is["fields"].([]any)[i])
		if string(a) != string(b) {
			t.Errorf("a real field changed:\n%s\n%s", a, b)
		}
	}
}

// realData is the folder of what was captured from real orgs.
func realData() string {
	if dir := os.Getenv("SFSYNC_REAL_DATA"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "..", "shared", "data")
}
