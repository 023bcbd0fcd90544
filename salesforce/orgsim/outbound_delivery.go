package orgsim

import (
	"errors"
	"fmt"
	"time"
)

// Delivery is how outbound messages are sent. The zero value is what is known, or else
// assumed, of Salesforce. All times but Timeout pass on the sender's clock, which
// Speed makes faster than other clocks.
type Delivery struct {
	// FirstRetry is how long after a failure a message is sent again, 5s when 0; the wait doubles
	// with each failure up to MaxRetry, 2h when 0.
	FirstRetry Duration `json:"firstRetry"`
	MaxRetry   Duration `json:"maxRetry"`
	// Jitter is the part by which a wait is longer or shorter at random, 0.2 when 0; below 0
	// there is none.
	Jitter float64 `json:"jitter"`
	// Lifetime is how long a notification is queued before it is dropped; 24h when 0.
	Lifetime Duration `json:"lifetime"`
	// Timeout is how long the listener may take for its whole answer, 60s when 0, in real time.
	Timeout Duration `json:"timeout"`
	// Batch is the greatest number of notifications in a message; 0 is 100, which is the most.
	Batch int `json:"batch"`
	// Connections is how many messages of one definition are under way at the same time; 4 when 0.
	// While they are, the queue fills, and messages grow.
	Connections int `json:"connections"`
	// Interval lets the sender look at its queue only now and then, so that changes in between
	// share messages; 0 is at once.
	Interval Duration `json:"interval"`
	// Reorder makes each notification wait a random time up to this one before it is sent first, so that
	// they come in another order than that of the changes.
	Reorder Duration `json:"reorder"`
	// Duplicates is the probability that a message comes once more although it was acknowledged.
	Duplicates float64 `json:"duplicates"`
	// Hold keeps everything in the queue. Ending it makes a burst.
	Hold bool `json:"hold"`
	// Speed is by how much the sender's clock is too fast, 0.001 to 100,000; 1 when 0. With 3600, a day
	// of retries passes in 24 seconds.
	Speed float64 `json:"speed"`
	// MaxQueue bounds the notifications queued for one definition, 100,000 when 0. What comes
	// on top is not queued, and counted.
	MaxQueue int `json:"maxQueue"`
}

const (
	maxNotifications = 100 // of a message
	maxConnections   = 1000
	minSpeed         = 0.001
	maxSpeed         = 100_000
	maxTime          = 366 * 24 * time.Hour
)

// complete fills the zero values in.
func (d Delivery) complete() (Delivery, error) {
	for _, v := range []struct {
		field     *Duration
		otherwise time.Duration
	}{{&d.FirstRetry, 5 * time.Second}, {&d.MaxRetry, 2 * time.Hour}, {&d.Lifetime, 24 * time.Hour}, {&d.Timeout, time.Minute}, {&d.Interval, 0}, {&d.Reorder, 0}} {
		if *v.field < 0 || time.Duration(*v.field) > maxTime {
			return d, errors.New("a time of delivery is negative, or longer than a year")
		}
		if *v.field == 0 {
			*v.field = Duration(v.otherwise)
		}
	}
	for _, v := range []struct {
		name            string
		field           *int
		otherwise, most int
	}{{"batch", &d.Batch, maxNotifications, maxNotifications}, {"connections", &d.Connections, 4, maxConnections}, {"maxQueue", &d.MaxQueue, 100_000, 10_000_000}} {
		if *v.field == 0 {
			*v.field = v.otherwise
		}
		if *v.field < 1 || *v.field > v.most {
			return d, fmt.Errorf("delivery has %d as %s; it is 1 to %d", *v.field, v.name, v.most)
		}
	}
	if d.Jitter == 0 {
		d.Jitter = 0.2
	}
	if d.Speed == 0 {
		d.Speed = 1
	}
	// The comparisons are written so that NaN fails them.
	switch {
	case !(d.Jitter <= 1):
		return d, errors.New("jitter of delivery is above 1")
	case !(d.Duplicates >= 0 && d.Duplicates <= 1):
		return d, errors.New("duplicates of delivery is a probability between 0 and 1")
	case !(d.Speed >= minSpeed && d.Speed <= maxSpeed):
		return d, fmt.Errorf("speed of delivery is %g to %d", minSpeed, maxSpeed)
	}
	return d, nil
}

// wait is the time from the nth failure of a notification, counted from 1, to its next attempt. Random is
// from 0 up to 1.
func (d *Delivery) wait(n int, random float64) time.Duration {
	most := time.Duration(d.MaxRetry)
	wait := time.Duration(d.FirstRetry)
	for ; n > 1 && wait < most; n-- {
		wait *= 2
	}
	wait = min(wait, most)
	if d.Jitter > 0 {
		wait = time.Duration(float64(wait) * (1 + d.Jitter*(2*random-1)))
	}
	return min(wait, most) // the documented cap holds for what is waited in the end
}

// senderClock goes Speed times as fast as time does.
type senderClock struct {
	at    time.Time
	real  time.Time
	speed float64
}

func (c *senderClock) now() time.Time {
	t := time.Now()
	c.at = c.at.Add(time.Duration(float64(t.Sub(c.real)) * c.speed))
	c.real = t
	return c.at
}

// until is how long it really takes until the clock shows t.
func (c *senderClock) until(t time.Time) time.Duration {
	return time.Duration(float64(t.Sub(c.now()))/c.speed) + 1
}

// SetDelivery changes how outbound messages are sent from now on. Waits that have begun stay as
// they are, but pass at the new speed.
func (g *Org) SetDelivery(d Delivery) error {
	d, err := d.complete()
	if err != nil {
		return err
	}
	b := &g.outbox
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clock.now() // what has passed has passed at the old speed
	b.delivery, b.clock.speed = d, d.Speed
	for _, q := range b.queues {
		b.pump(q)
	}
	return nil
}

// Delivery returns how outbound messages are sent, with all zero values filled in.
func (g *Org) Delivery() Delivery {
	g.outbox.mu.Lock()
	defer g.outbox.mu.Unlock()
	return g.outbox.delivery
}
