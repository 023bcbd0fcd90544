package orgsim

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// description is a describe result as decoded JSON, complete with every key that
// REST describes of API version 6x carry.
type description struct {
	object map[string]any   // the top-level keys, without "fields"
	fields []map[string]any // each with all 57 keys, and "displayFormat" for auto-numbers
	// unlisted leaves the object out of the list of all: it is there for clients that ask for
	// it, and none of the objects that a schema is meant to have.
	unlisted bool
	removed  map[int]bool // places of fields that were removed
}

// expand completes a describe result. Files made by hand may be in a short form:
// keys that follow from a field's type or name are left out, picklist values may be
// plain texts, a value of a dependent picklist names its controlling values in "when",
// and an object without an Id field gets the system fields. A describe exported
// from an org has all keys already and comes out as it went in.
func expand(data []byte) (*description, error) {
	var object map[string]any
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // with which some editors begin a file
	if err := json.Unmarshal(data, &object); errors.As(err, new(*json.UnmarshalTypeError)) {
		return nil, errors.New("describe is no JSON object")
	} else if err != nil {
		return nil, fmt.Errorf("describe is not readable: %w", err)
	}
	if text(object["name"]) == "" {
		return nil, errors.New("describe names no object")
	}
	list, ok := object["fields"].([]any)
	if !ok && object["fields"] != nil {
		return nil, fmt.Errorf("fields of %s are no list", object["name"])
	}
	fields := make([]map[string]any, 0, len(list)+8)
	hasID := false
	for _, item := range list {
		f, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("describe has a field that is no object")
		}
		fields = append(fields, f)
		hasID = hasID || f["name"] == "Id"
	}
	if !hasID {
		fields = append(systemFields(object), fields...)
	}
	byName := make(map[string]map[string]any, len(fields))
	for _, f := range fields {
		expandField(f)
		byName[text(f["name"])] = f
	}
	for _, f := range fields {
		if err := resolveWhen(f, byName); err != nil {
			return nil, err
		}
	}
	delete(object, "fields")
	delete(object, "ownerTypes")
	expandObject(object)
	return &description{object: object, fields: fields}, nil
}

// systemFields returns what every object has. Owners of some standard objects may be
// queues, which the short form says with "ownerTypes"; an empty list means no owner.
func systemFields(object map[string]any) []map[string]any {
	label := text(object["label"])
	user := func(name, relation, label string, nillable bool) map[string]any {
		return map[string]any{"name": name, "label": label, "type": "reference", "referenceTo": []any{"User"},
			"relationshipName": relation, "createable": false, "updateable": false, "nillable": nillable, "defaultedOnCreate": true, "permissionable": false}
	}
	stamp := func(name, label string) map[string]any {
		return map[string]any{"name": name, "label": label, "type": "datetime", "createable": false, "updateable": false,
			"nillable": false, "defaultedOnCreate": true, "permissionable": false}
	}
	fields := []map[string]any{
		{"name": "Id", "label": label + " ID", "type": "id", "createable": false, "updateable": false, "nillable": false,
			"defaultedOnCreate": true, "idLookup": true, "permissionable": false},
		{"name": "IsDeleted", "label": "Deleted", "type": "boolean", "createable": false, "updateable": false, "permissionable": false},
	}
	owners, given := object["ownerTypes"].([]any)
	if !given {
		owners = []any{"User"}
	}
	if len(owners) > 0 {
		owner := user("OwnerId", "Owner", "Owner ID", false)
		owner["createable"], owner["updateable"], owner["referenceTo"] = true, true, owners
		owner["polymorphicForeignKey"] = len(owners) > 1
		fields = append(fields, owner)
	}
	return append(fields,
		stamp("CreatedDate", "Created Date"), user("CreatedById", "CreatedBy", "Created By ID", false),
		stamp("LastModifiedDate", "Last Modified Date"), user("LastModifiedById", "LastModifiedBy", "Last Modified By ID", false),
		stamp("SystemModstamp", "System Modstamp"))
}

// fieldKeys are the keys of a described field with the values of a plain one.
var fieldKeys = map[string]any{
	"aggregatable": true, "aiPredictionField": false, "autoNumber": false, "byteLength": 0, "calculated": false,
	"calculatedFormula": nil, "cascadeDelete": false, "caseSensitive": false, "compoundFieldName": nil, "controllerName": nil,
	"createable": true, "custom": false, "defaultValue": nil, "defaultValueFormula": nil, "defaultedOnCreate": false,
	"dependentPicklist": false, "deprecatedAndHidden": false, "digits": 0, "displayLocationInDecimal": false, "encrypted": false,
	"externalId": false, "extraTypeInfo": nil, "filterable": true, "filteredLookupInfo": nil, "formulaTreatNullNumberAsZero": false,
	"groupable": true, "highScaleNumber": false, "htmlFormatted": false, "idLookup": false, "inlineHelpText": nil, "label": "",
	"length": 0, "mask": nil, "maskType": nil, "name": "", "nameField": false, "namePointing": false, "nillable": true,
	"permissionable": true, "picklistValues": []any{}, "polymorphicForeignKey": false, "precision": 0, "queryByDistance": false,
	"referenceTargetField": nil, "referenceTo": []any{}, "relationshipName": nil, "relationshipOrder": nil, "restrictedDelete": false,
	"restrictedPicklist": false, "scale": 0, "searchPrefilterable": false, "soapType": "xsd:string", "sortable": true, "type": "string",
	"unique": false, "updateable": true, "writeRequiresMasterRead": false,
}

var soapTypes = map[string]string{
	"id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "long": "xsd:long", "double": "xsd:double",
	"currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime", "time": "xsd:time",
	"base64": "xsd:base64Binary", "address": "urn:address", "location": "urn:location", "anytype": "xsd:anyType",
}

func expandField(f map[string]any) {
	given := maps.Clone(f)
	for key, value := range fieldKeys {
		if _, ok := f[key]; !ok {
			f[key] = value
		}
	}
	// A key that the file gives always wins over what follows from the type.
	set := func(key string, value any) {
		if _, ok := given[key]; !ok {
			f[key] = value
		}
	}
	name, kind := text(f["name"]), text(f["type"])
	set("label", name)
	set("custom", strings.HasSuffix(name, "__c"))
	if soap, ok := soapTypes[kind]; ok {
		set("soapType", soap)
	}
	switch kind {
	case "id", "reference":
		set("length", 18)
		set("byteLength", 18)
	case "boolean":
		set("nillable", false)
		set("defaultedOnCreate", true)
		set("defaultValue", false)
		set("aggregatable", false)
	case "picklist":
		set("length", 255)
	case "address", "location":
		set("createable", false)
		set("updateable", false)
		set("queryByDistance", true)
	}
	if f["calculated"] == true || f["autoNumber"] == true {
		set("createable", false)
		set("updateable", false)
		set("defaultedOnCreate", f["autoNumber"] == true)
	}
	if f["unique"] == true || f["externalId"] == true {
		set("idLookup", true)
	}
	if length, ok := number(f["length"]); ok {
		set("byteLength", 3*length)
		if length > 255 && kind == "textarea" || kind == "address" || kind == "encryptedstring" {
			set("filterable", false)
			set("sortable", false)
		}
	}
	if values, ok := f["picklistValues"].([]any); ok {
		for i, item := range values {
			value, ok := item.(map[string]any)
			if !ok {
				value = map[string]any{"value": item}
			}
			for key, standard := range map[string]any{"active": true, "defaultValue": false, "validFor": nil, "label": value["value"]} {
				if _, ok := value[key]; !ok {
					value[key] = standard
				}
			}
			values[i] = value
		}
	}
}

// resolveWhen turns the controlling values of a dependent picklist's values into
// the bitset of describe results: bit n, counted from the highest of the first
// byte, stands for the controlling picklist's n-th value.
func resolveWhen(f map[string]any, byName map[string]map[string]any) error {
	values, _ := f["picklistValues"].([]any)
	for _, item := range values {
		value := item.(map[string]any)
		when, ok := value["when"].([]any)
		if !ok {
			continue
		}
		delete(value, "when")
		controller := byName[text(f["controllerName"])]
		if controller == nil {
			return fmt.Errorf("picklist %s depends on %q, which is no field", text(f["name"]), text(f["controllerName"]))
		}
		controlling, _ := controller["picklistValues"].([]any)
		bits := make([]byte, (len(controlling)+7)/8+2)
		for _, name := range when {
			n := slices.IndexFunc(controlling, func(v any) bool { return v.(map[string]any)["value"] == name })
			if n < 0 {
				return fmt.Errorf("picklist %s depends on %v, which is no value of %s", text(f["name"]), name, text(f["controllerName"]))
			}
			bits[n>>3] |= 0x80 >> (n % 8)
		}
		value["validFor"] = base64.StdEncoding.EncodeToString(bits)
	}
	return nil
}

func expandObject(o map[string]any) {
	name, label := text(o["name"]), text(o["label"])
	if label == "" {
		label = name
	}
	path := "/services/data/vxx.0/sobjects/" + name
	master := map[string]any{"active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master", "master": true,
		"name": "Master", "recordTypeId": masterRecordType, "urls": map[string]any{"layout": path + "/describe/layouts/" + masterRecordType}}
	for key, standard := range map[string]any{
		"actionOverrides": []any{}, "activateable": false, "associateEntityType": nil, "associateParentEntity": nil, "childRelationships": []any{},
		"compactLayoutable": true, "createable": true, "custom": strings.HasSuffix(name, "__c"), "customSetting": false, "deepCloneable": false,
		"defaultImplementation": nil, "deletable": true, "deprecatedAndHidden": false, "extendedBy": nil, "extendsInterfaces": nil,
		"feedEnabled": false, "hasSubtypes": false, "implementedBy": nil, "implementsInterfaces": nil, "isInterface": false, "isSubtype": false,
		"keyPrefix": nil, "label": label, "labelPlural": label + "s", "layoutable": true, "listviewable": nil, "lookupLayoutable": nil,
		"mergeable": false, "mruEnabled": true, "name": name, "namedLayoutInfos": []any{}, "networkScopeFieldName": nil, "queryable": true,
		"recordTypeInfos": []any{master}, "replicateable": true, "retrieveable": true, "searchLayoutable": true, "searchable": true,
		"sobjectDescribeOption": "FULL", "supportedScopes": []any{map[string]any{"label": "All " + strings.ToLower(label), "name": "everything"}},
		"triggerable": true, "undeletable": true, "updateable": true,
		"urls": map[string]any{"sobject": path, "describe": path + "/describe", "rowTemplate": path + "/{ID}"},
	} {
		if _, ok := o[key]; !ok {
			o[key] = standard
		}
	}
}

// masterRecordType is the id that stands for "no record type" in every org.
const masterRecordType = "012000000000000AAA"

func text(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) (int, bool) {
	switch n := v.(type) {
	case float64:
		return int(n), true
	case int:
		return n, true
	}
	return 0, false
}
