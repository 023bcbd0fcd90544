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
	text string
	at   time.Time // when it was accepted
	keys []string
}

func (l *loop) findMessage(key string) (m found, err error) {
	if ev := l.messages[key]; ev != nil {
		return found{string(ev.item.Body), ev.item.At, ev.keys}, nil
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
	return found{string(text), kept.At, messageKeys(&head)}, nil
}

// message returns the text of the outbound message that a status belongs to. If it is
// not there, the status is parked or given up, and the text is "". It reports false if
// earlier statuses of the message are to come back first.
func (l *loop) message(ev *event, now time.Time) (text string, inTurn bool) {
	key := messageKey(ev.head.Of)
	m, err := l.findMessage(key)
	if err == nil {
		if l.callBack(m.keys, ev) {
			return "", false
		}
		ev.place.behind(m.at.UnixNano())
		return m.text, true
	}
	wait := store.Run{Time: ev.news, Outcome: store.Waiting, Started: now}
	help := ""
	ev.until = ev.item.At.Add(awaitMessage)
	switch {
	case !errors.Is(err, store.ErrNotFound):
		ev.until = now.Add(time.Second)
		wait.Reason = "the store cannot look its message up: " + err.Error()
	case now.Before(ev.until):
		ev.park = key
		wait.Reason = "the outbound message `" + ev.head.Of + "`, which this status is of, has not arrived"
		help = ofHelp
	default:
		ev.until = time.Time{}
		wait.Outcome, wait.Cause = store.Failed, string(salesforce.RecordNotFound)
		wait.Reason = "the outbound message `" + ev.head.Of + "`, which this status is of, did not arrive within 7 days"
		help = ofHelp
	}
	wait.NotBefore = ev.until
	ev.runs = []*run{{event: ev, entry: wait, help: help}}
	return "", true
}

const ofHelp = "send the outbound message as well, or check the `of` of the status"

// stallTime is how long a status waits for an earlier one to come back. That takes as
// long as a commit; beyond it, something is wrong with that one.
const stallTime = 5 * time.Second

// callBack lets the statuses come back that wait for the message of these keys and were
// accepted before ev. It reports whether there are any.
func (l *loop) callBack(keys []string, ev *event) (any bool) {
	for _, key := range keys {
		for _, h := range l.records.holds.byRecord[key] {
			if h.holder == ev.holder() || !h.place.before(ev.place) {
				continue
			}
			any = true
			l.recalls = append(l.recalls, h.event)
		}
	}
	if !any || l.stalled.id != ev.item.ID {
		l.stalled.id, l.stalled.since = ev.item.ID, time.Now()
	}
	if any && time.Since(l.stalled.since) > stallTime {
		l.config.Logger.Error("earlier statuses of a message do not come back", "event", ev.item.ID, "missing", l.recalls)
		return false
	}
	return any
}

// parkingFor reports whether a status is just being put off for the message of these
// keys. It cannot be called back before that is on disk.
func (l *loop) parkingFor(keys []string) bool {
	return slices.ContainsFunc(keys, func(key string) bool { return l.parking[key] > 0 })
}

// parked takes in that a status that was put off is on disk as that.
func (l *loop) parked(key string) {
	if l.parking[key]--; l.parking[key] <= 0 {
		delete(l.parking, key)
	}
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
