package orgsim

import (
	"cmp"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/tidwall/gjson"
)

const (
	maxRows   = 200 // of a Collections call
	maxChunks = 10  // runs of rows of one type in it
)

// collections answers /composite/sobjects: many rows in one call, each with a result.
func (g *Org) collections(c *call, p []string) answer {
	switch {
	case len(p) == 0 && c.method == "DELETE":
		return g.deleteRows(c)
	case len(p) == 0 && c.method == "POST":
		return g.writeRows(c, creating, nil, nil)
	case len(p) == 0 && c.method == "PATCH":
		return g.writeRows(c, updating, nil, nil)
	case len(p) == 0:
		return c.allow(nil, "POST", "PATCH", "DELETE")
	case len(p) == 2 && c.method == "PATCH":
		v := c.view(p[0])
		if v == nil || c.version < 46 {
			return notFound()
		}
		key := v.field(p[1])
		if key == nil || !(key.ExternalID || key.IDLookup) {
			return noExternalID(p[1])
		}
		if key.Type == schema.TypeID {
			key = nil
		}
		return g.writeRows(c, upserting, v, key)
	case len(p) == 2:
		return c.allow(nil, "PATCH")
	}
	return notFound()
}

// writeRows creates, updates or upserts rows. All rows share the object only in an upsert.
func (g *Org) writeRows(c *call, op operation, only *view, key *field) answer {
	body, bad := c.json('{')
	if bad != nil {
		return *bad
	}
	rows := body.Get("records")
	if !rows.IsArray() {
		return noRows()
	}
	changes := make([]change, 0, maxRows)
	var whole *failure
	chunks, last := 0, ""
	rows.ForEach(func(_, row gjson.Result) bool {
		if len(changes) == maxRows {
			limit := tooManyRows()
			whole = &limit
			return false
		}
		if !row.IsObject() {
			f := parserError(c.body, row.Index, "Cannot deserialize instance of sobject from a value that is no object")
			whole = &f
			return false
		}
		ch := change{view: only, op: op, key: key}
		kind := row.Get("attributes.type").Str
		if ch.view, whole = c.rowView(only, kind); whole != nil {
			return false
		}
		if ch.view.name != last {
			last = ch.view.name
			if chunks++; chunks > maxChunks {
				whole = &failure{status: 400, code: "LIMIT_EXCEEDED", message: "the records are of more than 10 chunks of types"}
				return false
			}
		}
		whole = c.prepare(&ch, row, rowForm{idInBody: op == updating, keyInBody: op == upserting})
		changes = append(changes, ch)
		return whole == nil
	})
	switch {
	case whole != nil:
		c.note([]outcome{refuse(*whole)})
		return failed(*whole)
	case len(changes) == 0:
		return noRows()
	}
	twice := c.sameRecord(changes)
	return c.eachRow(len(changes), body.Get("allOrNone").Bool(), op == upserting, func(tx *txn, i int) outcome {
		if twice[i] != nil {
			return refuse(*twice[i])
		}
		return c.commit(tx, &changes[i])
	})
}

// rowView is the object of one row, by its attributes or by the call's path.
func (c *call) rowView(only *view, kind string) (*view, *failure) {
	if only != nil {
		if kind != "" && !strings.EqualFold(kind, only.name) {
			return nil, &failure{status: 400, code: "INVALID_TYPE", message: "all records of an upsert must be of the type " + only.name}
		}
		return only, nil
	}
	if kind == "" {
		return nil, &failure{status: 400, code: "INVALID_FIELD", message: "attributes.type is missing in a record"}
	}
	if v := c.view(kind); v != nil {
		return v, nil
	}
	return nil, &failure{status: 400, code: "INVALID_TYPE", message: noSuchType(kind)}
}

// sameRecord finds rows of one call that name the same record, by id or by external id.
func (c *call) sameRecord(changes []change) []*failure {
	out := make([]*failure, len(changes))
	if c.org.opts.Assumptions.SameRecordTwice || changes[0].op == creating {
		return out
	}
	first := make(map[string]int, len(changes))
	for i := range changes {
		ch := &changes[i]
		name, message := ch.id, "Duplicate id specified: "+ch.id
		if ch.key != nil {
			name, message = ch.key.key(ch.keyIs), "Duplicate external id specified: "+ch.keyIs
		}
		if name == "" {
			continue
		}
		if n, ok := first[name]; ok {
			out[i] = &failure{status: 400, code: "DUPLICATE_VALUE", message: message, fields: []string{}}
			out[n] = out[i]
			continue
		}
		first[name] = i
	}
	return out
}

// deleteRows answers DELETE /composite/sobjects?ids=a,b.
func (g *Org) deleteRows(c *call) answer {
	ids := strings.Split(c.query.Get("ids"), ",")
	switch {
	case c.query.Get("ids") == "":
		return noRows()
	case len(ids) > maxRows:
		return failed(tooManyRows())
	}
	return c.eachRow(len(ids), strings.EqualFold(c.query.Get("allOrNone"), "true"), false, func(tx *txn, i int) outcome {
		id := strings.TrimSpace(ids[i])
		var v *view
		if o := c.cfg.byPrefix[schema.KeyPrefix(id)]; o != nil {
			v = c.view(o.name)
		}
		if v == nil {
			return refuse(malformedID(id))
		}
		return c.remove(tx, v, id)
	})
}

// eachRow runs do for every row and answers with the results in the order of the rows. If the
// call is all or nothing, one failure undoes the others.
func (c *call) eachRow(n int, allOrNone, upsert bool, do func(tx *txn, i int) outcome) answer {
	outcomes := make([]outcome, n)
	bad := 0
	c.change(func(tx *txn) {
		mark := len(tx.undo)
		for i := range outcomes {
			if outcomes[i] = do(tx, i); outcomes[i].fails != nil {
				bad++
			}
		}
		if allOrNone && bad > 0 {
			tx.rollback(mark)
			for i := range outcomes {
				if outcomes[i].fails == nil {
					outcomes[i] = refuse(failure{code: "ALL_OR_NONE_OPERATION_ROLLED_BACK", fields: []string{},
						message: "Record rolled back because not all records were valid and the request was using AllOrNone header"})
				}
			}
		}
	})
	c.note(outcomes)
	dst := make([]byte, 0, 64*n)
	dst = append(dst, '[')
	for i, out := range outcomes {
		if i > 0 {
			dst = append(dst, ',')
		}
		if out.fails == nil {
			dst = appendSaved(dst, out, upsert)
			continue
		}
		dst = append(dst, `{"success":false,"errors":`...)
		dst = append(appendFailures(dst, "statusCode", out.fails), '}')
	}
	a := answer{status: 200, body: append(dst, ']')}
	if bad == n {
		a.status = cmp.Or(c.org.opts.Assumptions.CollectionErrorStatus, 200)
	}
	return a
}

// note counts rows for the log and the statistics.
func (c *call) note(outcomes []outcome) {
	for _, out := range outcomes {
		c.rows++
		if out.fails != nil {
			c.failedRows++
			c.codes = append(c.codes, out.fails[0].code)
		}
	}
}
