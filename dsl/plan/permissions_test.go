package plan

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

const needyRules = `connection production
rule Messages
on outbound message Case if record.Origin != "Web"
update Case where Id = record.Id
  set Status: Closed
rule Responses
on survey response
upsert Response__c where Response_Id__c = response.id
  set Score__c = answers.nps
      Parent__c = profile.parent
      Account__r.Crm_Key__c = profile.key
create Contact
  set LastName = contact.last_name
      MailingCity = contact.city
      mailingstreet = contact.street
      Notes__c: <a & b>
      Spot__Latitude__s = profile.lat
      Spot__Longitude__s = profile.lon
      RecordTypeId: 012000000000001AAA
create Task
  set Subject: Call
update Contact using sandbox where Id = profile.contact
  set LastName: x
`

func needySchema(t *testing.T, edit func(o *schema.Object)) *schema.Schema {
	t.Helper()
	field := func(name, rest string) string {
		return `{"name":"` + name + `","custom":` + fmt.Sprint(strings.HasSuffix(name, "__c")) + `,"createable":true,"updateable":true,"nillable":true,` + rest + `}`
	}
	id := `{"name":"Id","type":"id","permissionable":false}`
	s := schema.New()
	for name, fields := range map[string][]string{
		"Case":        {id, field("Status", `"type":"picklist","permissionable":false`), field("Origin", `"type":"picklist"`)},
		"Account":     {id, field("Crm_Key__c", `"type":"string","externalId":true`)},
		"Parent__c":   {id},
		"Response__c": {id, field("Response_Id__c", `"type":"string","externalId":true`), field("Score__c", `"type":"double"`), field("Parent__c", `"type":"reference","referenceTo":["Parent__c"],"relationshipName":"Parent__r","relationshipOrder":0`), field("Account__c", `"type":"reference","referenceTo":["Account"],"relationshipName":"Account__r"`)},
		"Contact": {id, field("LastName", `"type":"string","permissionable":false`), field("MailingCity", `"type":"string","compoundFieldName":"MailingAddress"`), field("MailingStreet", `"type":"textarea","compoundFieldName":"MailingAddress"`),
			`{"name":"MailingAddress","type":"address","nillable":true}`, field("Notes__c", `"type":"string"`),
			field("Spot__Latitude__s", `"type":"double","compoundFieldName":"Spot__c"`), field("Spot__Longitude__s", `"type":"double","compoundFieldName":"Spot__c"`), `{"name":"Spot__c","type":"location","custom":true,"nillable":true}`, field("RecordTypeId", `"type":"reference","referenceTo":["RecordType"],"permissionable":false`)},
		"Task": {id, field("Subject", `"type":"string"`)},
	} {
		o, err := schema.ParseDescribe([]byte(`{"name":"` + name + `","createable":true,"updateable":true,"recordTypeInfos":[{"recordTypeId":"012000000000001AAA","developerName":"Person"}],"fields":[` + strings.Join(fields, ",") + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		edit(o)
		s.Add(o)
	}
	return s
}

func TestNeeds(t *testing.T) {
	files := []*dsl.File{parse(t, needyRules)}
	s := needySchema(t, func(*schema.Object) {})
	n := NeedsOf(files, "production", s)
	var got []string
	for _, o := range n.Objects {
		line := fmt.Sprintf("%s create=%v edit=%v:", o.Object, o.Create, o.Edit)
		for _, f := range o.Fields {
			line += " " + f.Field
			if f.Create {
				line += "+create"
			}
			if f.Edit {
				line += "+edit"
			}
		}
		got = append(got, line)
	}
	want := []string{
		"Account create=false edit=false: Crm_Key__c",
		"Case create=false edit=true: Origin Status+edit",
		"Contact create=true edit=false: LastName+create MailingCity+create MailingStreet+create Notes__c+create RecordTypeId+create Spot__Latitude__s+create Spot__Longitude__s+create",
		"Parent__c create=false edit=false:",
		"Response__c create=true edit=true: Account__c+create+edit Parent__c+create+edit Response_Id__c+create Score__c+create+edit",
		"Task create=true edit=false: Subject+create",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ActivitiesAccess", "ApiEnabled", "EditTask"}, n.User); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Contact.Person"}, n.RecordTypes); diff != "" {
		t.Error(diff)
	}
	if lines := n.Objects[1].Fields[1].Lines; !slices.Equal(lines, []string{"rules.sfsync:5"}) {
		t.Errorf("Case.Status is needed at %v", lines)
	}
	for _, r := range n.Compare(s) {
		if !r.Has {
			t.Errorf("%s to %s: %s", r.Name(), r.To, r.Why)
		}
	}
	other := NeedsOf(files, "sandbox", s)
	if len(other.Objects) != 1 || other.Objects[0].Object != "Contact" || other.Objects[0].Create || !other.Objects[0].Edit {
		t.Errorf("of the other connection %+v", other.Objects)
	}
}

// What the connected user may not do is found though the rules are full of errors for it.
func TestNeedsThatAreNotMet(t *testing.T) {
	files := []*dsl.File{parse(t, needyRules)}
	s := needySchema(t, func(o *schema.Object) {
		switch o.Name {
		case "Parent__c":
			o.Name = "Hidden__c"
		case "Case":
			o.Field("Status").Updateable = false
		case "Contact":
			o.Createable = false
			o.Field("LastName").Createable, o.Field("LastName").Updateable = false, false
			o.Fields = slices.DeleteFunc(o.Fields, func(f *schema.Field) bool { return f.Name == "MailingCity" })
		case "Response__c":
			o.Updateable = false
			o.Field("Score__c").Createable, o.Field("Score__c").Updateable = false, false
			o.Field("Account__c").Updateable = false
		}
	})
	n := NeedsOf(files, "production", s)
	var got []string
	for _, r := range n.Compare(s) {
		if r.Name() == "Contact" && r.To == "create" && !slices.Equal(r.Lines, []string{"rules.sfsync:12"}) {
			t.Errorf("Contacts are created at %v", r.Lines)
		}
		if !r.Has {
			got = append(got, fmt.Sprintf("%s %s: %s (%s) %s", r.To, r.Name(), r.Why, r.Help, r.Lines[0]))
		}
	}
	want := []string{
		"edit Case.Status: it is set when a record is created and never again (no permission changes that: take the field out of the rules) rules.sfsync:5",
		"create Contact: the user may not create it (grant Create on Contact in a permission set of the user) rules.sfsync:12",
		"create Contact.LastName: the user may not create Contact (grant Create on Contact in a permission set of the user) rules.sfsync:13",
		"read Contact.MailingCity: there is no such field, or field-level security hides it (grant read access to Contact.MailingCity in a permission set of the user) rules.sfsync:14",
		"read Parent__c: there is no such object, or the user may not see it (grant Read on Parent__c in a permission set of the user) rules.sfsync:8",
		"edit Response__c: the user may not edit it (grant Edit on Response__c in a permission set of the user) rules.sfsync:8",
		"edit Response__c.Account__c: the user may not edit Response__c (grant Edit on Response__c in a permission set of the user) rules.sfsync:11",
		"create Response__c.Score__c: field-level security makes it read-only for the connected user (grant edit access to Response__c.Score__c in a permission set of the user) rules.sfsync:9",
		"edit Response__c.Score__c: the user may not edit Response__c (grant Edit on Response__c in a permission set of the user) rules.sfsync:9",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if set := string(n.PermissionSet("x", s)); !strings.Contains(set, "<field>Contact.MailingCity</field>") {
		t.Errorf("a hidden field is not granted:\n%s", set)
	}
}

func TestPermissionSet(t *testing.T) {
	s := needySchema(t, func(*schema.Object) {})
	n := NeedsOf([]*dsl.File{parse(t, needyRules)}, "production", s)
	got := string(n.PermissionSet(`sfsync & "production"`, s))
	var set permissionSet
	if err := xml.Unmarshal([]byte(got), &set); err != nil {
		t.Fatal(err)
	}
	if set.Label != `sfsync & "production"` || set.Activation {
		t.Errorf("label %q", set.Label)
	}
	var fields, objects []string
	for _, f := range set.Fields {
		fields = append(fields, fmt.Sprint(f.Field, " ", f.Readable, f.Editable))
	}
	// Required, master-detail and never-hidden fields are left out; an address and a geolocation are one field.
	if diff := cmp.Diff([]string{"Account.Crm_Key__c true false", "Case.Origin true false", "Contact.MailingAddress true true", "Contact.Notes__c true true", "Contact.Spot__c true true",
		"Response__c.Account__c true true", "Response__c.Response_Id__c true true", "Response__c.Score__c true true", "Task.Subject true true"}, fields); diff != "" {
		t.Error(diff)
	}
	for _, o := range set.Objects {
		objects = append(objects, fmt.Sprint(o.Object, " ", o.Read, o.Create, o.Edit, o.Delete, o.ViewAll, o.ModifyAll))
	}
	if diff := cmp.Diff([]string{"Account true false false false false false", "Case true false true false false false", "Contact true true false false false false",
		"Parent__c true false false false false false", "Response__c true true true false false false"}, objects); diff != "" {
		t.Error(diff)
	}
	order := []string{"<?xml version", "<PermissionSet xmlns=\"http://soap.sforce.com/2006/04/metadata\">", "<description>", "<fieldPermissions>\n        <editable>false</editable>\n        <field>Account.Crm_Key__c</field>\n        <readable>true</readable>",
		"<hasActivationRequired>false<", "<label>sfsync &amp; &#34;production&#34;<", "<objectPermissions>", "<recordType>Contact.Person</recordType>", "<name>ApiEnabled</name>", "</PermissionSet>\n"}
	rest := got
	for _, part := range order {
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			t.Fatalf("%q is missing, or stands before another part:\n%s", part, got)
		}
		rest = after
	}
}
