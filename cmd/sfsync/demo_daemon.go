package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

// demoDaemon is the daemon of serve, with the example rules and somebody who watches.
type demoDaemon struct {
	*daemon
	greeting
	token string // that opens /v1

	end   context.CancelFunc
	ended chan struct{} // closed when the daemon is gone
	err   error         // why, after that

	mu      sync.Mutex
	settled map[string]settled // by event id without its source
	news    chan struct{}      // closed, and made anew, with every report
}

// settled is what became of an event.
type settled struct {
	runtime.Report
	waited string // cause for which it had to wait before
}

// demoWait is how long the demo waits for what is to be repeated: long enough for a
// lock to heal, and short enough to be looked at.
const demoWait = 4 * time.Second

// serveDemo starts the daemon on free ports and waits until it is ready.
func (d *demo) serveDemo(ctx context.Context, t *target, dir string) (*demoDaemon, error) {
	ctx, end := context.WithCancel(ctx)
	out := &demoDaemon{token: rand.Text(), end: end, ended: make(chan struct{}), settled: map[string]settled{}, news: make(chan struct{})}
	ready := make(chan *greeting, 1)
	daemon, err := d.newDaemon(ctx, &serveSettings{
		rules: serveRules{read: func() ([]*dsl.Source, error) { return exampleRules("survey/*" + ruleExtension) }},
		orgs: serveOrgs{one: true, of: func(context.Context, store.KV, []*dsl.File) ([]*target, error) {
			return []*target{t}, nil
		}},
		dir: dir, storeLimit: 1 << 30, keepRuns: 30 * 24 * time.Hour,
		addr: "127.0.0.1:0", adminAddr: "127.0.0.1:0",
		tokens:  func() []string { return []string{out.token} },
		secrets: func() []string { return nil },
		// Calls are short here, and nobody is told of what is broken on purpose.
		quotaShare: 1, grace: demoWait, alertGather: time.Minute, alertAge: time.Hour, logger: slog.New(slog.DiscardHandler),
		ready:  func(g *greeting) error { ready <- g; return nil },
		report: out.observe,
	})
	if err != nil {
		end()
		return nil, err
	}
	out.daemon = daemon
	go func() {
		defer close(out.ended)
		defer daemon.close()
		out.err = daemon.run(ctx)
	}()
	select {
	case g := <-ready:
		out.greeting = *g
		return out, nil
	case <-out.ended:
		end()
		return nil, out.err
	}
}

// stop lets calls in flight finish.
func (d *demoDaemon) stop() error {
	d.end()
	<-d.ended
	return d.err
}

func (d *demoDaemon) observe(r runtime.Report) {
	for i := range r.Runs {
		r.Runs[i].Event = r.Event // which the store fills in for itself alone
	}
	id := runEvent(r.Event)
	d.mu.Lock()
	defer d.mu.Unlock()
	s := settled{r, d.settled[id].waited}
	for _, run := range r.Runs {
		if !r.Done && run.Cause != "" {
			s.waited = run.Cause
		}
	}
	d.settled[id] = s
	close(d.news)
	d.news = make(chan struct{})
}

// wait returns what became of an event, once it has ended or is put off for longer
// than anybody wants to watch.
func (d *demoDaemon) wait(ctx context.Context, id string) (settled, error) {
	for {
		d.mu.Lock()
		s, ok := d.settled[id]
		news := d.news
		d.mu.Unlock()
		if ok && (s.Done || putOff(s.Runs)) {
			return s, nil
		}
		select {
		case <-news:
		case <-d.ended:
			return s, errors.Join(d.err, errors.New("the daemon ended before event "+id+" did"))
		case <-ctx.Done():
			return s, cmp.Or(context.Cause(ctx), ctx.Err())
		}
	}
}

func putOff(runs []store.Run) bool {
	for _, run := range runs {
		if run.Outcome == store.Waiting && (run.Cause == "" || time.Until(run.NotBefore) < demoWait) {
			return false
		}
	}
	return true
}

// lookAgain does what SIGHUP does: it asks the org about its objects, and finds out
// that the rules no longer fit. They stay as they are.
func (d *demoDaemon) lookAgain(ctx context.Context) { d.book.reload(ctx, true) }

// answer is what the daemon says to a post of events.
type answer struct{ Accepted, Duplicate, Rejected int }

func (d *demoDaemon) post(ctx context.Context, address string, texts []string) (a answer, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, lines(texts))
	if err != nil {
		return a, err
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return a, outsidef("", "cannot reach the daemon: %w", err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	if err != nil || res.StatusCode >= 300 {
		return a, outsidef("", "the daemon answered %s: %s", res.Status, oneLine(string(data)))
	}
	return a, nil
}

// duplicateMessages is how many notifications came that were known already, as the
// daemon's metrics tell.
func (d *demoDaemon) duplicateMessages(ctx context.Context) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Admin+"/metrics", nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, outsidef("", "cannot reach the daemon: %w", err)
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "} "); ok && strings.HasPrefix(name, "sfsync_events_total{") &&
			strings.Contains(name, `endpoint="soap"`) && strings.Contains(name, `answer="duplicate"`) {
			return strconv.Atoi(value)
		}
	}
	return 0, nil
}

// closeCases lets an agent close the cases that the messages are of, and Salesforce
// send them. It returns the ids of the notifications by record, once all have ended.
func (d *demo) closeCases(ctx context.Context, messages []string) (ids map[string]string, err error) {
	// Held back until all cases are closed, they share a message. It comes again later.
	if err := d.org.SetDelivery(orgsim.Delivery{Hold: true, Duplicates: 1}); err != nil {
		return nil, err
	}
	setUp, err := demoOverlay("survey/org/messages.json")
	if err != nil {
		return nil, err
	}
	for _, m := range setUp.OutboundMessages {
		m.Endpoint = d.daemon.Soap["production"] // as the rules call the connection
		if err := d.org.DefineOutboundMessage(m); err != nil {
			return nil, err
		}
	}
	agent, err := salesforce.New(salesforce.Config{InstanceURL: d.org.URL(), Token: salesforce.StaticToken(d.org.Login(demoAgent)), UserAgent: userAgent()})
	if err != nil {
		return nil, err
	}
	for _, text := range messages {
		if r := agent.Update(ctx, salesforce.Row{Object: "Case", ID: recordOf(text), Body: []byte(`{"Status":"Closed"}`)}); r.Err != nil {
			return nil, r.Err
		}
	}
	ids = map[string]string{}
	for _, m := range d.org.OutboundStatus() {
		for _, n := range m.Notifications {
			ids[n.Record] = n.ID
		}
	}
	if len(ids) != len(messages) {
		return nil, fmt.Errorf("%d cases were closed, and %d messages are queued", len(messages), len(ids))
	}
	if err := d.org.SetDelivery(orgsim.Delivery{Duplicates: 1}); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if _, err := d.daemon.wait(ctx, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// sortEvents tells events apart by where they come from. The statuses name the
// record of their message, whose id only the org will know.
func sortEvents(texts []string) (messages, statuses, responses []string) {
	record := map[string]string{} // by the id of the message
	for _, text := range texts {
		switch gjson.Get(text, "type").Str {
		case plan.TypeOutbound:
			messages = append(messages, text)
			record[eventID(text)] = recordOf(text)
		case plan.TypeDistribution:
			of := gjson.Get(text, "of").Raw
			to, _ := json.Marshal(record[gjson.Get(text, "of").Str])
			statuses = append(statuses, strings.Replace(text, of, string(to), 1))
		default:
			responses = append(responses, text)
		}
	}
	return messages, statuses, responses
}

// lines writes events one a line.
func lines(texts []string) *bytes.Buffer {
	var b bytes.Buffer
	for _, text := range texts {
		json.Compact(&b, []byte(text)) // which is JSON, or the daemon says so
		b.WriteByte('\n')
	}
	return &b
}

func eventID(text string) string { return gjson.Get(text, "id").Str }

// recordOf is the record of an outbound message, "" for other events.
func recordOf(text string) string { return gjson.Get(text, "record.Id").Str }
