package receiver

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store/bolt"
)

const (
	org      = "00D5g000004XYZaEAO"
	otherOrg = "00D5g000004XYZbEAO"
	token    = "a-token-that-nobody-guesses"
	secret   = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	private  = "what-a-customer-wrote" // stands in bodies, and nowhere else
)

// caseObject is indexed once, since senders read it at the same time.
var caseObject = &schema.Object{Name: "Case", Fields: []*schema.Field{
	{Name: "Id", Type: schema.TypeID}, {Name: "Age__c", Type: schema.TypeDouble}, {Name: "Escalated__c", Type: schema.TypeBoolean}, {Name: "Subject", Type: schema.TypeString},
}}

var orgSchema = schema.New(caseObject)

func describes(_ context.Context, name string) (*schema.Object, error) {
	return orgSchema.Object(name), nil
}

// desk is a receiver in front of a real engine and store, with what it says and hears.
type desk struct {
	*Receiver
	log lines

	mu      sync.Mutex
	kept    []string // events that were accepted, in order
	answers []Answer
}

// newDesk opens a desk; change may alter its configuration.
func newDesk(t testing.TB, change ...func(*Config)) *desk {
	t.Helper()
	st, err := bolt.Open(t.TempDir(), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	p, diagnostics := plan.Compile(nil, plan.Options{})
	if p == nil {
		t.Fatal(diagnostics)
	}
	engine, err := runtime.New(runtime.Config{Store: st, Plan: p, Org: func(context.Context, string) (runtime.Org, error) { return runtime.Org{}, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return newDeskOn(t, engine.Submit, change...)
}

// newDeskOn opens a desk on any Submit.
func newDeskOn(t testing.TB, submit func(context.Context, string, []string) ([]runtime.Submission, error), change ...func(*Config)) *desk {
	t.Helper()
	d := &desk{}
	config := Config{
		Submit: func(ctx context.Context, source string, events []string) ([]runtime.Submission, error) {
			answers, err := submit(ctx, source, events)
			d.mu.Lock()
			defer d.mu.Unlock()
			for i, a := range answers {
				if a.Status == runtime.Accepted {
					d.kept = append(d.kept, source+" "+events[i])
				}
			}
			return answers, err
		},
		Connections: map[string]Connection{"production": {OrganizationID: org, Object: describes}},
		Tokens:      []string{token},
		Secrets:     []string{secret},
		Statuses: func(eventType, survey string) []string {
			if survey == "anything-goes" {
				return nil
			}
			return []string{"Sent", "Delivered", "Responded", "Soft Bounce"}
		},
		Logger: slog.New(slog.NewTextHandler(&d.log, nil)),
		Observe: func(a Answer) {
			d.mu.Lock()
			d.answers = append(d.answers, a)
			d.mu.Unlock()
		},
	}
	for _, f := range change {
		f(&config)
	}
	r, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	d.Receiver = r
	t.Cleanup(func() {
		for _, s := range []string{token, strings.TrimPrefix(secret, "whsec_"), private} {
			if strings.Contains(d.log.String(), s) {
				t.Errorf("the log holds %q:\n%s", s, &d.log)
			}
		}
		if working, waiting, bytes := d.Load(); working != 0 || waiting != 0 || bytes != 0 {
			t.Errorf("%d requests at work, %d waiting and %d bytes are left over", working, waiting, bytes)
		}
	})
	return d
}

// take is a Submit that keeps nothing.
func take(_ context.Context, _ string, events []string) ([]runtime.Submission, error) {
	answers := make([]runtime.Submission, len(events))
	for i := range answers {
		answers[i].Status = runtime.Accepted
	}
	return answers, nil
}

func (d *desk) do(req *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, req)
	return w
}

func (d *desk) lastAnswer(t testing.TB) Answer {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.answers) == 0 {
		t.Fatal("nobody told the observer")
	}
	return d.answers[len(d.answers)-1]
}

func (d *desk) keptEvents() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.kept...)
}

// post is a request with JSON and the good token.
func post(path, body string, headers ...string) *http.Request {
	req := httptest.NewRequest("POST", path, strings.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		if req.Header.Del(headers[i]); headers[i+1] != "" {
			req.Header.Set(headers[i], headers[i+1])
		}
	}
	return req
}

func soap(body string) *http.Request {
	req := httptest.NewRequest("POST", "/soap/production", strings.NewReader(body))
	req.Header.Set("Content-Type", "text/xml; charset=utf-8")
	req.Header.Set("SOAPAction", `""`)
	return req
}

// message is an outbound message of Cases, one for each number.
func message(organization string, numbers ...int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>` + organization + `</OrganizationId>
   <ActionId>04k5g0000008abcAAA</ActionId>
   <SessionId xsi:nil="true"/>
`)
	for _, n := range numbers {
		fmt.Fprintf(&b, `   <Notification>
    <Id>%s</Id>
    <sObject xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>%s</sf:Id>
     <sf:Age__c>39.0</sf:Age__c>
     <sf:Escalated__c>true</sf:Escalated__c>
     <sf:Subject>%s</sf:Subject>
    </sObject>
   </Notification>
`, id18("04l5g", n), id18("5005g", n), private)
	}
	return b.String() + "  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n"
}

func id18(prefix string, n int) string {
	return string(schema.AppendID18(nil, fmt.Sprintf("%s%010d", prefix, n)))
}

func count(n int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i + 1
	}
	return numbers
}

// lines is a log that several goroutines write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *lines) clear() {
	l.mu.Lock()
	l.b.Reset()
	l.mu.Unlock()
}

// unreadBody is a body that nobody may touch.
type unreadBody struct{ t testing.TB }

func (b unreadBody) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, io.ErrUnexpectedEOF
}
