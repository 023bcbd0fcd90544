package alert

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Kind is what an alert is about.
type Kind string

// The kinds.
const (
	Failure     Kind = "failure"      // events fail for a cause
	InDoubt     Kind = "in_doubt"     // nobody knows whether a record was created
	LoopBreaker Kind = "loop_breaker" // a rule ran for one record too often
	Auth        Kind = "auth"         // Salesforce does not let us in any more
	QueueAge    Kind = "queue_age"    // events wait for long
	Quota       Kind = "quota"        // the org's API calls run out
	Store       Kind = "store"        // the store is failing or nearly full
	Rules       Kind = "rules"        // changed rules were refused
	Schema      Kind = "schema"       // Salesforce's schema has changed under the rules
)

// Alert is something that a person should know. Alerts of the same kind and subject
// are the same.
type Alert struct {
	Kind    Kind
	Subject string // what of the kind: a cause and a rule, a connection; may be ""
	Message string // one sentence
	Help    string // what to do about it, "" for none
}

// Told is an alert of a message.
type Told struct {
	Kind    Kind      `json:"kind"`
	Subject string    `json:"subject,omitempty"`
	Message string    `json:"message"` // of the first time
	Help    string    `json:"help,omitempty"`
	Count   int       `json:"count"` // how often it was raised since it was told before
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

// Message is what a sender delivers: all alerts that came together.
type Message struct {
	Source  string    `json:"source"` // the program and its host
	Time    time.Time `json:"time"`
	Alerts  []Told    `json:"alerts"`             // the most frequent first
	LeftOut int       `json:"left_out,omitempty"` // raised beside them, past the bound
}

// Sender delivers messages. Its errors must not tell secrets, such as the path of a
// webhook's address.
type Sender interface {
	Name() string // "webhook", "mail"
	Send(ctx context.Context, m *Message) error
}

// Config says where alerts go and how often. A zero duration means the default.
type Config struct {
	Senders []Sender
	Source  string        // Message.Source
	Gather  time.Duration // from the first alert to the message; 10 s
	Pause   time.Duration // between messages; 5 minutes
	Repeat  time.Duration // until what was told is told again; 6 hours
	Timeout time.Duration // of one delivery; 30 s
	Logger  *slog.Logger
	// Sent is told of every delivery; may be nil.
	Sent func(sender string, err error)
}

// maxSubjects bounds the alerts in memory.
const maxSubjects = 200

// attempts is how often one message is tried with each sender, before its alerts
// go into a later one.
const attempts = 3

// Alerter groups alerts and has them sent.
type Alerter struct {
	config Config
	wake   chan struct{}

	mu      sync.Mutex
	known   map[subject]*state
	leftOut int
}

type subject struct {
	kind Kind
	name string
}

type state struct {
	told    Told
	pending bool
	at      time.Time // when it was told
}

// New returns an alerter; Run makes it work.
func New(config Config) *Alerter {
	config.Gather = cmp.Or(config.Gather, 10*time.Second)
	config.Pause = cmp.Or(config.Pause, 5*time.Minute)
	config.Repeat = cmp.Or(config.Repeat, 6*time.Hour)
	config.Timeout = cmp.Or(config.Timeout, 30*time.Second)
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Alerter{config: config, wake: make(chan struct{}, 1), known: map[subject]*state{}}
}

// Senders are those who deliver.
func (a *Alerter) Senders() []Sender { return a.config.Senders }

// Raise notes an alert. Without senders it does nothing.
func (a *Alerter) Raise(al Alert) {
	if len(a.config.Senders) == 0 {
		return
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	key := subject{al.Kind, al.Subject}
	s := a.known[key]
	if s == nil {
		if len(a.known) >= maxSubjects {
			a.forget(now)
		}
		if len(a.known) >= maxSubjects {
			a.leftOut++
			return
		}
		s = &state{}
		a.known[key] = s
	}
	if s.told.Count == 0 {
		s.told = Told{Kind: al.Kind, Subject: al.Subject, Message: al.Message, Help: al.Help, First: now}
	}
	s.told.Count++
	s.told.Last = now
	if !s.pending && (s.at.IsZero() || now.Sub(s.at) >= a.config.Repeat) {
		s.pending = true
		a.notify()
	}
}

// forget drops what was told so long ago that it would be told anew.
func (a *Alerter) forget(now time.Time) {
	for key, s := range a.known {
		if !s.pending && now.Sub(s.at) >= a.config.Repeat {
			delete(a.known, key)
		}
	}
}

func (a *Alerter) notify() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Run sends messages until ctx ends, and then the last one.
func (a *Alerter) Run(ctx context.Context) {
	for {
		select {
		case <-a.wake:
		case <-ctx.Done():
			a.last(ctx)
			return
		}
		if !sleep(ctx, a.config.Gather) {
			a.last(ctx)
			return
		}
		if m := a.gather(); m != nil && !a.deliver(ctx, m) {
			a.putBack(m)
		}
		if !sleep(ctx, a.config.Pause) {
			a.last(ctx)
			return
		}
	}
}

// last sends what is left when the program ends.
func (a *Alerter) last(ctx context.Context) {
	m := a.gather()
	if m == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(a.config.Timeout, 5*time.Second))
	defer cancel()
	a.deliver(ctx, m)
}

// gather takes what is to be told.
func (a *Alerter) gather() *Message {
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	m := &Message{Source: a.config.Source, Time: now, LeftOut: a.leftOut}
	for _, s := range a.known {
		if !s.pending {
			continue
		}
		m.Alerts = append(m.Alerts, s.told)
		s.pending, s.at, s.told = false, now, Told{}
	}
	if len(m.Alerts) == 0 {
		return nil
	}
	a.leftOut = 0
	slices.SortFunc(m.Alerts, func(x, y Told) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), x.First.Compare(y.First), cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Subject, y.Subject))
	})
	return m
}

// putBack keeps what nobody could be told for the next message.
func (a *Alerter) putBack(m *Message) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leftOut += m.LeftOut
	for _, told := range m.Alerts {
		key := subject{told.Kind, told.Subject}
		s := a.known[key]
		if s == nil {
			s = &state{}
			a.known[key] = s
		}
		if s.told.Count > 0 {
			told.Count += s.told.Count
			told.Last = s.told.Last
		}
		s.told, s.pending, s.at = told, true, time.Time{}
	}
	a.notify()
}

// deliver hands a message to every sender, and reports whether any could deliver it.
func (a *Alerter) deliver(ctx context.Context, m *Message) bool {
	var all sync.WaitGroup
	delivered := make([]bool, len(a.config.Senders))
	for i, s := range a.config.Senders {
		all.Go(func() {
			for n, wait := 1, time.Second; ; n, wait = n+1, 4*wait {
				once, cancel := context.WithTimeout(ctx, a.config.Timeout)
				err := s.Send(once, m)
				cancel()
				a.sent(s, err)
				if err == nil {
					delivered[i] = true
					return
				}
				if n == attempts || !sleep(ctx, wait) {
					return
				}
			}
		})
	}
	all.Wait()
	return slices.Contains(delivered, true)
}

func (a *Alerter) sent(s Sender, err error) {
	if err != nil {
		a.config.Logger.Warn("cannot send an alert", "by", s.Name(), "error", err)
	}
	if a.config.Sent != nil {
		a.config.Sent(s.Name(), err)
	}
}

// sleep reports whether the time went by before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
