package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

// Client is what the engine needs of an org; a *salesforce.Client is one. What else it
// can do, as a [Reader] or a [StateReader], is used where it is of use; a client that
// wraps another tells which with a method Unwrap() Client.
type Client interface {
	Write(ctx context.Context, op salesforce.Op, rows []salesforce.Row) []salesforce.Result
	Usage() salesforce.Usage
}

// Org is a connected Salesforce org.
type Org struct {
	Client Client
	UserID string // whom the client acts as, to know our own echo; may be ""
}

// Config says what an engine works with. Store, Plan and Org are required.
type Config struct {
	Store store.Store
	Plan  *plan.Plan

	// Org returns the org of a connection, "" being that of rules that name none.
	// It is asked once a connection, and again after an error or Reconnect, while the
	// connection's writes wait: after a *salesforce.Error, at the pace of its cause;
	// after one of the network, as for salesforce.Network; after another, as for
	// salesforce.Auth. It may take 30 s, and is asked for several connections at once.
	Org func(ctx context.Context, connection string) (Org, error)
	// Schema returns the describes of a connection. They make causes more exact.
	// May be nil, and may return nil.
	Schema func(connection string) *schema.Schema
	// Observe is told of every settlement after it is on disk, from one goroutine
	// which it holds up. May be nil.
	Observe func(Report)
	Logger  *slog.Logger
	Owner   string // names this process to the store; "sfsync" if empty

	// MaxWait is how long Drain waits for an event that is put off; 30 s if 0,
	// and not at all if negative.
	MaxWait time.Duration
	// MaxWrites bounds the writes in memory, which take about 5 kB each; 5,000 if 0.
	MaxWrites int
	// MaxCalls bounds the calls in flight to one org; 16 if 0. Salesforce itself
	// refuses the 26th call that takes longer than 20 s (Developer Limits, API 67.0).
	MaxCalls int
	// QuotaShare is the share of the org's daily API calls, used by whomever, past
	// which writes wait; 0.8 if 0.
	QuotaShare float64
	// LoopRuns is how often one rule may run for the record of an outbound message
	// within LoopWindow, before its runs wait; 20 in ten minutes if 0.
	LoopRuns   int
	LoopWindow time.Duration
	// Verify has every record read again after it was written, and differences noted
	// in the run log: at least one more call for each. The client must be a Reader.
	Verify bool
	// KeepRuns is how long the run log is kept, by whole days, and with it the
	// events that failed, for Retry. What is older is dropped once an hour. If 0,
	// it drops no runs for their age, and failed events are kept for 30 days.
	KeepRuns time.Duration
	// KeepEvents keeps the text of every event as long as KeepRuns, for Past; else only
	// outbound messages and events that failed are kept.
	KeepEvents bool
	// KeepBytes is how much the store may hold before the run log's oldest days are
	// dropped, all but today's; 0 for no bound.
	KeepBytes int64
	// Pace replaces the pace at which a failed write is repeated, which
	// (*salesforce.Error).Retry tells.
	Pace func(*salesforce.Error) salesforce.Retry
	// Grace is how long calls in flight may go on after Run is told to stop; 10 s if 0.
	Grace time.Duration
}

// Report tells what became of an event, as far as it has come.
type Report struct {
	Event    string // its id, with the source in front
	Type     string
	Accepted time.Time
	Done     bool        // false while it waits
	Runs     []store.Run // one for each rule
}

// Engine runs events. Submit may be called at any time from any goroutine; Run and
// Drain exclude each other.
type Engine struct {
	config     Config
	plan       atomic.Pointer[plan.Plan]
	accepted   acceptance
	wishes     wishes
	reconnects reconnects

	running sync.Mutex
	dirty   atomic.Bool   // something may be there to be fetched
	wake    chan struct{} // one token: something has changed
}

// New returns an engine. It starts nothing.
func New(config Config) (*Engine, error) {
	if config.Store == nil || config.Plan == nil || config.Org == nil {
		return nil, errors.New("an engine needs a store, a plan and orgs")
	}
	def(&config.Logger, slog.New(slog.DiscardHandler))
	def(&config.Owner, "sfsync")
	def(&config.MaxWait, 30*time.Second)
	def(&config.MaxWrites, 5_000)
	def(&config.MaxCalls, 16)
	def(&config.QuotaShare, 0.8)
	def(&config.LoopRuns, 20)
	def(&config.LoopWindow, 10*time.Minute)
	def(&config.Grace, 10*time.Second)
	if config.Pace == nil {
		config.Pace = (*salesforce.Error).Retry
	}
	h, err := config.Store.Health(context.Background())
	if err != nil {
		return nil, fmt.Errorf("cannot see what is queued: %w", err)
	}
	e := &Engine{config: config, wake: make(chan struct{}, 1)}
	e.plan.Store(config.Plan)
	e.accepted.saw(h.Newest.UnixNano())
	return e, nil
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// SetPlan changes the rules for the events that are run from now on. One that has
// begun, also if it waits to be repeated, ends as it began.
func (e *Engine) SetPlan(p *plan.Plan) { e.plan.Store(p) }

// Run runs events until ctx ends, lets calls in flight finish, and returns nil. It
// returns an error when the store fails, and store.ErrTakenOver when another process
// takes the events over. If the store only doubts who has them, as after a loss of its
// network, Run claims them again; calls in flight have been broken off by then.
// Meanwhile it keeps the store within KeepRuns and KeepBytes.
func (e *Engine) Run(ctx context.Context) error {
	tidying, stop := context.WithCancel(ctx)
	var tidy sync.WaitGroup
	tidy.Go(func() { e.keepTidy(tidying) })
	defer tidy.Wait()
	defer stop()
	for wait := firstReclaim; ; wait = min(2*wait, lastReclaim) {
		begun := time.Now()
		err := e.run(ctx, false)
		if !errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrTakenOver) || errors.Is(err, store.ErrClosed) {
			return err
		}
		if time.Since(begun) > lastReclaim {
			wait = firstReclaim
		}
		e.config.Logger.Warn("the right to run events was lost; claiming it again", "error", err, "after", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// How long Run waits before it claims events again.
const (
	firstReclaim = time.Second
	lastReclaim  = time.Minute
)

// Drain runs what there is, and returns when nothing is left that could go on
// within MaxWait. At its end it prunes the store, unless that was done within the hour.
func (e *Engine) Drain(ctx context.Context) error {
	if err := e.run(ctx, true); err != nil {
		return err
	}
	if _, err := e.tidy(ctx, time.Now()); err != nil && ctx.Err() == nil {
		e.config.Logger.Warn("cannot prune the store", "error", err)
	}
	return nil
}

func (e *Engine) notify() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}
