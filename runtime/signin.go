package runtime

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/sfsync/sfsync/salesforce"
)

// signInTime is how long Config.Org may take.
const signInTime = 30 * time.Second

// signIn is how far a connection has come with asking Config.Org for its org. That
// may take long, so it is done beside the loop.
type signIn struct {
	asking   bool
	outdated bool     // the org may be another one than before: ask again
	wishes   int      // calls of Reconnect
	fresh    bool     // the last of these has not been tried
	waiting  []*write // until it is known how it ends
}

// orgAnswer is what Config.Org has brought.
type orgAnswer struct {
	connection *connection
	org        Org
	err        error
	started    time.Time
	wishes     int // that were known when it was asked
}

// reconnects are handed from whoever calls Reconnect to the loop.
type reconnects struct {
	mu    sync.Mutex
	names map[string]struct{}
}

func (r *reconnects) add(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.names == nil {
		r.names = map[string]struct{}{}
	}
	r.names[name] = struct{}{}
}

func (r *reconnects) take() map[string]struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := r.names
	r.names = nil
	return names
}

// Reconnect says that a connection may work again, or otherwise than before: somebody
// has signed in anew or changed it. Config.Org is asked for its org once more, also if
// the connection pauses after failures, and what waits on it is tried again. It may be
// called at any time and returns at once.
func (e *Engine) Reconnect(connection string) {
	e.reconnects.add(connection)
	e.notify()
}

func (l *loop) heedReconnects() {
	for name := range l.reconnects.take() {
		c := l.connection(name)
		c.signIn.wishes++
		c.signIn.outdated, c.signIn.fresh = true, true
		c.pause = pause{}
	}
}

// signIn asks for the orgs that are needed now.
func (l *loop) signIn(now time.Time) {
	for _, c := range l.connections {
		s := &c.signIn
		if c.ready() || s.asking || c.pausedUntil(now).After(now) || !s.fresh && !c.wanted() {
			continue
		}
		s.asking, s.fresh = true, false
		answer := &orgAnswer{connection: c, started: now, wishes: s.wishes}
		go func() {
			ctx, cancel := context.WithTimeout(l.orgCtx, signInTime)
			defer cancel()
			answer.org, answer.err = l.config.Org(ctx, c.name)
			l.inbox.Lock()
			l.inbox.orgs = append(l.inbox.orgs, answer)
			l.inbox.Unlock()
			l.notify()
		}()
	}
}

// signedIn takes in what Config.Org has brought.
func (l *loop) signedIn(a *orgAnswer, now time.Time) {
	c := a.connection
	s := &c.signIn
	s.asking = false
	switch err := a.err; {
	case err == nil && a.org.Client != nil:
		if s.outdated = s.wishes != a.wishes; s.outdated {
			return // somebody has changed it meanwhile
		}
		c.org, c.pause, c.parked = &a.org, pause{}, true
		if a.wishes > 0 {
			l.toWake = append(l.toWake, wakeUp{c.topic(), probe})
		}
	case s.wishes != a.wishes:
		return
	default:
		if err == nil {
			err = fmt.Errorf("connection %q is not set up", c.name)
		}
		cause, pace, retryAfter := l.whyNoOrg(err)
		c.strike(pace, retryAfter, a.started, now)
		c.pause.reason, c.pause.cause = err.Error(), string(cause)
		l.parkLanes(c, now)
	}
	l.turns = append(l.turns, s.waiting...)
	s.waiting = nil
}

// whyNoOrg tells the cause of an error of Config.Org, and the pace of the next tries.
// Whatever does not heal by itself waits for somebody as long as a lost sign-in does.
func (l *loop) whyNoOrg(err error) (salesforce.Cause, salesforce.Retry, time.Duration) {
	var e *salesforce.Error
	var n net.Error
	switch {
	case errors.As(err, &e):
	case errors.As(err, &n), errors.Is(err, context.DeadlineExceeded):
		e = &salesforce.Error{Cause: salesforce.Network}
	default:
		e = &salesforce.Error{Cause: salesforce.Auth}
	}
	pace := l.config.Pace(e)
	if !pace.Heals {
		pace = l.config.Pace(&salesforce.Error{Cause: salesforce.Auth})
	}
	return e.Cause, pace, e.RetryAfter
}
