package orgsim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sfsync/sfsync/salesforce/schema"
)

func (b *bench) describe(object string) (*schema.Object, string) {
	b.t.Helper()
	w := b.do("GET", "sobjects/"+object+"/describe", "")
	o, err := schema.ParseDescribe(w.Body.Bytes())
	if err != nil {
		b.t.Fatal(err)
	}
	return o, w.Header().Get("Last-Modified")
}

// TestSchemaDrift changes the schema under a client that keeps asking whether it did.
func TestSchemaDrift(t *testing.T) {
	b := newBench(t, Options{})
	id := b.seed("Contact", M{"LastName": "Ada", "NPS_Score__c": 9, "Survey_Status__c": "Sent", "Customer_Comment__c": "12"})
	_, modified := b.describe("Contact")
	drifts := func(what string, change func() error) *schema.Object {
		t.Helper()
		b.header["If-Modified-Since"] = modified
		defer func() { b.header = map[string]string{} }()
		for _, path := range []string{"sobjects/Contact/describe", "sobjects"} {
			if w := b.do("GET", path, ""); w.Code != 304 || w.Body.Len() != 0 {
				t.Errorf("before %s, %s answers %d", what, path, w.Code)
			}
		}
		if err := change(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if w := b.do("GET", "sobjects", ""); w.Code != 200 {
			t.Errorf("after %s, the list of objects answers %d", what, w.Code)
		}
		if w := b.do("GET", "sobjects/Lead/describe", ""); w.Code != 304 {
			t.Errorf("after %s, another object answers %d", what, w.Code)
		}
		o, now := b.describe("Contact")
		if now == modified {
			t.Errorf("%s does not show in Last-Modified", what)
		}
		modified = now
		return o
	}

	added := drifts("adding a field", func() error {
		return b.AddField("contact", map[string]any{"name": "Vip__c", "type": "boolean"})
	})
	if f := added.Field("Vip__c"); f == nil || !f.Createable || f.Nillable || !f.Custom {
		t.Errorf("the new field is %+v", f)
	}
	b.want("PATCH", "sobjects/Contact/"+id, `{"Title":"x"}`, 204, "")
	if r, _ := b.Record("Contact", id); r["Vip__c"] != false || r["NPS_Score__c"] != 9.0 || r["Title"] != "x" {
		t.Errorf("the record is %v", r)
	}
	b.want("PATCH", "sobjects/Contact/"+id, `{"Vip__c":true}`, 204, "")

	renamed := drifts("renaming", func() error { return b.ChangeField("Contact", "NPS_Score__c", map[string]any{"name": "Nps__c"}) })
	if renamed.Field("NPS_Score__c") != nil || renamed.Field("Nps__c") == nil {
		t.Error("the field has its old name")
	}
	b.want("PATCH", "sobjects/Contact/"+id, `{"NPS_Score__c":1}`, 400, `[{"message":"No such column 'NPS_Score__c' on sobject of type Contact","errorCode":"INVALID_FIELD"}]`)
	if r, _ := b.Record("Contact", id); r["Nps__c"] != 9.0 {
		t.Errorf("the record is %v", r)
	}

	shorter := drifts("shortening", func() error { return b.ChangeField("Contact", "Survey_Status__c", map[string]any{"length": 4}) })
	if f := shorter.Field("Survey_Status__c"); f.Length != 4 {
		t.Errorf("the field is %+v", f)
	}
	b.want("PATCH", "sobjects/Contact/"+id, `{"Survey_Status__c":"Delivered"}`, 400, `[{"message":"Survey Status: data value too large: Delivered (max length=4)","errorCode":"STRING_TOO_LONG"…`)

	listed := drifts("making a picklist", func() error {
		return b.ChangeField("Contact", "Survey_Status__c", map[string]any{"type": "picklist", "restrictedPicklist": true, "picklistValues": []any{"Sent", "Done"}})
	})
	if f := listed.Field("Survey_Status__c"); f.Type != schema.TypePicklist || len(f.PicklistValues) != 2 {
		t.Errorf("the field is %+v", f)
	}
	b.want("PATCH", "sobjects/Contact/"+id, `{"Survey_Status__c":"Failed"}`, 400, `[{"message":"Survey Status: bad value for restricted picklist field: Failed"…`)

	drifts("making a number", func() error {
		return b.ChangeField("Contact", "Customer_Comment__c", map[string]any{"type": "double", "precision": 10, "scale": 0})
	})
	drifts("a type that cannot hold the value", func() error {
		return b.ChangeField("Contact", "Title", map[string]any{"type": "date"})
	})
	r, _ := b.Record("Contact", id)
	if r["Customer_Comment__c"] != 12.0 || r["Title"] != nil || r["Survey_Status__c"] != "Sent" || r["Vip__c"] != true {
		t.Errorf("the record is %v", r)
	}

	removed := drifts("removing", func() error { return b.RemoveField("Contact", "Nps__c") })
	if removed.Field("Nps__c") != nil || len(removed.Fields) != len(added.Fields)-1 {
		t.Error("the field is still there")
	}
	again := drifts("adding it again", func() error {
		return b.AddField("Contact", map[string]any{"name": "Nps__c", "type": "string", "length": 5})
	})
	if r, _ := b.Record("Contact", id); again.Field("Nps__c") == nil || r["Nps__c"] != nil {
		t.Errorf("the record is %v", r)
	}
	if err := b.UpdateApp(DefaultClientID, func(a *App) { a.Rotate = true }); err != nil {
		t.Fatal(err)
	}
	drifts("a permission", func() error { return b.SetAccess(Access{Object: "Contact", ReadOnly: []string{"Phone"}}) })
	drifts("the permission back", func() error { return b.SetAccess(Access{Object: "Contact"}) })
	if n := len(b.Overlay().Access); n != 1 {
		t.Errorf("%d entries of access", n)
	}
	for _, h := range b.History(id) {
		if _, ok := h.Fields["removed"]; ok {
			t.Error("the history shows a field that is gone")
		}
	}
	b.Reset()
	b.want("POST", "sobjects/Contact", `{"LastName":"B","Nps__c":"hi","Vip__c":true}`, 201, `{"id":"003…`)
}

func TestSchemaMistakes(t *testing.T) {
	b := newBench(t, Options{Overlay: Overlay{Access: []Access{{Object: "Case", Hidden: []string{"Reason"}}}}})
	for want, err := range map[string]error{
		`no object "Leed"`:                   b.AddField("Leed", map[string]any{"name": "A__c", "type": "string"}),
		`"1" is no name of a field`:          b.AddField("Lead", map[string]any{"name": "1", "type": "string"}),
		`has a field title already`:          b.AddField("Lead", map[string]any{"name": "title", "type": "string"}),
		`"typ" is no key`:                    b.AddField("Lead", map[string]any{"name": "A__c", "typ": "string"}),
		`txt is no type`:                     b.AddField("Lead", map[string]any{"name": "A__c", "type": "txt"}),
		`is not JSON`:                        b.AddField("Lead", map[string]any{"name": "A__c", "label": func() {}}),
		`depends on "B__c"`:                  b.AddField("Lead", map[string]any{"name": "A__c", "type": "picklist", "controllerName": "B__c", "picklistValues": []any{map[string]any{"value": "x", "when": []any{"y"}}}}),
		`has no field "Nope"`:                b.ChangeField("Lead", "Nope", map[string]any{"length": 1}),
		`cannot be called "Status"`:          b.ChangeField("Lead", "Title", map[string]any{"name": "Status"}),
		`names the field "Reason", which`:    b.RemoveField("Case", "Reason"),
		`has no field Id`:                    b.RemoveField("Case", "Id"),
		`has no field "Gone"`:                b.RemoveField("Case", "Gone"),
		`names the object "Leed"`:            b.SetAccess(Access{Object: "Leed"}),
		`both as a level and as permissions`: b.SetAccess(Access{Object: "Lead", Level: "read", Can: []string{"read"}}),
		`all permissions need read`:          b.SetAccess(Access{Object: "Lead", Can: []string{"edit"}}),
		`and delete needs edit`:              b.SetAccess(Access{Object: "Lead", Can: []string{"read", "delete"}}),
		`gives "write" as permission`:        b.SetAccess(Access{Object: "Lead", Can: []string{"read", "write"}}),
		`gives "most" as level`:              b.SetAccess(Access{Object: "Lead", Level: "most"}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
	if o, _ := b.describe("Lead"); o.Field("A__c") != nil {
		t.Error("a field that was refused is there")
	}
}

// TestSchemaDriftsUnderLoad alters an object while others write to it.
func TestSchemaDriftsUnderLoad(t *testing.T) {
	b := newBench(t, Options{})
	id := b.seed("Contact", M{"LastName": "Ada"})
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				if w := b.do("PATCH", "sobjects/Contact/"+id, `{"Title":"`+strconv.Itoa(i)+`"}`); w.Code != 204 {
					t.Errorf("update: %d %s", w.Code, w.Body)
					return
				}
				if w := b.do("POST", "sobjects/Contact", `{"LastName":"x"}`); w.Code != 201 {
					t.Errorf("create: %d %s", w.Code, w.Body)
					return
				}
				if w := b.do("GET", "query?q="+url.QueryEscape("SELECT FIELDS(ALL) FROM Contact LIMIT 5"), ""); w.Code >= 500 || w.Code == 200 && !json.Valid(w.Body.Bytes()) {
					t.Errorf("query: %d %s", w.Code, w.Body)
					return
				}
			}
		})
	}
	for i := range 10 {
		name := "New" + strconv.Itoa(i) + "__c"
		if err := b.AddField("Contact", map[string]any{"name": name, "type": "boolean"}); err != nil {
			t.Error(err)
		}
		if i%2 == 1 {
			if err := b.RemoveField("Contact", name); err != nil {
				t.Error(err)
			}
		}
	}
	close(done)
	wg.Wait()
	for _, r := range b.Records("Contact") {
		if r["New8__c"] != false {
			t.Fatalf("the record is %v", r)
		}
	}
}

func TestPermissions(t *testing.T) {
	b := newBench(t, Options{Users: []User{{Username: "admin@x.example"}, {Username: "bot@x.example", Profile: "Bot"}}, Overlay: Overlay{Access: []Access{
		{Profile: "Bot", Object: "Case", Can: []string{"read", "create"}, Readable: []string{"Subject", "Origin", "Priority"}, Editable: []string{"Subject", "Priority"}},
		{Profile: "Bot", Object: "Contact", Can: []string{"read", "edit"}},
		{Profile: "Bot", Object: "Account", Can: []string{"read", "edit", "delete"}},
		{Profile: "Bot", Object: "Lead", Can: []string{}},
	}}})
	account := b.seed("Account", M{"Name": "A"})
	b.token = b.Login("bot@x.example")
	cases, _ := b.describe("Case")
	if !cases.Createable || cases.Updateable || cases.Deletable {
		t.Errorf("Case is %v %v %v", cases.Createable, cases.Updateable, cases.Deletable)
	}
	var names []string
	for _, f := range cases.Fields {
		if f.Createable {
			names = append(names, f.Name)
		}
		if f.Updateable {
			t.Errorf("%s says that it can be updated", f.Name)
		}
	}
	if !slices.Contains(names, "Subject") || slices.Contains(names, "Origin") || cases.Field("Origin") == nil || cases.Field("Reason") != nil || cases.Field("Id") == nil {
		t.Errorf("createable fields of Case are %v", names)
	}
	made := decodeBody[map[string]any](t, b.want("POST", "sobjects/Case", `{"Subject":"x"}`, 201, `{"id":"500…`))
	id := made["id"].(string)
	b.want("POST", "sobjects/Case", `{"Subject":"x","Origin":"Web"}`, 400, `[{"message":"Unable to create/update fields: Origin. Please check the security settings…`)
	// Fields that take no permission are open to everybody who may touch the object.
	b.want("POST", "sobjects/Case", `{"Subject":"x","Status":"New"}`, 201, `{"id":"500…`)
	b.want("POST", "sobjects/Case", `{"Subject":"x","Reason":"Other"}`, 400, `[{"message":"No such column 'Reason' on sobject of type Case","errorCode":"INVALID_FIELD"}]`)
	b.want("PATCH", "sobjects/Case/"+id, `{"Subject":"y"}`, 400, `[{"message":"entity type cannot be updated: Case","errorCode":"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY","fields":[]}]`)
	b.want("DELETE", "sobjects/Case/"+id, "", 400, `[{"message":"entity type cannot be deleted: Case"…`)
	b.want("POST", "sobjects/Contact", `{"LastName":"x"}`, 400, `[{"message":"entity type cannot be inserted: Contact"…`)
	b.want("DELETE", "sobjects/Account/"+account, "", 204, "")
	b.want("GET", "sobjects/Lead/describe", "", 404, `[{"message":"The requested resource does not exist"…`)
	b.want("POST", "sobjects/Lead", `{}`, 404, `[{"message":"The requested resource does not exist"…`)

	// Another profile, and the user sees more at once.
	if err := b.UpdateUser("bot@x.example", func(u *User) { u.Profile = "Sales" }); err != nil {
		t.Fatal(err)
	}
	b.want("PATCH", "sobjects/Case/"+id, `{"Reason":"Other"}`, 204, "")
}

func TestFieldRules(t *testing.T) {
	open := []Condition{{Field: "Status", Op: "!=", Value: []byte(`"Closed"`)}}
	b := newBench(t, Options{Users: []User{{Username: "a@x.example"}, {Username: "b@x.example", Profile: "Admin"}}, Overlay: Overlay{FieldRules: []FieldRule{
		{User: "a@x.example", Object: "case", Fields: []string{"Priority", "ContactId"}, WritableWhen: open},
		{User: "a@x.example", Object: "Contact", Fields: []string{"Survey_Status__c"}, WritableWhen: []Condition{{Field: "Survey_Status__c", Op: "null"}}},
	}}})
	id := b.seed("Case", M{"Subject": "x", "Status": "New"})
	if o, _ := b.describe("Case"); !o.Field("Priority").Updateable {
		t.Error("the describe tells")
	}
	b.want("PATCH", "sobjects/Case/"+id, `{"Priority":"High","Status":"Closed"}`, 204, "")
	b.want("PATCH", "sobjects/Case/"+id, `{"Priority":"Low","Subject":"y"}`, 400,
		`[{"message":"Unable to create/update fields: Priority. Please check the security settings of this field and verify that it is read/write for your profile or permission set.","errorCode":"INVALID_FIELD_FOR_INSERT_UPDATE","fields":["Priority"]}]`)
	b.want("PATCH", "sobjects/Case/"+id, `{"Status":"New"}`, 204, "")
	b.want("PATCH", "sobjects/Case/"+id, `{"Priority":"Low"}`, 204, "")

	contact := b.seed("Contact", M{"LastName": "A"})
	b.want("PATCH", "sobjects/Contact/"+contact, `{"Survey_Status__c":"Sent"}`, 204, "")
	b.want("PATCH", "sobjects/Contact/"+contact, `{"Survey_Status__c":"Failed"}`, 400, `[{"message":"Unable to create/update fields: Survey_Status__c.…`)
	b.token = b.Login("b@x.example")
	b.want("PATCH", "sobjects/Contact/"+contact, `{"Survey_Status__c":"Failed"}`, 204, "")

	for want, rule := range map[string]FieldRule{
		"needs fields and a condition": {Object: "Case", Fields: []string{"Status"}},
		`names the field "Nope"`:       {Object: "Case", Fields: []string{"Nope"}, WritableWhen: open},
		`is no state of a record`:      {Object: "Case", Fields: []string{"Status"}, WritableWhen: []Condition{{Field: "Status", Op: "changed"}}},
		`names the object "Cases"`:     {Object: "Cases", Fields: []string{"Status"}, WritableWhen: open},
		`names the user "c"`:           {User: "c", Object: "Case", Fields: []string{"Status"}, WritableWhen: open},
		`there is no operator`:         {Object: "Case", Fields: []string{"Status"}, WritableWhen: []Condition{{Field: "Status", Op: "is"}}},
	} {
		if err := b.SetOverlay(Overlay{FieldRules: []FieldRule{rule}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

func TestSchemaAdmin(t *testing.T) {
	b := newBench(t, Options{})
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"POST", "/sim/schema/Lead", `{"name":"Segment__c","type":"string","length":40}`, 200, `"added": true`},
		{"POST", "/sim/schema/Lead", `{"name":"Segment__c","type":"string"}`, 400, `already`},
		{"PATCH", "/sim/schema/Lead/Segment__c", `{"name":"Tier__c"}`, 200, `"changed": true`},
		{"DELETE", "/sim/schema/Lead/Segment__c", ``, 400, `has no field`},
		{"DELETE", "/sim/schema/Lead/Tier__c", ``, 200, `"removed": true`},
		{"PUT", "/sim/access", `{"object":"Lead","can":["read"]}`, 200, `"set": true`},
		{"PUT", "/sim/access", `{"object":"Lead","cans":["read"]}`, 400, `unknown field`},
	} {
		if w := b.do(c.method, c.path, c.body); w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, w.Code, w.Body)
		}
	}
	b.want("POST", "sobjects/Lead", `{"LastName":"x","Company":"y"}`, http.StatusBadRequest, `[{"message":"entity type cannot be inserted: Lead"…`)
}
