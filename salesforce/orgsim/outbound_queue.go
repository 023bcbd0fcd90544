package orgsim

import (
	"cmp"
	"container/heap"
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// outbox queues notifications and sends them. It has no goroutine of its own: changes, the
// ends of attempts and timers pump the queues, and each message under way is a goroutine.
//
// Its lock is the last to be taken: holding it, nobody waits for the records.
type outbox struct {
	org    *Org
	client *http.Client
	ctx    context.Context // of all messages under way
	cancel context.CancelFunc

	mu       sync.Mutex
	delivery Delivery
	clock    senderClock
	random   *rand.Rand
	queues   map[string]*queue // by lower-case name of the definition
	serial   int64             // last one given to a notification id
	actions  int64             // last one given to a definition id
	host     string            // scheme and host in messages
	closed   bool
	settled  chan struct{} // closed, and replaced, whenever something leaves a queue
	running  sync.WaitGroup
}

// queue is what one definition has to send.
type queue struct {
	def      *definition
	actionID string
	waiting  notifications            // a heap by due time
	fresh    map[string]*notification // those of them that were never sent, by record
	sending  map[*notification]struct{}
	messages int             // under way
	failed   []*notification // the last that were dropped
	counts   OutboundCounts
	timer    *time.Timer
}

// maxFailed is how many dropped notifications a queue remembers.
const maxFailed = 1000

type notification struct {
	id       string // 04l…
	record   string
	serial   int64 // order of queueing
	queued   time.Time
	due      time.Time // of the next attempt; at the end of its life, of its drop
	attempts int
	problem  string // with the last attempt
	again    bool   // it was acknowledged, and comes once more
	deleted  bool   // by the admin while it was under way
}

type notifications []*notification

func (n notifications) Len() int { return len(n) }
func (n notifications) Less(i, j int) bool {
	return cmp.Or(n[i].due.Compare(n[j].due), cmp.Compare(n[i].serial, n[j].serial)) < 0
}
func (n notifications) Swap(i, j int) { n[i], n[j] = n[j], n[i] }
func (n *notifications) Push(x any)   { *n = append(*n, x.(*notification)) }
func (n *notifications) Pop() any {
	last := len(*n) - 1
	x := (*n)[last]
	(*n)[last] = nil
	*n = (*n)[:last]
	return x
}

func (b *outbox) init(g *Org) error {
	d, err := g.opts.Delivery.complete()
	if err != nil {
		return err
	}
	b.org, b.delivery = g, d
	b.clock = senderClock{at: g.now(), real: time.Now(), speed: d.Speed}
	b.random = rand.New(rand.NewChaCha8(seedBytes(g.opts.Seed)))
	if g.opts.Seed == 0 {
		// Listeners remember ids, so an org that is started again gives other ones.
		b.serial = time.Now().UnixMicro()
	}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	b.client = newSender(g.opts)
	b.host = "https://simulated.example"
	b.queues, b.settled = map[string]*queue{}, make(chan struct{})
	return nil
}

// use makes the queues those of the definitions.
func (b *outbox) use(cfg *config) {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.queues
	b.queues = map[string]*queue{}
	for _, m := range cfg.overlay.OutboundMessages {
		list := cfg.outbound[cfg.object(m.Object).name]
		def := list[slices.IndexFunc(list, func(d *definition) bool { return d.Name == m.Name })]
		q := old[def.key]
		switch {
		case q == nil:
			b.actions++
			q = &queue{actionID: makeID("04k", b.actions)}
			q.empty()
		case q.def.view.name != def.view.name:
			q = &queue{actionID: q.actionID}
			q.empty()
		}
		q.def = def
		b.queues[def.key] = q
	}
	for key, q := range old {
		if b.queues[key] != q {
			q.stop()
		}
	}
	b.announce()
}

// reset forgets everything that is queued and counted.
func (b *outbox) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for key, q := range b.queues {
		q.stop()
		b.queues[key] = &queue{def: q.def, actionID: q.actionID}
		b.queues[key].empty()
	}
	b.announce()
}

func (q *queue) empty() {
	q.fresh, q.sending = map[string]*notification{}, map[*notification]struct{}{}
}

func (q *queue) stop() {
	if q.timer != nil {
		q.timer.Stop()
	}
}

// announce wakes those who wait for queues to empty.
func (b *outbox) announce() {
	close(b.settled)
	b.settled = make(chan struct{})
}

// changed queues what the writes of a committed transaction trigger. The records are
// not locked, and conditions are looked at before the queues are.
func (b *outbox) changed(cfg *config, user *User, writes []undo) {
	if len(cfg.outbound) == 0 {
		return
	}
	type trigger struct {
		def    *definition
		record string
	}
	var list []trigger
	for _, w := range writes {
		if w.is == nil || w.is.deleted {
			continue
		}
		var before []string
		if w.was != nil {
			before = w.was.values
		}
		for _, def := range cfg.outbound[w.table.name] {
			if def.wants(before, w.is.values) {
				list = append(list, trigger{def, w.id})
			}
		}
	}
	if len(list) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.now()
	var touched []*queue
	for _, t := range list {
		q := b.queues[t.def.key]
		if q == nil || q.def.view.name != t.def.view.name {
			continue // taken out of the overlay while the write was under way
		}
		if cfg.silent[user.Username] {
			q.counts.Suppressed++
			continue
		}
		b.enqueue(q, t.record, now)
		if !slices.Contains(touched, q) {
			touched = append(touched, q)
		}
	}
	for _, q := range touched { // at the end, so that the writes of one call share messages
		b.pump(q)
	}
}

// enqueue queues a notification, unless one of the record waits for its first attempt: that one will show the
// change as well. One that was sent already does not count, since its listener may know
// its id and drop it as a duplicate.
func (b *outbox) enqueue(q *queue, record string, now time.Time) {
	if q.fresh[record] != nil && !b.org.opts.Assumptions.NotificationPerChange {
		q.counts.Merged++
		return
	}
	if len(q.waiting)+len(q.sending) >= b.delivery.MaxQueue {
		q.counts.Overflow++
		return
	}
	b.serial++
	n := &notification{id: makeID("04l", b.serial), record: record, serial: b.serial, queued: now}
	b.schedule(n, now.Add(time.Duration(b.random.Float64()*float64(b.delivery.Reorder))))
	heap.Push(&q.waiting, n)
	q.fresh[record] = n
	q.counts.Queued++
}

// schedule sets the next attempt of a notification, not beyond the end of its life.
func (b *outbox) schedule(n *notification, due time.Time) {
	if every := time.Duration(b.delivery.Interval); every > 0 {
		if round := due.Truncate(every); round.Before(due) {
			due = round.Add(every)
		}
	}
	if end := b.expires(n); due.After(end) {
		due = end
	}
	n.due = due
}

func (b *outbox) expires(n *notification) time.Time {
	return n.queued.Add(time.Duration(b.delivery.Lifetime))
}

// pump sends what is due, and sets a timer for what will be.
func (b *outbox) pump(q *queue) {
	if b.closed || b.delivery.Hold || b.queues[q.def.key] != q {
		return
	}
	for q.messages < b.delivery.Connections {
		batch := b.take(q)
		if len(batch) == 0 {
			break
		}
		q.messages++
		q.counts.Messages++
		b.running.Add(1)
		go b.deliver(q, q.def, batch, time.Duration(b.delivery.Timeout))
	}
	if len(q.waiting) == 0 || q.messages >= b.delivery.Connections {
		return // nothing to wait for, or the end of a message will pump
	}
	wait := b.clock.until(q.waiting[0].due)
	if q.timer != nil {
		q.timer.Reset(wait)
		return
	}
	q.timer = time.AfterFunc(wait, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.pump(q)
	})
}

// take takes the notifications of the next message out of the queue, and drops those that are too old.
func (b *outbox) take(q *queue) []*notification {
	now := b.clock.now()
	var batch []*notification
	for len(q.waiting) > 0 && len(batch) < b.delivery.Batch && !q.waiting[0].due.After(now) {
		n := heap.Pop(&q.waiting).(*notification)
		q.unfresh(n)
		if !now.Before(b.expires(n)) {
			q.fail(n)
			b.announce()
			continue
		}
		n.attempts++
		q.sending[n] = struct{}{}
		batch = append(batch, n)
	}
	return batch
}

func (q *queue) unfresh(n *notification) {
	if q.fresh[n.record] == n {
		delete(q.fresh, n.record)
	}
}

// fail drops a notification for good.
func (q *queue) fail(n *notification) {
	q.counts.Dropped++
	if len(q.failed) == maxFailed {
		q.failed = slices.Delete(q.failed, 0, 1)
	}
	q.failed = append(q.failed, n)
}

// settle files the notifications of a message that was answered; problem is empty for an Ack.
func (b *outbox) settle(q *queue, batch []*notification, problem string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	q.messages--
	if problem != "" {
		q.counts.Failures++
	}
	now, random := b.clock.now(), b.random.Float64()
	again := problem == "" && b.random.Float64() < b.delivery.Duplicates
	for _, n := range batch {
		delete(q.sending, n)
		n.problem = problem
		if problem == "" && !n.again {
			q.counts.Delivered++
		}
		switch {
		case n.deleted:
			continue
		case problem != "":
			b.schedule(n, now.Add(b.delivery.wait(n.attempts, random)))
		case again && !n.again:
			n.again = true
			q.counts.Duplicates++
			b.schedule(n, now.Add(b.delivery.wait(1, random)))
		default:
			continue
		}
		heap.Push(&q.waiting, n)
	}
	b.announce()
	b.pump(q)
}

// close ends sending: messages under way may end until the context does.
func (b *outbox) close(ctx context.Context) {
	b.mu.Lock()
	b.closed = true
	for _, q := range b.queues {
		q.stop()
	}
	b.mu.Unlock()
	done := make(chan struct{})
	go func() {
		b.running.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	b.cancel()
	<-done
	b.client.CloseIdleConnections()
}
