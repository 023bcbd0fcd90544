package ruletest

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// quick lets hours pass in moments: what heals is repeated at once, and given up soon.
func quick(e *salesforce.Error) salesforce.Retry {
	r := e.Retry()
	if r.Heals {
		r.First, r.Max, r.For = time.Millisecond, 4*time.Millisecond, 150*time.Millisecond
	}
	return r
}

// engine runs events as the daemon would, against a simulated org.
func (r *runner) engine(ctx context.Context, t *plan.Test, p *plan.Plan, events []event, trial outcome, out *Result) (outcome, error) {
	org, ok, err := r.org(t, trial, out)
	if err != nil || !ok {
		return outcome{}, err
	}
	defer org.close()
	dir, err := os.MkdirTemp("", "sfsync-test-")
	if err != nil {
		return outcome{}, fmt.Errorf("cannot make a temporary directory: %w", err)
	}
	defer os.RemoveAll(dir)
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		return outcome{}, fmt.Errorf("cannot open a store for the test: %w", err)
	}
	defer s.Close()
	seen := &reports{runs: map[string][]store.Run{}}
	e, err := runtime.New(runtime.Config{
		Store: s, Plan: p, Pace: quick, MaxWait: time.Second, Observe: seen.observe,
		Org: func(context.Context, string) (runtime.Org, error) {
			return runtime.Org{Client: org.client, UserID: org.userID}, nil
		},
		Schema: func(string) *schema.Schema { return r.set.Schema },
	})
	if err != nil {
		return outcome{}, err
	}
	texts := make([]string, len(events))
	for i := range events {
		texts[i] = events[i].text
	}
	answers, err := e.Submit(ctx, runtime.SourceEvents, texts)
	if err != nil {
		return outcome{}, err
	}
	if err := e.Drain(ctx); err != nil {
		return outcome{}, err
	}
	var done outcome
	for i, a := range answers {
		switch a.Status {
		case runtime.Rejected:
			done.add([]Write{{Event: events[i].head.ID, State: Failed, Cause: "invalid_value", Reason: a.Reason, Help: a.Help}})
		case runtime.Duplicate:
			done.add([]Write{{Event: a.ID, State: Skipped, Reason: "an event of this id came before"}})
		default:
			done.add(logged(a.ID, seen.runs[a.ID]))
		}
	}
	return done, nil
}

// reports keeps what became of events last.
type reports struct {
	mu   sync.Mutex
	runs map[string][]store.Run
}

func (s *reports) observe(r runtime.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs[strings.TrimPrefix(r.Event, runtime.SourceEvents+"/")] = r.Runs
}
