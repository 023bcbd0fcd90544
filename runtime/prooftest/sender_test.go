package prooftest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// rules are what the daemon runs under load. All of them write one field of the
// contact, so that their order shows; a response and the status Sent make one record
// each, which must not be there twice.
const rules = `
rule Answers
on survey response
update Contact where Id = profile.contact
  set Description = vars.value
upsert Survey_Response__c where Response_Id__c = response.id
  set Comment__c = vars.value
create Case if vars.case
  set Subject = response.id

rule Messages
on outbound message Case
update Contact where Id = record.ContactId
  set Description = record.Subject

when Delivered
  update Contact where Id = record.ContactId
    set Description = vars.value

when Sent
  upsert Survey_Response__c where Response_Id__c = vars.key
    set Comment__c = record.Subject
`

// perContact bounds the ordered writes to one contact: the simulator keeps 50
// revisions of a record, and repetitions take some of them.
const perContact = 16

// load is what senders have sent and the daemon has acknowledged.
type load struct {
	t    testing.TB
	org  *orgsim.Org
	to   *daemon
	http *http.Client

	mu        sync.Mutex
	serial    int
	events    map[string]bool     // acknowledged, by id with the source in front
	contacts  map[string][]string // values in the order of their acknowledgement
	responses map[string]string   // the comment of each, by its id
	creates   map[string]bool     // subjects of cases
	requests  int
	repeated  int // requests that got no answer the first time
	again     int // requests sent once more though they were acknowledged
}

func newLoad(t testing.TB, org *orgsim.Org, to *daemon) *load {
	return &load{t: t, org: org, to: to,
		http:   &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		events: map[string]bool{}, contacts: map[string][]string{}, responses: map[string]string{}, creates: map[string]bool{}}
}

func (l *load) next() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serial++
	return l.serial
}

// sender sends on its own behalf, one request after the other, so that what it
// sends to one contact is accepted in the order in which it is sent.
type sender struct {
	*load
	rng      *rand.Rand
	contacts []string
	sent     []note // messages that a status may follow
}

type note struct{ id, contact string }

// send sends until stop, and then finishes what it has begun.
func (l *load) send(stop context.Context, seed uint64) {
	s := &sender{load: l, rng: rand.New(rand.NewPCG(seed, 1))}
	for stop.Err() == nil {
		switch n := s.rng.IntN(20); {
		case n < 10:
			s.responses()
		case n < 16 || len(s.sent) == 0:
			s.message()
		default:
			s.statuses()
		}
	}
}

// contact returns one of the sender's own, a new one if that has had enough.
func (s *sender) contact() string {
	if len(s.contacts) < 4 {
		ids, err := s.org.Seed("Contact", map[string]any{"LastName": fmt.Sprint("Contact ", s.next())})
		if err != nil {
			s.t.Error(err)
			return ""
		}
		s.contacts = append(s.contacts, ids[0])
		return ids[0]
	}
	i := s.rng.IntN(len(s.contacts))
	id := s.contacts[i]
	s.mu.Lock()
	full := len(s.load.contacts[id]) >= perContact
	s.mu.Unlock()
	if full {
		s.contacts[i] = s.contacts[0]
		s.contacts = s.contacts[1:]
		return s.contact()
	}
	return id
}

// say notes what the acknowledgement of a request will promise.
type promise struct {
	events    []string
	ordered   []note // contact and value, in order
	responses []note // id and comment
	creates   []string
}

func (s *sender) keep(p *promise) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range p.events {
		s.events[id] = true
	}
	for _, n := range p.ordered {
		s.load.contacts[n.contact] = append(s.load.contacts[n.contact], n.id)
	}
	for _, n := range p.responses {
		s.load.responses[n.id] = n.contact
	}
	for _, subject := range p.creates {
		s.creates[subject] = true
	}
}

func (s *sender) responses() {
	var body strings.Builder
	var p promise
	for range 1 + s.rng.IntN(6) {
		n, contact := s.next(), s.contact()
		id, value := fmt.Sprint("response-", n), fmt.Sprint("value ", n)
		opened := s.rng.IntN(4) == 0
		fmt.Fprintf(&body, `{"id":%q,"type":"survey.response","survey":{"id":"s"},"response":{"id":%q},"profile":{"contact":%q},"vars":{"value":%q,"case":%t}}`+"\n", id, id, contact, value, opened)
		p.events = append(p.events, runtime.SourceEvents+"/"+id)
		p.ordered = append(p.ordered, note{value, contact})
		p.responses = append(p.responses, note{id, value})
		if opened {
			p.creates = append(p.creates, id)
		}
	}
	s.deliver("/v1/events", body.String(), &p)
}

func (s *sender) message() {
	var list []notification
	var p, early promise
	var statuses strings.Builder
	for range 1 + s.rng.IntN(8) {
		n, contact := s.next(), s.contact()
		id, value := salesforceID("04l", n), fmt.Sprint("value ", n)
		list = append(list, notification{id, salesforceID("500", n), [][2]string{{"ContactId", contact}, {"Subject", value}}})
		p.events = append(p.events, runtime.SourceOutbound+"/"+id)
		p.ordered = append(p.ordered, note{value, contact})
		s.sent = append(s.sent, note{id, contact})
		if s.rng.IntN(3) == 0 { // its status comes first
			key := fmt.Sprint("sent-", n)
			fmt.Fprintf(&statuses, `{"id":%q,"type":"survey.distribution","of":%q,"distribution":{"status":"Sent"},"vars":{"key":%q}}`+"\n", key, id, key)
			early.events = append(early.events, runtime.SourceEvents+"/"+key)
			early.responses = append(early.responses, note{key, value})
		}
	}
	if len(early.events) > 0 {
		s.deliver("/v1/events", statuses.String(), &early)
	}
	s.deliver("/soap/default", message(list), &p)
}

func (s *sender) statuses() {
	var body strings.Builder
	var p promise
	for range 1 + s.rng.IntN(3) {
		of := s.sent[s.rng.IntN(len(s.sent))]
		s.mu.Lock()
		full := len(s.load.contacts[of.contact]) >= perContact
		s.mu.Unlock()
		if full {
			continue
		}
		n := s.next()
		id, value := fmt.Sprint("delivered-", n), fmt.Sprint("value ", n)
		fmt.Fprintf(&body, `{"id":%q,"type":"survey.distribution","of":%q,"distribution":{"status":"Delivered"},"vars":{"value":%q}}`+"\n", id, of.id, value)
		p.events = append(p.events, runtime.SourceEvents+"/"+id)
		p.ordered = append(p.ordered, note{value, of.contact})
	}
	if len(s.sent) > 50 {
		s.sent = s.sent[25:]
	}
	if len(p.events) > 0 {
		s.deliver("/v1/events", body.String(), &p)
	}
}

// deliver repeats a request until it is acknowledged, as Salesforce does for a day,
// and now and then once more.
func (s *sender) deliver(path, body string, p *promise) {
	for try := 0; ; try++ {
		url, err := s.to.address(s.t.Context())
		if err != nil {
			return // the test is over
		}
		if s.post(url+path, body, len(p.events)) {
			if try > 0 {
				s.mu.Lock()
				s.repeated++
				s.mu.Unlock()
			}
			break
		}
		time.Sleep(time.Duration(1+s.rng.IntN(10)) * time.Millisecond)
	}
	s.keep(p)
	if s.rng.IntN(10) == 0 {
		if url, err := s.to.address(s.t.Context()); err == nil {
			s.post(url+path, body, len(p.events))
			s.mu.Lock()
			s.again++
			s.mu.Unlock()
		}
	}
}

// post sends one request, and reports whether all of its events are acknowledged.
func (l *load) post(url, body string, events int) bool {
	l.mu.Lock()
	l.requests++
	l.mu.Unlock()
	kind := "application/x-ndjson"
	if strings.Contains(url, "/soap/") {
		kind = "text/xml; charset=utf-8"
	}
	req, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		l.t.Error(err)
		return false
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Authorization", "Bearer "+eventsToken)
	res, err := l.http.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode/100 != 2 {
		return false
	}
	if strings.Contains(url, "/soap/") {
		return strings.Contains(string(answer), "<Ack>true</Ack>")
	}
	var said struct{ Accepted, Duplicate int }
	return json.Unmarshal(answer, &said) == nil && said.Accepted+said.Duplicate == events
}
