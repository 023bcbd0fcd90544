package runtime

import (
	"context"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// StateReader is what a client must be for the run log to say what a record was like
// when Salesforce refused to write it; a *salesforce.Client is one.
type StateReader interface {
	StatesOf(ctx context.Context, refused []salesforce.Refusal) (states []salesforce.RecordState, calls int, err error)
}

// stateTime bounds how long the refusals of a call wait for their records' states.
const stateTime = 10 * time.Second

// look is one reading of the records of a call whose writes were refused for good. The
// other writes of the call do not wait for it; the next write to the same record does.
type look struct {
	connection *connection
	writes     []*write
	refused    []salesforce.Refusal
	rows       int // of the call
	states     []salesforce.RecordState
	calls      int
}

// governed reports whether what Salesforce says to a write may depend on the state of
// the record, and is the last word.
func (l *loop) governed(w *write, e *salesforce.Error, now time.Time) bool {
	if w.op == salesforce.Create || !e.Governed() {
		return false
	}
	pace := l.config.Pace(e)
	return !pace.Heals || pace.Attempts > 0 && w.burnt >= pace.Attempts ||
		pace.For > 0 && w.failing(e, now) > pace.For
}

// lookAt reads what the records of refused writes are like. It reports false if that
// cannot be, or is not worth a call now; then the refusals stand as they are.
func (l *loop) lookAt(k *look, org *Org, now time.Time) bool {
	c := k.connection
	if len(k.writes) == 0 || c.org == nil || !c.ready() || !c.pausedUntil(now).IsZero() || !c.withinQuota() || l.orgCtx.Err() != nil {
		return false
	}
	reader, ok := able[StateReader](org.Client)
	if !ok {
		return false
	}
	c.calls++
	l.calls++
	go func() {
		ctx, cancel := context.WithTimeout(l.callCtx, stateTime)
		defer cancel()
		states, calls, err := reader.StatesOf(ctx, k.refused)
		if err != nil {
			l.config.Logger.Debug("cannot read what refused records are like", "connection", c.name, "error", err)
		}
		k.states, k.calls = states, calls
		l.inbox.Lock()
		l.inbox.looks = append(l.inbox.looks, k)
		l.inbox.Unlock()
		l.notify()
	}()
	return true
}

// looked ends the refused writes with what their records are like.
func (l *loop) looked(k *look, now time.Time) {
	k.connection.calls--
	l.calls--
	k.writes[0].run.entry.APICalls += k.calls
	for i, w := range k.writes {
		if i < len(k.states) {
			for _, f := range k.states[i] {
				w.entry.State = append(w.entry.State, store.FieldState(f))
			}
		}
		l.failed(w, k.refused[i].Err, k.rows, k.connection, now)
	}
}

// refusal is what Salesforce said to a write, with what it may have been about.
func (w *write) refusal(e *salesforce.Error) string {
	reason := reasonOf(e)
	if len(w.entry.State) == 0 {
		return reason
	}
	state := make(salesforce.RecordState, len(w.entry.State))
	for i, f := range w.entry.State {
		state[i] = salesforce.FieldState(f)
	}
	return reason + " (the record at that time: " + state.String() + ")"
}

// refusalHelp says what to do about a refusal where the cause's own advice would mislead: a
// field that the schema calls writable is refused for the state of its record, unless
// somebody has changed permissions.
func (w *write) refusalHelp(e *salesforce.Error) string {
	if len(w.entry.State) == 0 || e.Cause != salesforce.FieldNotWritable || w.row.Schema == nil {
		return e.Advice
	}
	for _, name := range e.Fields {
		if f := w.row.Schema.Field(name); f == nil || !f.Updateable {
			return e.Advice
		}
	}
	return "The schema says that the field may be written, so a trigger, an approval or a managed package may allow that in some states of the record only: " +
		"compare the state above with that of a record which can be written, and give the action a guard. If permissions were changed of late, refresh the schema and check the rules again."
}

// able finds what a client can do beside writing, also in one that others wrap.
func able[T any](c Client) (can T, ok bool) {
	for {
		if can, ok = c.(T); ok {
			return can, true
		}
		wrapper, wraps := c.(interface{ Unwrap() Client })
		if !wraps {
			return can, false
		}
		c = wrapper.Unwrap()
	}
}
