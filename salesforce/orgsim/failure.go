package orgsim

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// failure is one error of Salesforce. It takes two shapes on the wire: an error with
// "errorCode" when a whole call fails, and one with "statusCode" in a row's result.
type failure struct {
	status          int // HTTP status when it fails a single-row call
	code, message   string
	fields          []string // nil leaves "fields" out of a whole call's error
	duplicateResult json.RawMessage
}

func (f *failure) append(dst []byte, codeKey string) []byte {
	dst = append(dst, '{')
	if f.duplicateResult != nil {
		dst = append(dst, `"duplicateResult":`...)
		dst = append(append(dst, f.duplicateResult...), ',')
	}
	dst = append(dst, `"message":`...)
	dst = schema.AppendJSONString(dst, f.message)
	dst = append(append(append(dst, `,"`...), codeKey...), `":`...)
	dst = schema.AppendJSONString(dst, f.code)
	if f.fields != nil || codeKey == "statusCode" {
		dst = append(dst, `,"fields":[`...)
		for i, name := range f.fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = schema.AppendJSONString(dst, name)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendFailures appends a list of errors in the shape of the key.
func appendFailures(dst []byte, codeKey string, list []failure) []byte {
	dst = append(dst, '[')
	for i := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = list[i].append(dst, codeKey)
	}
	return append(dst, ']')
}

// failed is the answer to a call that failed as a whole.
func failed(list ...failure) answer {
	return answer{status: list[0].status, body: appendFailures(nil, "errorCode", list)}
}

func fail(status int, code, message string) answer {
	return failed(failure{status: status, code: code, message: message})
}

func notFound() answer {
	return fail(404, "NOT_FOUND", "The requested resource does not exist")
}

// parserError is what Salesforce says about JSON that it cannot read; it never names
// the field, only the place.
func parserError(body []byte, offset int, message string) failure {
	line, column := place(body, offset)
	return failure{status: 400, code: "JSON_PARSER_ERROR",
		message: message + " at [line:" + strconv.Itoa(line) + ", column:" + strconv.Itoa(column) + "]"}
}

// place counts lines and columns from 1.
func place(body []byte, offset int) (line, column int) {
	before := string(body[:min(offset, len(body))])
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndexByte(before, '\n')
}

// noExternalID is about a field by which rows cannot be found, or that is hidden.
func noExternalID(name string) answer {
	return fail(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: "+name)
}

// noSuchType says in rows and queries that there is no object of the name.
func noSuchType(name string) string {
	return "sObject type '" + name + "' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. " +
		"Please reference your WSDL or the describe call for the appropriate names."
}

// noRows and tooManyRows refuse a Collections call as a whole.
func noRows() answer { return fail(400, "REQUIRED_FIELD_MISSING", "At least 1 record is required") }

func tooManyRows() failure {
	return failure{status: 400, code: "LIMIT_EXCEEDED", message: "record limit reached. cannot submit more than " + itoa(maxRows) + " records into this call"}
}

func noAccess(r *record) failure {
	return failure{status: 400, code: "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", fields: []string{},
		message: "insufficient access rights on cross-reference id: " + r.id[:15]}
}

func noSuchColumn(name string, o *object) failure {
	return failure{status: 400, code: "INVALID_FIELD", message: "No such column '" + name + "' on sobject of type " + o.name}
}

func notWritable(names []string) failure {
	return failure{status: 400, code: "INVALID_FIELD_FOR_INSERT_UPDATE", fields: names,
		message: "Unable to create/update fields: " + strings.Join(names, ", ") +
			". Please check the security settings of this field and verify that it is read/write for your profile or permission set."}
}

func requiredMissing(names []string) failure {
	return failure{status: 400, code: "REQUIRED_FIELD_MISSING", fields: names,
		message: "Required fields are missing: [" + strings.Join(names, ", ") + "]"}
}

// malformedID is an id that no record of any object can have.
func malformedID(id string) failure {
	return failure{status: 400, code: "MALFORMED_ID", message: "malformed id " + id, fields: []string{}}
}

// wrongObjectID is a good id, of a record of another object.
func wrongObjectID(f *field, code, id string) failure {
	return failure{status: 400, code: code, message: f.Label + ": id value of incorrect type: " + id, fields: []string{f.Name}}
}

func crossReference(status int) failure {
	return failure{status: status, code: "INVALID_CROSS_REFERENCE_KEY", message: "invalid cross reference id", fields: []string{}}
}

func entityDeleted(status int) failure {
	return failure{status: status, code: "ENTITY_IS_DELETED", message: "entity is deleted", fields: []string{}}
}

func duplicateValue(f *field, other string) failure {
	return failure{status: 400, code: "DUPLICATE_VALUE", fields: []string{},
		message: "duplicate value found: " + f.Name + " duplicates value on record with id: " + other}
}
