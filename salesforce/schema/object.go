package schema

import (
	"strings"
	"time"
)

// Object is the describe of one sObject, as the describing user sees it: fields
// that field-level security hides from that user are absent.
type Object struct {
	// Name is the API name, such as Case or Survey_Response__c.
	Name string `json:"name"`
	// Label is the name that people see in Salesforce.
	Label       string `json:"label"`
	LabelPlural string `json:"labelPlural"`
	// KeyPrefix is the first three characters of the ids of its records; empty
	// for objects that have none.
	KeyPrefix     string        `json:"keyPrefix"`
	Custom        bool          `json:"custom"`
	CustomSetting bool          `json:"customSetting"`
	Createable    bool          `json:"createable"`
	Updateable    bool          `json:"updateable"`
	Deletable     bool          `json:"deletable"`
	Queryable     bool          `json:"queryable"`
	Retrieveable  bool          `json:"retrieveable"`
	Triggerable   bool          `json:"triggerable"`
	Fields        []*Field      `json:"fields"`
	RecordTypes   []*RecordType `json:"recordTypeInfos"`

	// Partial is true of an object of which only some fields are known, by name and
	// type, as the WSDL of an outbound message tells them: enough to read what
	// messages carry, and not enough to check what is written. It is ours;
	// Salesforce's describes do not have it.
	Partial bool `json:"partial,omitempty"`

	// FetchedAt is when the describe was fetched, or last found unchanged; zero if
	// unknown. LastModified is what Salesforce said of when it changed.
	FetchedAt    time.Time `json:"-"`
	LastModified time.Time `json:"-"`

	schema *Schema
	byName map[string]*Field
	raw    []byte
}

// RecordType is one record type of an object, as the describing user may use it.
type RecordType struct {
	ID            string `json:"recordTypeId"`
	Name          string `json:"name"`
	DeveloperName string `json:"developerName"`
	Active        bool   `json:"active"`
	Available     bool   `json:"available"`
	Default       bool   `json:"defaultRecordTypeMapping"`
	Master        bool   `json:"master"`
}

// Field returns the field with the API name, or nil. Like Salesforce, it does
// not care for case.
func (o *Object) Field(name string) *Field {
	if f := o.byName[name]; f != nil {
		return f
	}
	for _, f := range o.Fields {
		if strings.EqualFold(f.Name, name) {
			return f
		}
	}
	return nil
}

// Relationship returns the lookup or master-detail field behind a relationship
// name, such as OwnerId for "Owner" or Account__c for "Account__r"; nil if there is none.
func (o *Object) Relationship(name string) *Field {
	if name == "" {
		return nil
	}
	for _, f := range o.Fields {
		if strings.EqualFold(f.RelationshipName, name) {
			return f
		}
	}
	return nil
}

// FieldNames returns the API names of the fields in the order of the describe.
func (o *Object) FieldNames() []string {
	names := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		names[i] = f.Name
	}
	return names
}

// link lets fields reach their object, which compound fields and Id fields need.
func (o *Object) link() {
	o.byName = make(map[string]*Field, len(o.Fields))
	for _, f := range o.Fields {
		f.object = o
		if o.byName[f.Name] == nil {
			o.byName[f.Name] = f
		}
	}
}
