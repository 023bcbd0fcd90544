package orgsim

import (
	"fmt"
	"time"
)

// clock is how the org's time follows that of Options.Now. It never changes; moving the clock makes a new one.
type clock struct {
	from, at time.Time // when the other clock showed from, this one showed at
	speed    float64
}

const maxClockSpeed = 100_000

// now is the org's time. Sessions, tokens, limits and stamps of records go by it; what clients
// put into requests, such as a JWT's exp, has to fit it. Outbound messages are sent by a clock of their own, see [Delivery].
func (g *Org) now() time.Time {
	c := g.clock.Load()
	if c == nil {
		return g.opts.Now()
	}
	return c.show(g.opts.Now())
}

func (c *clock) show(t time.Time) time.Time {
	return c.at.Add(time.Duration(float64(t.Sub(c.from)) * c.speed))
}

// Now returns the time in the org.
func (g *Org) Now() time.Time { return g.now() }

// AdvanceClock moves the org's clock on: tokens expire at once, and need not be waited for.
func (g *Org) AdvanceClock(d time.Duration) {
	g.setClock(func(c *clock) { c.at = c.at.Add(max(0, d)) })
}

// SetClockSpeed makes the org's clock go faster than others from now on, up to 100,000 times; 1 is as fast as others.
func (g *Org) SetClockSpeed(speed float64) error {
	if !(speed > 0 && speed <= maxClockSpeed) {
		return fmt.Errorf("speed of the clock is above 0 and up to %d", maxClockSpeed)
	}
	g.setClock(func(c *clock) { c.speed = speed })
	return nil
}

func (g *Org) setClock(change func(*clock)) {
	g.clockMu.Lock()
	defer g.clockMu.Unlock()
	real := g.opts.Now()
	next := clock{from: real, at: real, speed: 1}
	if c := g.clock.Load(); c != nil {
		next.at, next.speed = c.show(real), c.speed
	}
	change(&next)
	g.clock.Store(&next)
}
