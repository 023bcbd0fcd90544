package runtime

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
)

const (
	// keepMessage is how long a status may come after its outbound message.
	keepMessage = 30 * 24 * time.Hour
	// awaitMessage is how long a status waits for a message that comes after it.
	awaitMessage = 7 * 24 * time.Hour
)

// messageKey is under what an outbound message is kept that a status calls `of`: the
// id of the message's event, without its source, or the id of its record. Both may
// look like record ids, of which 15 characters count.
func messageKey(of string) string {
	if id, ok := schema.To18(of); ok {
		of = id[:15]
	}
	return messagePrefix + of
}

func messageKeys(head *plan.Event) []string {
	keys := []string{messageKey(head.ID)}
	if head.Record != "" {
		keys = append(keys, messageKey(head.Record))
	}
	return keys
}

const messagePrefix = "message/"

func isMessage(key string) bool { return strings.HasPrefix(key, messagePrefix) }

// found is an outbound message as a status finds it.
type found struct {
	text    string
	at      time.Time // when it was accepted
	keys    []string
	settled bool // it is in the store, and those that waited for it have been woken
}

func (l *loop) findMessage(key string) (m found, err error) {
	if ev := l.messages[key]; ev != nil {
		return found{string(ev.item.Body), ev.item.At, ev.keys, false}, nil
	}
	kept, err := l.config.Store.Lookup(l.ctx, key)
	if err != nil {
		return found{}, err
	}
	text, _, err := unwrap(kept.Body)
	if err != nil {
		return found{}, err
	}
	head, _ := plan.ReadEvent(string(text)) // it was read before, so it is one
	return found{string(text), kept.At, messageKeys(&head), true}, nil
}

// message returns the text of the outbound message that a status belongs to. If it
// is not there, or if earlier statuses of it are still to come back, the status is put
// off or given up, and the text is "".
func (l *loop) message(ev *event, now time.Time) string {
	key := messageKey(ev.head.Of)
	m, err := l.findMessage(key)
	wait := store.Run{Time: ev.news, Outcome: store.Waiting, Started: now}
	help := ""
	ev.until, ev.park = ev.item.At.Add(awaitMessage), key
	switch earlier := l.anyParked(m.keys, ev); {
	case err == nil && !earlier:
		ev.until, ev.park = time.Time{}, ""
		ev.place.behind(m.at.UnixNano())
		return m.text
	case err == nil:
		if m.settled { // so that one has been woken, too
			ev.until, ev.park = now.Add(slack), ""
		}
		wait.Why, wait.Reason = store.WhyEarlierWrite, "an earlier status of the same message is still to be dealt with"
	case !errors.Is(err, store.ErrNotFound):
		ev.until, ev.park = now.Add(time.Second), ""
		wait.Reason = "the store cannot look its message up: " + err.Error()
	case now.Before(ev.until):
		wait.Reason = "the outbound message `" + ev.head.Of + "`, which this status is of, has not arrived"
		help = ofHelp
	default:
		ev.until, ev.park = time.Time{}, ""
		wait.Outcome, wait.Cause = store.Failed, string(salesforce.RecordNotFound)
		wait.Reason = "the outbound message `" + ev.head.Of + "`, which this status is of, did not arrive within 7 days"
		help = ofHelp
	}
	wait.NotBefore = ev.until
	ev.runs = []*run{{event: ev, entry: wait, help: help}}
	return ""
}

const ofHelp = "send the outbound message as well, or check the `of` of the status"

// anyParked reports whether an earlier status waits for the message of these keys.
func (l *loop) anyParked(keys []string, ev *event) bool {
	return slices.ContainsFunc(keys, func(key string) bool {
		_, held := l.records.holds.before(key, ev)
		return held
	})
}

// arrived is the run that takes the place of the one which said that a status waits for
// its message; none if it has not waited.
func (ev *event) arrived(now time.Time) []store.Run {
	if ev.head.Type != plan.TypeDistribution || ev.item.Attempt == 0 || len(ev.item.Progress) > 0 {
		return nil
	}
	return []store.Run{{Outcome: store.Skipped, Reason: "its outbound message has arrived, see the other runs", Time: ev.news, Started: now, Ended: now}}
}

// known makes a message available to statuses before it is settled.
func (l *loop) known(ev *event) {
	for _, key := range ev.keys {
		l.messages[key] = ev
	}
}

// forgetMessage leaves the message to the store, which has it now.
func (l *loop) forgetMessage(ev *event) {
	for _, key := range ev.keys {
		if l.messages[key] == ev {
			delete(l.messages, key)
		}
	}
}
