package salesforce

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
)

// MaxRows is how many records one sObject Collections call takes.
const MaxRows = 200

// wireResult is the result of one row, in a collection or alone.
type wireResult struct {
	ID      string      `json:"id"`
	Success *bool       `json:"success"`
	Created bool        `json:"created"`
	Errors  []wireError `json:"errors"`
}

// batch is the body of one collections call, with the place of each row in it.
type batch struct {
	body []byte
	ends []int // end of row i in body
}

func newBatch(op Op, rows []*Row) batch {
	size := 64
	for _, row := range rows {
		size += len(row.Body) + len(row.Object) + len(row.ID) + len(row.ExternalField) + len(row.ExternalValue) + 64
	}
	b := batch{body: make([]byte, 0, size), ends: make([]int, len(rows))}
	b.body = append(b.body, `{"allOrNone":false,"records":[`...)
	for i, row := range rows {
		if i > 0 {
			b.body = append(b.body, ',')
		}
		b.body = row.appendRecord(b.body, op)
		b.ends[i] = len(b.body)
	}
	b.body = append(b.body, "]}"...)
	return b
}

// collection writes the rows, which are of one object and, for upserts, of one
// external-id field, in one call. It fails if Salesforce refused the call as a whole.
func (c *Client) collection(ctx context.Context, op Op, rows []*Row, b batch, results []*Result) *Error {
	r := &call{method: http.MethodPatch, path: c.root + "/composite/sobjects", body: b.body}
	switch op {
	case Create:
		r.method = http.MethodPost
	case Upsert:
		r.path += "/" + segment(rows[0].Object) + "/" + segment(rows[0].ExternalField)
	}
	a, bad := c.do(ctx, r)
	if bad != nil {
		return bad
	}
	// Some answers carry the list of results with a status of 400.
	if a.status == http.StatusOK || a.status == http.StatusBadRequest {
		if list := readResults(a.body, len(rows)); list != nil && (op != Update || inOrder(rows, list)) {
			for i, row := range rows {
				*results[i] = row.result(&list[i], op)
			}
			return nil
		}
	}
	bad = answerError(a, op)
	rows[0].refine(bad, op)
	return bad
}

// readResults returns the results in a body, or nil if it is not a list of n of them.
func readResults(body []byte, n int) []wireResult {
	body = bytes.TrimSpace(body)
	if len(body) == 0 || body[0] != '[' {
		return nil
	}
	var list []wireResult
	if json.Unmarshal(body, &list) != nil || len(list) != n {
		return nil
	}
	for i := range list {
		if list[i].Success == nil {
			return nil
		}
	}
	return list
}

// inOrder reports whether the results of updates are those of their rows. Salesforce
// answers in the order of the rows; a result in a wrong place would tell of a record
// what became of another one.
func inOrder(rows []*Row, list []wireResult) bool {
	const id = 15 // characters that name a record; three more are a checksum
	for i, row := range rows {
		if got := list[i].ID; len(got) >= id && len(row.ID) >= id && got[:id] != row.ID[:id] {
			return false
		}
	}
	return true
}

func (row *Row) result(w *wireResult, op Op) Result {
	if *w.Success {
		return Result{ID: w.ID, Created: w.Created || op == Create}
	}
	var failures []Failure
	for i := range w.Errors {
		failures = append(failures, w.Errors[i].failure(0, op))
	}
	if len(failures) == 0 {
		return Result{Err: &Error{Cause: Unknown, Message: "Salesforce refused the row without saying why"}}
	}
	e := newError(failures)
	row.refine(e, op)
	return Result{Err: e}
}
