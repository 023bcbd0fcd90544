package runtime_test

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

var seeds = flag.Uint64("seeds", 8, "how many lives TestChaos leads")
var fromSeed = flag.Uint64("seed", 0, "the first of them")

// TestChaos leads an engine through responses, messages, and statuses before and after
// these, while the org refuses, loses answers and goes away, the process dies, rules
// change, and somebody discards and retries events. It holds the end against what the
// package promises.
func TestChaos(t *testing.T) {
	n := *seeds
	if testing.Short() {
		n = min(n, 3)
	}
	for seed := *fromSeed; seed < *fromSeed+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chaos{t: t, rng: rand.New(rand.NewPCG(seed, 1)), effects: map[string][]effect{}, spared: map[string]bool{}, of: map[string]string{}}
				c.live()
				c.judge()
			})
		})
	}
}

const (
	chaosAnswers = "rule Answers\non survey response\nupdate Contact where Id = profile.contact\n set By__c = response.id\n"
	chaosOrders  = "rule Orders\non survey response\nupsert Order__c where Key__c = vars.order\n set By__c = response.id\ncreate Case if vars.third\n set By__c = response.id\n"
	// The same, the other way round.
	chaosTurned = "rule Orders\non survey response\ncreate Case if vars.third\n set By__c = response.id\nupsert Order__c where Key__c = vars.order\n set By__c = response.id\n"
	chaosStatus = "rule Statuses\non outbound message Case\nupdate Case where Id = record.Id\n set By__c = event.id\nwhen Sent\n update Case where Id = record.Id\n set By__c = distribution.id\n"
)

// effect is what a write did to its record.
type effect struct {
	life int    // how often the process had died before
	by   string // id of the event, without its source
}

type chaos struct {
	t    *testing.T
	b    *bench
	stop func() error

	mu      sync.Mutex
	rng     *rand.Rand
	life    int
	away    bool
	calm    bool
	effects map[string][]effect
	spared  map[string]bool // what took effect once is not refused for good if it is repeated

	ids      []string          // of what was submitted
	of       map[string]string // messages of statuses
	messages []int             // still to be submitted, by number
	log      []string
}

func (c *chaos) roll(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rng.IntN(n)
}

func (c *chaos) note(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = append(c.log, fmt.Sprintf("%s life %d: ", time.Now().Format("02T15:04:05.000"), c.life)+fmt.Sprintf(format, args...))
}

// call is the org's answer to a call as a whole.
func (c *chaos) call(salesforce.Op, []salesforce.Row) *salesforce.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.calm:
	case c.away:
		return signedOut()
	case c.rng.IntN(25) == 0:
		return &salesforce.Error{Cause: salesforce.Unavailable, HTTPStatus: 503, Whole: true}
	}
	return nil
}

func (c *chaos) row(op salesforce.Op, r salesforce.Row) *salesforce.Error {
	c.mu.Lock()
	defer c.mu.Unlock()
	by := gjson.GetBytes(r.Body, "By__c").Str
	record := recordOf(r)
	if op == salesforce.Create {
		record = "create " + by
	}
	n := c.rng.IntN(100)
	switch {
	case c.calm:
	case n < 12:
		return locked()
	case n < 14:
		return &salesforce.Error{Cause: salesforce.RecordLocked, Code: "ENTITY_IS_LOCKED", HTTPStatus: 400}
	case n < 18 && !c.spared[record+by]:
		return &salesforce.Error{Cause: salesforce.ValidationRule, Code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", HTTPStatus: 400}
	}
	c.effects[record] = append(c.effects[record], effect{c.life, by})
	c.spared[record+by] = true
	if !c.calm && n >= 96 {
		return lost()
	}
	return nil
}

func (c *chaos) live() {
	c.b = start(c.t, chaosAnswers+chaosOrders+chaosStatus, func(config *runtime.Config) { config.Pace = nil; config.KeepRuns = 400 * 24 * time.Hour })
	c.b.org.call, c.b.org.row = c.call, c.row
	c.b.org.latency = time.Duration(c.roll(3)) * 100 * time.Millisecond
	for i := range 12 {
		c.messages = append(c.messages, i)
	}
	c.stop = c.b.serve()
	for range 120 {
		c.step()
	}
	c.note("calm")
	c.mu.Lock()
	c.calm = true
	c.mu.Unlock()
	for len(c.messages) > 0 {
		c.submit(c.message())
	}
	c.b.engine.Reconnect("")
	time.Sleep(8 * 24 * time.Hour)
	if err := c.stop(); err != nil {
		c.t.Error(err)
	}
}

func (c *chaos) step() {
	switch n := c.roll(100); {
	case n < 35:
		var events []string
		for range 1 + c.roll(5) {
			events = append(events, c.event())
		}
		c.submit(events...)
	case n < 70:
		time.Sleep([]time.Duration{time.Millisecond, 30 * time.Millisecond, 300 * time.Millisecond, 3 * time.Second, time.Minute, time.Hour}[c.roll(6)])
	case n < 75:
		c.mu.Lock()
		c.away = !c.away
		c.mu.Unlock()
		c.note("away: %t", c.away)
	case n < 80:
		c.restart(true)
	case n < 84:
		c.restart(false)
	case n < 91 && len(c.ids) > 0:
		id := "ev/" + c.ids[c.roll(len(c.ids))]
		ctx, cancel := context.WithTimeout(c.t.Context(), time.Second)
		defer cancel()
		answers, err := c.b.engine.Discard(ctx, []string{id}, "discarded")
		c.note("discard %s: %+v, %v", id, answers, err)
	case n < 96:
		answers, err := c.b.engine.Retry(c.t.Context(), c.failed(), false)
		c.note("retry: %+v, %v", answers, err)
	default:
		rules := chaosAnswers + []string{chaosOrders, chaosTurned}[c.roll(2)] + chaosStatus
		c.b.config.Plan = compile(c.t, rules)
		c.b.engine.SetPlan(c.b.config.Plan)
		c.note("rules changed, turned: %t", strings.Contains(rules, chaosTurned))
	}
}

func (c *chaos) failed() (failed []store.Run) {
	for _, r := range c.b.runs() {
		if r.Outcome == store.Failed {
			failed = append(failed, r)
		}
	}
	return failed
}

// restart stops the engine, or lets the process die, and starts another one.
func (c *chaos) restart(crash bool) {
	if crash {
		c.b.crash()
		// Whoever is in a call is not heard any more.
		_ = c.stop()
	} else if err := c.stop(); err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	c.life++
	c.mu.Unlock()
	c.note("restart after crash: %t", crash)
	c.b.reopen()
	c.stop = c.b.serve()
}

func (c *chaos) submit(events ...string) {
	for _, e := range events {
		c.ids = append(c.ids, gjson.Get(e, "id").Str)
	}
	c.note("submit %v", c.ids[len(c.ids)-len(events):])
	c.b.submit(events...)
}

func (c *chaos) message() string {
	i := c.roll(len(c.messages))
	m := c.messages[i]
	c.messages = slices.Delete(c.messages, i, i+1)
	return message(fmt.Sprint("m", m), caseOf(m), "")
}

func caseOf(message int) string { return fmt.Sprintf("500%012dAAA", 900+message%3) }

func (c *chaos) event() string {
	id := len(c.ids) + 1000*c.roll(1000)
	switch n := c.roll(10); {
	case n < 1 && len(c.messages) > 0:
		return c.message()
	case n < 4:
		m := c.roll(12)
		c.of[fmt.Sprint("s", id)] = fmt.Sprint("m", m)
		return fmt.Sprintf(`{"id":"s%d","type":"survey.distribution","of":"m%d","distribution":{"status":"Sent","id":"s%d"}}`, id, m, id)
	}
	return fmt.Sprintf(`{"id":"r%d","type":"survey.response","survey":{"id":"s"},"response":{"id":"r%d"},"profile":{"contact":%q},"vars":{"order":"k%d","third":%t}}`,
		id, id, contactID(c.roll(4)), c.roll(3), c.roll(3) == 0)
}

// standing is where an event stands in the order.
type standing struct{ at, early time.Time }

func (c *chaos) judge() {
	t := c.t
	defer c.b.store.Close()
	defer func() {
		if t.Failed() {
			t.Log(strings.Join(c.log, "\n"))
		}
	}()
	c.b.reopen()
	if h, err := c.b.store.Health(t.Context()); err != nil || h.Queued > 0 {
		t.Errorf("%d events are queued, %v", h.Queued, err)
	}
	for entry := range c.b.store.Marks().List(t.Context(), "hold/") {
		t.Errorf("%s is left behind: %s", entry.Key, entry.Value)
	}
	runs := map[string][]store.Run{}
	for _, r := range c.b.runs() {
		id := strings.TrimPrefix(r.Event, "ev/")
		runs[id] = append(runs[id], r)
	}
	for key, list := range runs {
		for _, r := range list {
			if r.Outcome == store.Waiting {
				t.Errorf("%s: %s waits: %s", key, r.Rule, r.Reason)
			}
		}
	}
	for _, id := range c.ids {
		if len(runs[id]) == 0 {
			t.Errorf("%s has no run", id)
		}
	}
	c.judgeCreates(runs)
	c.judgeRecords(runs)
}

// judgeCreates: what is said to be created was created, and nothing was twice.
func (c *chaos) judgeCreates(runs map[string][]store.Run) {
	created := map[string]int{}
	for record, list := range c.effects {
		if by, ok := strings.CutPrefix(record, "create "); ok {
			if created[by] = len(list); len(list) > 1 {
				c.t.Errorf("%s created %d records", by, len(list))
			}
		}
	}
	for _, id := range c.ids {
		said, doubt := 0, false
		for turn := range maps.Keys(runs) {
			if base, _, _ := strings.Cut(turn, "#"); base != id {
				continue
			}
			for _, r := range runs[turn] {
				for _, w := range r.Writes {
					if w.Op == "create" {
						doubt = doubt || w.Outcome == store.InDoubt
						if w.Outcome == store.Synced {
							said++
						}
					}
				}
			}
		}
		if !doubt && said != created[id] {
			c.t.Errorf("%s created %d records, and the run log says %d", id, created[id], said)
		}
	}
}

// judgeRecords: writes to a record kept their order within each life, and the last of
// those that are said to be done is what the record holds.
func (c *chaos) judgeRecords(runs map[string][]store.Run) {
	type written struct {
		id    string
		place standing
	}
	done := map[string][]written{} // by record
	place := map[string]standing{} // of the first turn by event, for the order of effects
	later := map[string]bool{}     // it has been run again
	for id, list := range runs {
		base, _, again := strings.Cut(id, "#")
		at := standing{at: list[0].Received}
		if m, ok := c.of[base]; ok && len(runs[m]) > 0 && runs[m][0].Received.After(at.at) {
			at = standing{runs[m][0].Received, at.at}
		}
		if later[base] = later[base] || again; !again {
			place[base] = at
		}
		for _, r := range list {
			for _, w := range r.Writes {
				if w.Outcome == store.Synced && w.MatchField != "" {
					record := w.Object
					if w.MatchField == "Id" {
						record += w.MatchValue
					} else {
						record += w.MatchField + w.MatchValue
					}
					done[record] = append(done[record], written{base, at})
				}
			}
		}
	}
	order := func(a, b standing) int { return cmp.Or(a.at.Compare(b.at), a.early.Compare(b.early)) }
	for record, list := range done {
		last := slices.MaxFunc(list, func(a, b written) int { return order(a.place, b.place) })
		effects := c.effects[record]
		if len(effects) == 0 {
			c.t.Errorf("%s: nothing was written, and the run log says %v", record, list)
			continue
		}
		if got := effects[len(effects)-1].by; got != last.id && !c.discardedLater(runs, got, place[got].at, last.place.at) {
			c.t.Errorf("%s ends with %s, and the last that is said to be done is %s: %v", record, got, last.id, effects)
		}
		for i := 1; i < len(effects); i++ {
			a, b := effects[i-1], effects[i]
			if a.life == b.life && !later[a.by] && !later[b.by] && order(place[a.by], place[b.by]) > 0 {
				c.t.Errorf("%s: %s after %s in life %d: %v", record, b.by, a.by, a.life, effects)
			}
		}
	}
}

// discardedLater reports whether an event wrote its record, lost the answer, and was
// discarded before that could show.
func (c *chaos) discardedLater(runs map[string][]store.Run, id string, at, than time.Time) bool {
	return at.After(than) && slices.ContainsFunc(runs[id], func(r store.Run) bool { return r.Why == store.WhyDiscarded })
}
