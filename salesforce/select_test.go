package salesforce

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	var queries []string
	org := newFake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		switch {
		case r.URL.Path == "/services/data/v67.0/query/01g-2000":
			answerWith(200, `{"done":true,"records":[{"Id":"b"}]}`)(w, r, nil)
		case r.URL.Path == "/services/data/v67.0/query/01g-again" || strings.Contains(r.URL.RawQuery, "forever"):
			answerWith(200, `{"nextRecordsUrl":"/services/data/v67.0/query/01g-again","records":[]}`)(w, r, nil)
		case strings.Contains(r.URL.RawQuery, "leave"):
			answerWith(200, `{"nextRecordsUrl":"/elsewhere","records":[]}`)(w, r, nil)
		default:
			queries = append(queries, r.URL.Query().Get("q"))
			answerWith(200, `{"done":false,"nextRecordsUrl":"/services/data/v67.0/query/01g-2000","records":[{"Id":"a"}]}`)(w, r, nil)
		}
	})
	c := org.client(t)
	ctx := context.Background()

	records, calls, err := c.Select(ctx, Selection{Object: "Case", Key: "Key__c", Values: []string{`it's \ a`, "b"}, Fields: []string{"Subject", "Account__r.Crm_Key__c"}})
	if err != nil || calls != 2 || len(records) != 2 || string(records[1]) != `{"Id":"b"}` {
		t.Errorf("%s in %d calls, %v", records, calls, err)
	}
	if want := `SELECT Key__c,Subject,Account__r.Crm_Key__c FROM Case WHERE Key__c IN ('it\'s \\ a','b')`; queries[0] != want {
		t.Errorf("asked %s\nwant  %s", queries[0], want)
	}

	// Numbers have no quotes; what is no number gets them, so that it stays a value.
	queries = nil
	if _, _, err := c.Select(ctx, Selection{Object: "Case", Key: "id", Values: []string{"-4.50", "1) OR (Id != null"}, Fields: []string{"Id"}, Numeric: true}); err != nil {
		t.Error(err)
	}
	if want := `SELECT Id FROM Case WHERE id IN (-4.50,'1) OR (Id != null')`; queries[0] != want {
		t.Errorf("asked %s\nwant  %s", queries[0], want)
	}

	// Many values take several calls, and each is asked for once.
	queries = nil
	var many []string
	for i := range 600 {
		many = append(many, fmt.Sprintf("0035g00000%05dAAB", i))
	}
	if _, calls, err := c.Select(ctx, Selection{Object: "Contact", Key: "Id", Values: many, Fields: []string{"LastName"}}); err != nil || calls != 2*len(queries) || len(queries) < 3 {
		t.Errorf("%d calls, %d queries, %v", calls, len(queries), err)
	}
	all := strings.Join(queries, "")
	for _, v := range many {
		if strings.Count(all, "'"+v+"'") != 1 {
			t.Errorf("%s is asked for %d times", v, strings.Count(all, v))
		}
	}
	for _, q := range queries {
		if len(q) > maxQuery+100 {
			t.Errorf("a query of %d bytes", len(q))
		}
	}

	var e *Error
	for _, bad := range []Selection{{Object: "Case WHERE", Key: "Id"}, {Object: "Case", Key: "Id", Fields: []string{"A,B"}}, {Object: "Case", Key: "Id)"}} {
		bad.Values = []string{"x"}
		if _, calls, err := c.Select(ctx, bad); !errors.As(err, &e) || e.Cause != UnsupportedField || calls != 0 {
			t.Errorf("%+v: %v in %d calls", bad, err, calls)
		}
	}
	if _, _, err := c.Select(ctx, Selection{Object: "leave", Key: "Id", Values: []string{"x"}}); err == nil {
		t.Error("followed a link to another resource")
	}
	if _, calls, err := c.Select(ctx, Selection{Object: "forever", Key: "Id", Values: []string{"x"}}); err == nil || !strings.Contains(err.Error(), "does not end") || calls > 100 {
		t.Errorf("an answer without end: %d calls, %v", calls, err)
	}
}
