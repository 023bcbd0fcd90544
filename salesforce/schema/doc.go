// Package schema holds what Salesforce says about its objects as plain data:
// the describe of an object, record ids and their checksum, and the conversion
// of a value into the JSON that a field accepts.
//
// A [Schema] is a set of objects, read from describe results. [ReadDir] reads a
// directory of them, so that rules can be checked without a connection:
//
//	s, err := schema.ReadDir(os.DirFS("schema"))
//	f := s.Object("Contact").Field("NPS_Score__c")
//	if why := f.WhyNotUpdateable(); why != "" {
//		// e.g. schema.ReasonFormula
//	}
//	body, bad := f.AppendJSON(nil, schema.Value{Kind: schema.KindNumber, Text: "9"})
//
// [Field.AppendJSON] finds before the call what Salesforce would reject on
// sight: a text that is too long, a picklist value that is not in the list, an
// id of another object. It allocates nothing for text, numbers and booleans.
//
// [Compare] tells what has changed between two describes, field by field, which is
// how drift is found before an event meets it.
//
// The package does no network I/O and imports nothing of this module. Facts
// about Salesforce come from its developer documentation of API 67.0: "REST API
// Developer Guide" for describe results and date formats, "SOAP API Developer
// Guide" (describeSObjectResult) for the meaning of the field attributes, and
// "Object Reference" (Field Types) for record ids.
package schema
