package store

import (
	"context"
	"time"
)

// Claim is the right to run the events of one partition. Its methods may be
// called from several goroutines at once.
type Claim interface {
	Partition() uint16

	// Epoch rises with every change of owner, also over restarts.
	Epoch() uint64

	// Context ends when the claim is lost or in doubt. Calls to the outside
	// world on behalf of its events must end with it.
	Context() context.Context

	// Next hands out at most max events that are unsettled and due, in the order
	// of Seq; each only once through this claim, unless it is put back by a Wait.
	// due is the time when the next waiting event falls due, zero when none
	// waits for a time. Next does not block: with nothing to do, wait for Ready
	// or due.
	Next(ctx context.Context, max int) (items []Item, due time.Time, err error)

	// Ready receives after events were added, or were woken by a message. It
	// holds one token, so that nothing is missed between Next and waiting.
	Ready() <-chan struct{}

	// Wake makes due at once what waits under an ordering key, be it for a time or
	// for a message. It is no error if nothing does. A restart forgets it.
	Wake(ctx context.Context, key string) error

	// WakeOn makes due at once what waits on something, in vain or not: at most so many
	// as most says, the first accepted first, or all if it is 0. With "" it means
	// whatever is waited on, and most counts for each such thing. Strangers may be
	// woken with them. It returns how many were woken; a restart forgets it.
	WakeOn(ctx context.Context, what string, most int) (int, error)

	// Begin notes, durably before it returns, that calls are about to be made
	// which must not be repeated blindly. It answers in the order of intents. Only a
	// Done of the event clears its intents: an event may be put back before anybody
	// has asked what became of its calls. A call that is known to have failed is
	// repeated under another key.
	Begin(ctx context.Context, intents ...Intent) ([]Prior, error)

	// Settle commits all the settlements and everything they carry in one
	// atomic step. On an error nothing of it is done, and the events stay with
	// the claim: the call may be repeated.
	Settle(ctx context.Context, settlements ...Settlement) error
}

// Item is an event handed out by a claim.
type Item struct {
	Event
	Seq       uint64
	Attempt   int       // of the last Wait or Save, 0 at first
	NotBefore time.Time // of the last Wait, zero at first
	For       string    // key of the message that it waited for, "" for none
	Progress  []byte    // of the last Wait or Save: what of the event is done already
	Begun     []string  // keys of the intents that were begun for it
}

// Intent announces a call that a crash would leave in doubt: a create.
type Intent struct {
	Seq         uint64   // the event it belongs to, held by the claim
	Key         string   // unique within the event: rule and action
	Fingerprint [32]byte // of what is about to be sent
}

// Prior is what is known of an intent.
type Prior struct {
	InDoubt     bool      // it was begun before, and no settlement has said how it ended
	Fingerprint [32]byte  // given when it was first begun
	Begun       time.Time // when it was first begun
}

// Disposition says what a settlement does with its event.
type Disposition uint8

const (
	// Done ends the event and removes it.
	Done Disposition = iota + 1
	// Wait puts the event back until NotBefore, or until a message is kept under
	// For, whichever comes first.
	Wait
	// Save notes Attempt and Progress, and leaves the event with the claim.
	Save
)

// Settlement says what became of an event.
type Settlement struct {
	Seq uint64
	Do  Disposition

	NotBefore time.Time // Wait: required
	For       string    // Wait: key of the message it waits for; if already kept, the event is due at once
	On        []string  // Wait: what it waits on, such as a connection; WakeOn makes it due before NotBefore
	Attempt   int       // Wait, Save: how often it was tried
	Progress  []byte    // Wait, Save: opaque; replaces the earlier one

	// Runs are entries of the run log, one for each rule that the event
	// concerns. An entry takes the place of the event's earlier one of the same
	// rule. The store fills in ID, Event, Type and Received.
	Runs []Run

	// Keep keeps the event as a message that Lookup finds, and wakes those that
	// wait for it.
	Keep *Keep

	// Marks are put without comparing; an empty value deletes. Only events of
	// one partition should write the same mark.
	Marks []Mark
}

// Keep says under which keys, and how long, an event stays retrievable after it
// is settled. Of events kept under one key for the same length of time, Lookup
// finds the one that was appended last, whichever was settled last.
type Keep struct {
	Keys  []string  // the event's id, a record id
	Until time.Time // kept at least until then, and at most a day longer
}

// Mark is a value written with a settlement.
type Mark struct {
	Key     string
	Value   []byte
	Expires time.Time // zero for never
}
