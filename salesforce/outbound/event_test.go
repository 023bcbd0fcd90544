package outbound

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce/schema"
)

var received = time.Date(2026, 11, 20, 15, 3, 0, 5e6, time.FixedZone("CET", 3600))

const eventHead = `{"id":"04l5g0000000001AAA","type":"salesforce.outbound_message","time":"2026-11-20T14:03:00.005Z","record":`

// typed is a Case with a field of every type, named after it.
func typed() *schema.Object {
	o := &schema.Object{Name: "Case"}
	for _, kind := range []schema.Type{
		schema.TypeID, schema.TypeString, schema.TypeBoolean, schema.TypeInt, schema.TypeLong, schema.TypeDouble, schema.TypeDate,
		schema.TypeDateTime, schema.TypeTime, schema.TypeReference, schema.TypeCurrency, schema.TypeTextArea, schema.TypePercent,
		schema.TypePhone, schema.TypeURL, schema.TypeEmail, schema.TypePicklist, schema.TypeMultiPicklist, schema.TypeAnyType,
	} {
		o.Fields = append(o.Fields, &schema.Field{Name: string(kind), Type: kind})
	}
	schema.New(o)
	return o
}

func TestAppendEventTypesValues(t *testing.T) {
	tests := []struct{ kind, value, want string }{
		{"double", "39.0", "39.0"},
		{"double", "4.50", "4.50"},
		{"double", "-0.0", "-0.0"},
		{"double", "1.2345E10", "1.2345E10"},
		{"double", "1.0e-7", "1.0e-7"},
		{"double", "123456789012345678.0", "123456789012345678.0"},
		{"double", "\n 39.0 ", "39.0"},
		{"double", "NaN", `"NaN"`},
		{"double", "INF", `"INF"`},
		{"double", "-INF", `"-INF"`},
		{"double", "+1", `"+1"`},
		{"double", ".5", `".5"`},
		{"double", "5.", `"5."`},
		{"double", "007", `"007"`},
		{"double", "1,5", `"1,5"`},
		{"double", "1 2", `"1 2"`},
		{"double", "1]", `"1]"`},
		{"double", "-", `"-"`},
		{"double", "", "null"},
		{"int", "39.0", "39.0"},
		{"long", "9007199254740993", "9007199254740993"},
		{"currency", "120000.0", "120000.0"},
		{"percent", "50.0", "50.0"},
		{"boolean", "true", "true"},
		{"boolean", "false", "false"},
		{"boolean", "1", "true"},
		{"boolean", " 0 ", "false"},
		{"boolean", "yes", `"yes"`},
		{"boolean", "", "null"},
		{"date", "1978-01-01", `"1978-01-01"`},
		{"date", "", "null"},
		{"datetime", "2017-12-11T21:49:24.000Z", `"2017-12-11T21:49:24.000Z"`},
		{"time", "13:30:00.000Z", `"13:30:00.000Z"`},
		{"reference", "0035g00000AbCdEAAV", `"0035g00000AbCdEAAV"`},
		{"reference", "", "null"},
		{"picklist", "High", `"High"`},
		{"picklist", "39.0", `"39.0"`},
		{"multipicklist", "A;B", `"A;B"`},
		{"string", "39.0", `"39.0"`},
		{"string", "true", `"true"`},
		{"string", "", `""`},
		{"textarea", " a \"b\"\n\\c\t", `" a \"b\"\n\\c\t"`},
		{"Unknown__c", "39.0", `"39.0"`},
		{"Unknown__c", "", `""`},
		{"DOUBLE", "39.0", "39.0"},
	}
	o := typed()
	for _, test := range tests {
		n := caseOf(Field{Name: test.kind, Value: test.value})
		want := eventHead + `{"attributes":{"type":"Case"},"Id":"` + caseID + `","` + test.kind + `":` + test.want + `}}`
		got := string(n.AppendEvent(nil, o, received))
		if got != want {
			t.Errorf("%s %q\ngot  %s\nwant %s", test.kind, test.value, got, want)
		}
		mustBeEvent(t, got, n)
	}
}

func TestAppendEventWithoutDescribe(t *testing.T) {
	fields := []Field{{Name: "A", Value: "39.0"}, {Name: "B", Nil: true}, {Name: "double", Value: "1.0"}}
	const values = `,"A":"39.0","B":null,"double":"1.0"}}`
	account := typed()
	account.Name = "Account"
	for _, test := range []struct {
		name string
		n    Notification
		o    *schema.Object
		want string
	}{
		{"no describe", caseOf(fields...), nil, `{"attributes":{"type":"Case"},"Id":"` + caseID + `"` + values},
		{"the describe of another object", caseOf(fields...), account, `{"attributes":{"type":"Case"},"Id":"` + caseID + `"` + values},
		{"no object in the message", Notification{ID: notificationID(1)}, account, `{"attributes":{"type":"Account"}}}`},
		{"no object at all", Notification{ID: notificationID(1)}, nil, `{"attributes":{}}}`},
		{"no record id", Notification{ID: notificationID(1), Object: "Case"}, nil, `{"attributes":{"type":"Case"}}}`},
	} {
		got := string(test.n.AppendEvent([]byte("before "), test.o, received))
		if got != "before "+eventHead+test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.name, got, eventHead+test.want)
		}
	}
}

// mustBeEvent holds the text to what the rules need of an event.
func mustBeEvent(t rapid.TB, text string, n Notification) {
	t.Helper()
	if !json.Valid([]byte(text)) || strings.ContainsAny(text, "\n\r") {
		t.Fatalf("no line of JSON: %s", text)
	}
	ev, err := plan.ReadEvent(text)
	if err != nil {
		if len(text) > plan.MaxEvent {
			return
		}
		t.Fatalf("no event: %v\n%s", err, text)
	}
	if ev.ID != n.ID || ev.Type != plan.TypeOutbound || ev.Record != n.RecordID || n.Object != "" && ev.Object != n.Object {
		t.Fatalf("read as %+v\nfrom %+v\n%s", ev, n, text)
	}
}
