package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Op is what is done to a record.
type Op string

// The operations.
const (
	Create   Op = "create"
	Update   Op = "update"
	Upsert   Op = "upsert"
	Retrieve Op = "retrieve"
	Describe Op = "describe"
)

// Row is one record to write.
type Row struct {
	// Object is the API name of the object.
	Object string
	// Body is a JSON object of the fields to set, and of nothing else: neither
	// the id nor the external id is in it. It is sent as it is.
	Body []byte
	// ID is the record to update.
	ID string
	// ExternalField and ExternalValue name the record to upsert, or to update if
	// there is no ID, by an external-id field.
	ExternalField string
	ExternalValue string
	// Schema is the object's describe, if at hand. It makes causes more exact.
	Schema *schema.Object
}

// Result is what became of one row. Without an Err, the row is written.
type Result struct {
	// ID is the record's id; empty where Salesforce does not tell it, as after an update.
	ID string
	// Created is true when the record is new.
	Created bool
	Err     *Error
}

// Create makes one record in a call of its own.
func (c *Client) Create(ctx context.Context, row Row) Result { return c.single(ctx, Create, &row) }

// Update changes one record in a call of its own: the one with the row's ID, or
// the one that the external id names. It never makes a record.
func (c *Client) Update(ctx context.Context, row Row) Result { return c.single(ctx, Update, &row) }

// Upsert changes the record that the external id names, or makes it, in a call
// of its own.
func (c *Client) Upsert(ctx context.Context, row Row) Result { return c.single(ctx, Upsert, &row) }

func (c *Client) single(ctx context.Context, op Op, row *Row) Result {
	if bad := row.check(op); bad != nil {
		return Result{Err: bad}
	}
	r := &call{method: http.MethodPatch, path: c.root + "/sobjects/" + segment(row.Object), body: row.Body}
	switch {
	case op == Create:
		r.method = http.MethodPost
	case op == Update && row.ID != "":
		r.path += "/" + segment(row.ID)
	default:
		r.path += "/" + segment(row.ExternalField) + "/" + segment(row.ExternalValue)
		if op == Update {
			r.path += "?updateOnly=true"
		}
	}
	a, bad := c.do(ctx, r)
	if bad != nil {
		bad.Whole = false
		return Result{Err: bad}
	}
	return row.readSingle(a, op)
}

// readSingle reads the answer to a call for one row: 201 with the new id, 200
// with created=false, or 204 without a body.
func (row *Row) readSingle(a *answer, op Op) Result {
	if a.status == http.StatusNoContent {
		return Result{ID: row.ID}
	}
	var w wireResult
	if (a.status == http.StatusOK || a.status == http.StatusCreated) && json.Unmarshal(a.body, &w) == nil && w.Success != nil && *w.Success {
		return Result{ID: w.ID, Created: a.status == http.StatusCreated || w.Created}
	}
	bad := answerError(a, op)
	bad.Whole = false
	row.refine(bad, op)
	return Result{Err: bad}
}

// refine names the cause again with the knowledge of the row and of its object's
// describe. What of the row stands in a message is the same in every language.
func (row *Row) refine(e *Error, op Op) {
	switch {
	case e.Code == "INVALID_FIELD" && row.parentIn(e.Message):
		e.Cause = RecordNotFound
	case e.Code == "NOT_FOUND" && e.Names(row.ExternalField):
		e.Cause = FieldNotWritable
	case row.Schema != nil && e.Code != "":
		e.Cause = Classify(Failure{Code: e.Code, Message: e.Message, Fields: e.Fields, HTTPStatus: e.HTTPStatus, Op: op, Object: row.Schema})
	}
}

// parentIn reports whether a message has both the name and the value of an external id by
// which the row sets a lookup. One that tells of the name alone is about the field.
func (row *Row) parentIn(message string) (found bool) {
	gjson.ParseBytes(row.Body).ForEach(func(_, parent gjson.Result) bool {
		if parent.IsObject() {
			parent.ForEach(func(key, value gjson.Result) bool {
				found = !value.IsObject() && says(message, key.Str) && says(message, value.String())
				return !found
			})
		}
		return !found
	})
	return found
}

// check finds what can have no good answer, before it costs a call. Above all, an
// empty key must never reach Salesforce: the path would then name the object.
func (row *Row) check(op Op) *Error {
	body := bytes.TrimSpace(row.Body)
	switch {
	case row.Object == "":
		return &Error{Cause: WrongObject, Message: "the row names no object"}
	case len(body) == 0 || body[0] != '{' || !gjson.ValidBytes(body):
		return &Error{Cause: InvalidValue, Message: "the fields of the row are no JSON object"}
	case op == Create:
	case op == Update && row.ID != "":
	case row.ExternalField == "" || row.ExternalValue == "":
		return &Error{Cause: RequiredMissing, Message: string(op) + " of " + row.Object + " has neither a record id nor an external id"}
	}
	return nil
}

// appendRecord appends the row as a record of a collection: the body's fields
// after the type and the key.
func (row *Row) appendRecord(dst []byte, op Op) []byte {
	dst = append(dst, `{"attributes":{"type":`...)
	dst = schema.AppendJSONString(dst, row.Object)
	dst = append(dst, '}')
	switch op {
	case Update:
		dst = append(dst, `,"id":`...)
		dst = schema.AppendJSONString(dst, row.ID)
	case Upsert:
		dst = append(dst, ',')
		dst = schema.AppendJSONString(dst, row.ExternalField)
		dst = append(dst, ':')
		dst = row.appendExternalValue(dst)
	}
	fields := bytes.TrimSpace(bytes.TrimSpace(row.Body)[1:])
	if fields[0] != '}' {
		dst = append(dst, ',')
	}
	return append(dst, fields...)
}

// appendExternalValue writes the key as a number where the field is one.
func (row *Row) appendExternalValue(dst []byte) []byte {
	if row.Schema != nil {
		f := row.Schema.Field(row.ExternalField)
		if f != nil && f.Type.Numeric() && json.Valid([]byte(row.ExternalValue)) {
			return append(dst, row.ExternalValue...)
		}
	}
	return schema.AppendJSONString(dst, row.ExternalValue)
}
