package runtime_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// script is an org that does as it is told.
type script struct {
	mu      sync.Mutex
	rows    []sent // every row that took effect, in order
	calls   []int  // rows of each call
	busy    map[string]bool
	overlap []string // records that stood in two calls at once
	ids     int
	usage   salesforce.Usage
	latency time.Duration

	row  func(op salesforce.Op, r salesforce.Row) *salesforce.Error // may refuse a row
	call func(op salesforce.Op, rows []salesforce.Row) *salesforce.Error
}

type sent struct {
	op   salesforce.Op
	row  salesforce.Row
	body string
}

func (s sent) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s %s", s.op, s.row.Object, s.row.ID, s.row.ExternalValue, s.body)), " ")
}

func recordOf(r salesforce.Row) string { return r.Object + r.ID + r.ExternalField + r.ExternalValue }

func (s *script) Write(ctx context.Context, op salesforce.Op, rows []salesforce.Row) []salesforce.Result {
	s.mu.Lock()
	s.calls = append(s.calls, len(rows))
	for _, r := range rows {
		if op == salesforce.Create {
			continue
		}
		if s.busy[recordOf(r)] {
			s.overlap = append(s.overlap, recordOf(r))
		}
		if s.busy == nil {
			s.busy = map[string]bool{}
		}
		s.busy[recordOf(r)] = true
	}
	latency, call, row := s.latency, s.call, s.row
	s.mu.Unlock()
	if latency > 0 {
		select {
		case <-time.After(latency):
		case <-ctx.Done():
		}
	}
	results := make([]salesforce.Result, len(rows))
	var whole *salesforce.Error
	if call != nil {
		whole = call(op, rows)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range rows {
		if op != salesforce.Create {
			delete(s.busy, recordOf(r))
		}
		bad := whole
		if bad == nil && row != nil {
			bad = row(op, r)
		}
		if results[i].Err = bad; bad != nil && !bad.InDoubt {
			continue
		}
		s.rows = append(s.rows, sent{op, r, string(r.Body)})
		if r.ID == "" {
			s.ids++
			results[i].ID = fmt.Sprintf("500000000000%03dAAA", s.ids)
		}
	}
	return results
}

func (s *script) Usage() salesforce.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

func (s *script) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.rows {
		out = append(out, r.String())
	}
	return out
}

func (s *script) numCalls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

func compile(t testing.TB, rules string) *plan.Plan {
	t.Helper()
	f, diags := dsl.Parse(dsl.NewSource("rules.sfsync", []byte(rules)))
	p, more := plan.Compile([]*dsl.File{f}, plan.Options{})
	for _, d := range append(diags, more...) {
		if d.Severity == dsl.Error {
			t.Fatalf("%s: %s", d.Code, d.Message)
		}
	}
	return p
}

// bench is an engine on a store of its own.
type bench struct {
	t      testing.TB
	dir    string
	config runtime.Config
	org    *script
	store  *bolt.Store
	engine *runtime.Engine
}

// quick paces retries for tests, with the causes' own judgement of what heals.
func quick(e *salesforce.Error) salesforce.Retry {
	r := e.Retry()
	if r.Heals {
		r.First, r.Max = 5*time.Millisecond, 20*time.Millisecond
	}
	return r
}

func start(t testing.TB, rules string, change ...func(*runtime.Config)) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), org: &script{}}
	b.config = runtime.Config{
		Plan: compile(t, rules), Pace: quick, MaxWait: 2 * time.Second,
		Org: func(context.Context, string) (runtime.Org, error) {
			return runtime.Org{Client: b.org, UserID: "005000000000001AAA"}, nil
		},
	}
	for _, f := range change {
		f(&b.config)
	}
	b.open()
	t.Cleanup(func() { b.store.Close() })
	return b
}

func (b *bench) open() {
	b.t.Helper()
	s, err := bolt.Open(b.dir, bolt.Options{})
	if err != nil {
		b.t.Fatal(err)
	}
	b.store, b.config.Store = s, s
	b.renew()
}

// renew makes another engine, of what the config says now.
func (b *bench) renew() {
	b.t.Helper()
	var err error
	if b.engine, err = runtime.New(b.config); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) reopen() {
	b.t.Helper()
	if err := b.store.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.open()
}

func (b *bench) submit(events ...string) []runtime.Submission {
	b.t.Helper()
	answers, err := b.engine.Submit(context.Background(), runtime.SourceEvents, events)
	if err != nil {
		b.t.Fatal(err)
	}
	return answers
}

func (b *bench) drain() {
	b.t.Helper()
	if err := b.engine.Drain(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) run(events ...string) *bench {
	b.t.Helper()
	b.submit(events...)
	b.drain()
	return b
}

// runs returns the run log, the oldest first.
func (b *bench) runs() []store.Run {
	b.t.Helper()
	var all []store.Run
	for r, err := range b.store.Runs().List(context.Background(), store.Filter{}) {
		if err != nil {
			b.t.Fatal(err)
		}
		all = append(all, r)
	}
	slices.Reverse(all)
	return all
}

// of returns the only run of an event.
func (b *bench) of(event string) store.Run {
	b.t.Helper()
	runs, err := b.store.Runs().Get(context.Background(), "ev/"+event)
	if err != nil || len(runs) != 1 {
		b.t.Fatalf("%s has %d runs (%v): %+v", event, len(runs), err, runs)
	}
	return runs[0]
}

func (b *bench) expectRows(want ...string) {
	b.t.Helper()
	if got := b.org.lines(); !slices.Equal(got, want) {
		b.t.Errorf("org got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// response is a survey response with an id, a contact and an NPS answer.
func response(id string, contact, nps int, more ...string) string {
	e := map[string]any{
		"id": id, "type": "survey.response", "survey": map[string]any{"id": "s"}, "response": map[string]any{"id": id},
		"answers": map[string]any{"nps": nps}, "profile": map[string]any{"contact": contactID(contact)},
		"vars": map[string]any{"order": nps % 5, "third": nps%3 == 0},
	}
	if len(more) > 0 {
		e["time"] = more[0]
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func contactID(n int) string { return fmt.Sprintf("003%012dAAA", n) }

func message(id, record, fields string) string {
	return `{"id":"` + id + `","type":"salesforce.outbound_message","record":{"attributes":{"type":"Case"},"Id":"` + record + `"` + fields + `}}`
}

func status(id, of, status string) string {
	return `{"id":"` + id + `","type":"survey.distribution","of":"` + of + `","distribution":{"status":"` + status + `"}}`
}

const (
	updates = "rule Answers\non survey response\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\n"
	creates = "rule Cases\non survey response\ncreate Case\n set Score__c = answers.nps\n"
	caseID  = "500000000000001AAA"
)

func locked() *salesforce.Error {
	return &salesforce.Error{Cause: salesforce.RecordLocked, Code: "UNABLE_TO_LOCK_ROW", Message: "unable to obtain exclusive access", HTTPStatus: 400}
}

func lost() *salesforce.Error {
	return &salesforce.Error{Cause: salesforce.Network, Message: "the connection broke before an answer came", InDoubt: true, Whole: true}
}

var errDown = errors.New("not set up")
