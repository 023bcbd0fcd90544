package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

const (
	testToken  = "test-token-of-the-events"
	testSecret = "whsec_dGVzdC1zZWNyZXQtb2YtdGhlLXdlYmhvb2tz"
)

// served is a daemon that runs in this process.
type served struct {
	t *testing.T
	greeting
	log  *safeBuffer
	stop func() (exitCode int)
}

// safeBuffer may be written while it is read.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// testOrg is a simulated org with the records of the examples. Its secrets are in the environment.
func testOrg(t *testing.T) *orgsim.Org {
	t.Helper()
	org, err := demoOrg("survey/org/overlay.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { org.Close() })
	t.Setenv(idVariable, orgsim.DefaultClientID)
	t.Setenv(secretVariable, orgsim.DefaultClientSecret)
	t.Setenv(eventsTokenVariable, testToken)
	t.Setenv(homeVariable, t.TempDir())
	return org
}

const caseRules = `connection production
rule Status on the case
on outbound message Case
when Failed
  update Case where Id = record.Id set Survey_Status__c: FAILED
otherwise
  update Case where Id = record.Id set Survey_Status__c = distribution.status
rule Answers on the contact
on survey response nps
when Responded
  update Contact where Id = profile.contact set NPS_Score__c = answers.nps
`

// writeRules writes a rule file as editors do: beside, and then in its place.
func writeRules(t *testing.T, dir, text string) {
	t.Helper()
	name := filepath.Join(dir, "rules.sfsync")
	if err := os.WriteFile(name+"~", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+"~", name); err != nil {
		t.Fatal(err)
	}
}

func rulesDir(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	writeRules(t, dir, text)
	return dir
}

// startServe runs `sfsync serve` until it is ready.
func startServe(t *testing.T, args ...string) *served {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	s := &served{t: t, log: &safeBuffer{}}
	c := &console{in: strings.NewReader(""), out: w, err: s.log, width: defaultWidth}
	ended := make(chan int, 1)
	go func() {
		code := c.exit(execute(ctx, c, append([]string{"sfsync", "serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0", "--format", "json"}, args...)))
		w.Close()
		ended <- code
	}()
	s.stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Log(s.log)
		}
	})
	if err := json.NewDecoder(r).Decode(&s.greeting); err != nil {
		t.Fatalf("it does not start: %v", err)
	}
	go io.Copy(io.Discard, r)
	return s
}

// post sends a body and returns the answer.
func (s *served) post(address, body string, header ...string) (status int, answer string) {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return s.do(req)
}

func (s *served) get(address string) (status int, answer string) {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.do(req)
}

func (s *served) do(req *http.Request) (status int, answer string) {
	s.t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(data)
}

func (s *served) event(body string) (status int, answer string) {
	s.t.Helper()
	return s.post(s.Events, body, "Authorization", "Bearer "+testToken, "Content-Type", "application/json")
}

// message is an outbound message of a case, as Salesforce sends it.
func message(org, notification, record string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>` +
		org + `</OrganizationId><ActionId>04k5g0000008OQw</ActionId><SessionId>00D!session-id-secret</SessionId><Notification><Id>` + notification +
		`</Id><sObject xsi:type="sf:Case" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>` + record + `</sf:Id></sObject></Notification></notifications></soapenv:Body></soapenv:Envelope>`
}

func (s *served) soap(body string) (status int, answer string) {
	s.t.Helper()
	return s.post(s.Soap["production"], body, "Content-Type", "text/xml; charset=utf-8", "SOAPAction", `""`)
}

func response(id string, nps int) string {
	return fmt.Sprintf(`{"id":%q,"type":"survey.response","time":"2026-11-20T14:03:00Z","survey":{"id":"nps"},"response":{"id":%q},"answers":{"nps":%d},"profile":{"contact":"0035g00000Ct001AAB"}}`, id, id, nps)
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in twenty seconds: %s", what)
		}
	}
}

func field(org *orgsim.Org, object, id, name string) string {
	record, _ := org.Record(object, id)
	return fmt.Sprint(record[name])
}

const (
	testCase    = "5005g00000Cs001AAB"
	testContact = "0035g00000Ct001AAB"
)
