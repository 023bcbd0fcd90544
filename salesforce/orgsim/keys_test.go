package orgsim

import (
	"testing"
	"testing/fstest"
)

// External ids that are numbers are found however they are spelled, in paths, in rows and
// through lookups; what is no number, or no e-mail address, is no key.
func TestKeysOfEveryType(t *testing.T) {
	b := newBench(t, Options{Schema: fstest.MapFS{"Thing__c.json": {Data: []byte(`{"name": "Thing__c", "label": "Thing", "keyPrefix": "a01", "fields": [
		{"name": "Name", "label": "Name", "type": "string", "length": 80, "nameField": true},
		{"name": "No__c", "label": "No", "type": "double", "precision": 18, "scale": 2, "externalId": true, "unique": true},
		{"name": "Mail__c", "label": "Mail", "type": "email", "length": 20, "externalId": true},
		{"name": "Parent__c", "label": "Parent", "type": "reference", "referenceTo": ["Thing__c"], "relationshipName": "Parent__r"}]}`)}}})
	const first = "a01Sm0000000001IAA"
	b.want("POST", "sobjects/Thing__c", `{"Name":"a","No__c":5}`, 201, `{"id":"`+first+`"…`)
	b.want("GET", "sobjects/Thing__c/No__c/5?fields=No__c", "", 200, `{"attributes":{"type":"Thing__c","url":"/services/data/v67.0/sobjects/Thing__c/`+first+`"},"No__c":5.0…`)
	b.want("GET", "sobjects/Thing__c/No__c/5.00?fields=Id", "", 200, `{"attributes":{"type":"Thing__c","url":"/services/data/v67.0/sobjects/Thing__c/`+first+`"…`)
	b.want("GET", "sobjects/Thing__c/No__c/five", "", 404, `[{"message":"The requested resource does not exist","errorCode":"NOT_FOUND"}]`)
	for _, spelled := range []string{"5", "5.0", "0.5e1", "%205%20"} {
		b.want("PATCH", "sobjects/Thing__c/No__c/"+spelled, `{"Name":"b"}`, 200, `{"id":"`+first+`","success":true,"errors":[],"created":false}`)
	}
	const noNumber = `"message":"No: value not of required type: five"`
	b.want("PATCH", "sobjects/Thing__c/No__c/five", `{"Name":"c"}`, 400, `[{`+noNumber+`,"errorCode":"INVALID_TYPE_ON_FIELD_IN_RECORD","fields":["No__c"]}]`)
	b.want("PATCH", "composite/sobjects/Thing__c/No__c", rows(of("Thing__c", `"No__c":"five"`), of("Thing__c", `"No__c":5`), of("Thing__c", `"No__c":1e30`)), 200,
		`[{"success":false,"errors":[{`+noNumber+`,"statusCode":"INVALID_TYPE_ON_FIELD_IN_RECORD","fields":["No__c"]}]},`+
			`{"id":"`+first+`","success":true,"errors":[],"created":false},`+
			`{"success":false,"errors":[{"message":"No: value outside of valid range on numeric field: 1000000000000000000000000000000","statusCode":"NUMBER_OUTSIDE_VALID_RANGE","fields":["No__c"]}]}]`)
	b.want("PATCH", "sobjects/Thing__c/"+first, `{"Parent__r":{"No__c":5}}`, 204, ``)
	b.want("PATCH", "sobjects/Thing__c/"+first, `{"Parent__r":{"No__c":"5"}}`, 204, ``)
	for _, missing := range []string{`"five"`, `6`, `""`} {
		b.want("PATCH", "sobjects/Thing__c/"+first, `{"Parent__r":{"No__c":`+missing+`}}`, 400, `[{"message":"Foreign key external ID: …`)
	}
	b.want("PATCH", "sobjects/Thing__c/Mail__c/nobody", `{}`, 400, `[{"message":"Mail: invalid email address: nobody","errorCode":"INVALID_EMAIL_ADDRESS","fields":["Mail__c"]}]`)
	b.want("PATCH", "sobjects/Thing__c/Mail__c/somebody@away.example", `{}`, 400,
		`[{"message":"Mail: data value too large: somebody@away.example (max length=20)…`)
}
