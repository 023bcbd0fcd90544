package runtime

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// maxRows is how many records one sObject Collections call takes (REST API
// Developer Guide, API 67.0, "Using sObject Collections").
const maxRows = 200

// eagerCalls is how many calls may be in flight to an org for another one to go
// without being full. While they are under way the lanes fill, so batches grow
// with load and nothing waits on a timer.
const eagerCalls = 2

// laneKey names what may share a call.
type laneKey struct {
	op       salesforce.Op
	object   string
	external string // field; "" for the record id
}

// lane is the line of writes that may share calls.
type lane struct {
	key    laneKey
	writes []*write
	head   int
}

func (c *connection) lane(w *write) *lane {
	key := laneKey{w.op, w.row.Object, w.row.ExternalField}
	if c.lanes[key] == nil {
		c.lanes[key] = &lane{key: key}
	}
	return c.lanes[key]
}

func (n *lane) push(w *write) { n.writes = append(n.writes, w) }
func (n *lane) len() int      { return len(n.writes) - n.head }

// rows is how many writes of this lane go into one call.
func (n *lane) rows() int {
	if n.key.op == salesforce.Update && n.key.external != "" {
		return 1 // Collections updates by record id only
	}
	return maxRows
}

// take removes up to n writes from the front.
func (n *lane) take(most int) []*write {
	taken := make([]*write, 0, min(most, n.len()))
	for len(taken) < most && n.len() > 0 {
		w := n.writes[n.head]
		if w.batch > 0 {
			// A write that may have spoilt a call goes in smaller company.
			if most = min(most, w.batch); len(taken) >= most {
				break
			}
		}
		n.writes[n.head] = nil
		n.head++
		taken = append(taken, w)
	}
	if n.head > 1024 && n.head > len(n.writes)/2 || n.head == len(n.writes) {
		n.writes = append(n.writes[:0:0], n.writes[n.head:]...)
		n.head = 0
	}
	return taken
}

// next returns the lane to send from: a full one, or, while few calls are in
// flight, the one whose first write has waited longest.
func (c *connection) next() *lane {
	var oldest *lane
	for _, n := range c.lanes {
		switch {
		case n.len() == 0:
		case n.len() >= n.rows():
			return n
		case oldest == nil || before(n.writes[n.head], oldest.writes[oldest.head]):
			oldest = n
		}
	}
	if c.calls >= eagerCalls {
		return nil
	}
	return oldest
}

// call is one batch on its way.
type call struct {
	connection *connection
	org        *Org
	op         salesforce.Op
	writes     []*write
	started    time.Time

	priors  []store.Prior // of creates
	refused []error       // of creates whose intent could not be put on disk
	results []salesforce.Result
	read    []readBack // with Config.Verify
	reads   int        // calls that this took
}

// send makes the calls that can be made now.
func (l *loop) send(now time.Time) {
	for _, c := range l.connections {
		for c.limiter.allows(c.calls) {
			n := c.next()
			if n == nil || c.pausedUntil(now).After(now) {
				break
			}
			if !c.ready() {
				break // until it is signed in
			}
			if !c.checkQuota(now) {
				l.parkLanes(c, now)
				break
			}
			batch := &call{connection: c, org: c.org, op: n.key.op, started: now}
			for _, w := range n.take(n.rows()) {
				if l.contention.admits(w, batch, now) {
					w.state = calling
					batch.writes = append(batch.writes, w)
				}
			}
			if len(batch.writes) == 0 {
				continue
			}
			c.calls++
			l.calls++
			go func() {
				l.perform(batch, batch.org.Client)
				l.put(batch)
			}()
		}
	}
}

// perform makes a call. It runs beside the loop.
func (l *loop) perform(c *call, client Client) {
	if c.op == salesforce.Create {
		l.announce(c)
	}
	rows := make([]salesforce.Row, 0, len(c.writes))
	for i, w := range c.writes {
		if c.mayGo(i) {
			rows = append(rows, w.row)
		}
	}
	var results []salesforce.Result
	if len(rows) > 0 {
		results = client.Write(l.callCtx, c.op, rows)
	}
	c.results = make([]salesforce.Result, len(c.writes))
	for i := range c.writes {
		if c.mayGo(i) {
			c.results[i], results = results[0], results[1:]
		}
	}
	if l.config.Verify {
		c.readBack(l.callCtx, client)
	}
}

func (c *call) mayGo(i int) bool {
	return c.op != salesforce.Create || !c.priors[i].InDoubt && c.refused[i] == nil
}

// announce puts the intent to create on disk, one step for each partition: after a
// crash, a create that was begun is in doubt and is not repeated.
func (l *loop) announce(c *call) {
	c.priors, c.refused = make([]store.Prior, len(c.writes)), make([]error, len(c.writes))
	byPart := map[*part][]int{}
	for i, w := range c.writes {
		p := w.run.event.part
		byPart[p] = append(byPart[p], i)
	}
	var all sync.WaitGroup
	for p, at := range byPart {
		all.Go(func() {
			intents := make([]store.Intent, len(at))
			for j, i := range at {
				w := c.writes[i]
				intents[j] = store.Intent{Seq: w.run.event.item.Seq, Key: w.intent(w.entry.Attempts), Fingerprint: sha256.Sum256(w.row.Body)}
			}
			priors, err := p.claim.Begin(context.WithoutCancel(l.callCtx), intents...)
			for j, i := range at {
				if c.refused[i] = err; err == nil {
					c.priors[i] = priors[j]
				}
			}
		})
	}
	all.Wait()
}
