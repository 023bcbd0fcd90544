package salesforce

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"
)

// Write writes rows and returns one result for each, in their order. The op is
// Create, Update or Upsert.
//
// Rows go in sObject Collections calls of up to 200 that are of one object and
// external-id field; a lone row and an update by external id, which collections
// do not know, go in calls of their own. When Salesforce refuses a whole call for
// a reason that lies in a row, the call is split until that row stands alone: that
// costs at most two calls for each halving, and fewer where the error tells the
// row. A call that failed for another reason, or whose answer is lost, is not
// repeated: its rows share the error.
//
// One record must not be in two rows of the same call. The same object under two
// spellings counts as two.
func (c *Client) Write(ctx context.Context, op Op, rows []Row) []Result {
	results := make([]Result, len(rows))
	w := writer{c: c, ctx: ctx, op: op}
	for i := range rows {
		row, result := &rows[i], &results[i]
		if bad := row.check(op); bad != nil {
			result.Err = bad
			continue
		}
		if op == Update && row.ID == "" {
			*result = c.single(ctx, op, row)
			continue
		}
		if n := len(w.rows); n > 0 && (n == MaxRows || row.Object != w.rows[0].Object || op == Upsert && row.ExternalField != w.rows[0].ExternalField) {
			w.flush()
		}
		w.rows, w.results = append(w.rows, row), append(w.results, result)
	}
	w.flush()
	return results
}

// writer writes the rows of one batch.
type writer struct {
	c       *Client
	ctx     context.Context
	op      Op
	rows    []*Row
	results []*Result
}

func (w *writer) flush() {
	w.write(w.rows, w.results)
	w.rows, w.results = w.rows[:0], w.results[:0]
}

func (w *writer) write(rows []*Row, results []*Result) {
	switch len(rows) {
	case 0:
		return
	case 1:
		*results[0] = w.c.single(w.ctx, w.op, rows[0])
		return
	}
	b := newBatch(w.op, rows)
	bad := w.c.collection(w.ctx, w.op, rows, b, results)
	switch {
	case bad == nil:
	case !bad.liesInRow():
		for _, r := range results {
			own := *bad
			r.Err = &own
		}
	default:
		w.split(rows, results, b, bad)
	}
}

// liesInRow reports whether the reason for which a whole call was refused may be
// one of its rows, so that the others can do without it. What concerns the object,
// the user or the org concerns all rows alike.
func (e *Error) liesInRow() bool {
	if e.InDoubt || e.HTTPStatus != http.StatusBadRequest && e.HTTPStatus != http.StatusRequestEntityTooLarge {
		return false
	}
	switch e.Cause {
	case InvalidValue, FieldNotWritable, UnsupportedField, RequiredMissing, Duplicate, ValidationRule, RecordNotFound, Unknown:
		return true
	case WrongObject:
		return e.Code != "INVALID_TYPE"
	}
	return false
}

// split goes on without the rows that the error points at, if it does, and by halves otherwise.
func (w *writer) split(rows []*Row, results []*Result, b batch, bad *Error) {
	suspects := suspects(rows, b, bad)
	if len(suspects) == 0 {
		w.halves(rows, results)
		return
	}
	var restRows, badRows []*Row
	var restResults, badResults []*Result
	for i := range rows {
		if slices.Contains(suspects, i) {
			badRows, badResults = append(badRows, rows[i]), append(badResults, results[i])
		} else {
			restRows, restResults = append(restRows, rows[i]), append(restResults, results[i])
		}
	}
	w.write(badRows[:1], badResults[:1])
	first := badResults[0].Err
	if first == nil {
		// The hint was wrong. Halving from here on keeps a server that always
		// points at the wrong row from costing a call for each row.
		w.halves(badRows[1:], badResults[1:])
		w.halves(restRows, restResults)
		return
	}
	if first.Code == bad.Code && first.Message == bad.Message {
		// A column that does not exist for one row exists for no other row.
		for _, r := range badResults[1:] {
			own := *first
			r.Err = &own
		}
	} else {
		w.halves(badRows[1:], badResults[1:])
	}
	w.write(restRows, restResults)
}

func (w *writer) halves(rows []*Row, results []*Result) {
	half := len(rows) / 2
	w.write(rows[:half], results[:half])
	w.write(rows[half:], results[half:])
}

var (
	parserPlace = regexp.MustCompile(`\[line:\s*1, column:\s*(\d{1,9})\]`)
	noSuchField = regexp.MustCompile(`[^\w\s](\w+)[^\w\s]`) // in quotation marks of any language
)

// suspects returns the rows at which a whole-call error points: the one at the
// column of a JSON parser's message, or all that set a column which
// does not exist. It is a hint, and is put to the test by a call.
func suspects(rows []*Row, b batch, bad *Error) []int {
	switch bad.Code {
	case "JSON_PARSER_ERROR":
		place := parserPlace.FindStringSubmatch(bad.Message)
		if place == nil {
			return nil
		}
		column, _ := strconv.Atoi(place[1])
		i, _ := slices.BinarySearch(b.ends, column)
		if column == 0 || i == len(rows) {
			return nil
		}
		return []int{i}
	case "INVALID_FIELD":
		column := noSuchField.FindStringSubmatch(bad.Message)
		if column == nil {
			return nil
		}
		var at []int
		for i, row := range rows {
			if gjson.GetBytes(row.Body, column[1]).Exists() {
				at = append(at, i)
			}
		}
		return at
	}
	return nil
}
