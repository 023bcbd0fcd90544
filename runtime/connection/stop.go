package connection

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

const (
	// lookAgain is how long a refusal that an admin may have healed is left alone.
	lookAgain = 30 * time.Minute
	// sameError is how long trouble that stays the same is not written again.
	sameError = 10 * time.Minute
)

// failed notes why there is no new token, and returns it as the caller is to see it.
func (m *Manager) failed(ctx context.Context, c store.Connection, g *grant, revision uint64, interrupted time.Time, err error) error {
	now := time.Now().UTC()
	e, ok := errors.AsType[*salesforce.Error](err)
	if !ok {
		return err
	}
	if !e.InDoubt && !g.Refreshing.IsZero() {
		// An answer came, so nothing is under way any more.
		g.Refreshing = time.Time{}
		_, _ = m.save(ctx, c.Grant, g, revision)
	}
	trouble := store.ConnectionError{At: now, Cause: string(e.Cause), Code: e.Code, Message: e.Message, Advice: adviceOf(e, c.Name)}
	refused, lasting := salesforce.Refused(e)
	if refused && lasting && !interrupted.IsZero() && g.RefreshToken != "" {
		trouble.Message = fmt.Sprintf("%s. A refresh that began at %s was cut off before its answer was stored, and the new refresh token was in it",
			e.Message, interrupted.Format(time.RFC3339))
	}
	var stop *store.Stop
	if refused {
		stop = &store.Stop{ConnectionError: trouble, Authorization: g.Authorization}
		if !lasting {
			stop.LookAgain = now.Add(lookAgain)
		}
	}
	_ = store.UpdateConnection(ctx, m.config.KV, c.Name, func(c *store.Connection) bool {
		changed := noteError(c, trouble)
		if stop != nil {
			if was := c.Stopped; was != nil && was.Authorization == stop.Authorization {
				stop.At = was.At // since when, not since when it was looked at
			}
			c.Stopped, changed = stop, true
		}
		return changed
	})
	if stop != nil {
		c.Stopped = stop
		return stopError(c, stop)
	}
	own := *e
	own.Advice = withName(e.Advice, c.Name)
	return &own
}

// noteError keeps the last error, and reports whether it is worth a write.
func noteError(c *store.Connection, e store.ConnectionError) bool {
	if was := c.LastError; was != nil && was.Code == e.Code && was.Message == e.Message && e.At.Sub(was.At).Abs() < sameError {
		return false
	}
	c.LastError = &e
	return true
}

// adviceOf is what to do about an error, with the connection's own name.
func adviceOf(e *salesforce.Error, name string) string {
	advice := e.Advice
	if advice == "" {
		info, _ := salesforce.ExplainCause(e.Cause)
		advice = info.Advice
	}
	return withName(advice, name)
}

// stopError is what everybody gets while a connection is stopped.
func stopError(c store.Connection, s *store.Stop) error {
	return &salesforce.Error{Cause: salesforce.Auth, Code: s.Code, Whole: true, Advice: s.Advice,
		Message: fmt.Sprintf("connection %q is stopped since %s: %s", c.Name, s.At.Format(time.RFC3339), s.Message)}
}
