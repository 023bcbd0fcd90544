package runtime

import (
	"errors"
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
	return "message/" + of
}

func messageKeys(head *plan.Event) []string {
	keys := []string{messageKey(head.ID)}
	if head.Record != "" {
		keys = append(keys, messageKey(head.Record))
	}
	return keys
}

// message returns the text of the outbound message that a status belongs to. If it
// is not there, the status is parked or given up, and the text is "".
func (l *loop) message(ev *event, now time.Time) string {
	key := messageKey(ev.head.Of)
	if message := l.messages[key]; message != nil {
		return string(message.item.Body)
	}
	kept, err := l.config.Store.Lookup(l.ctx, key)
	if err == nil {
		var text []byte
		if text, _, err = unwrap(kept.Body); err == nil {
			return string(text)
		}
	}
	ev.until = ev.item.At.Add(awaitMessage)
	wait := store.Run{Time: ev.news, Outcome: store.Waiting, Started: now, NotBefore: ev.until}
	switch {
	case !errors.Is(err, store.ErrNotFound):
		ev.until = now.Add(time.Second)
		wait.NotBefore, wait.Reason = ev.until, "the store cannot look its message up: "+err.Error()
	case now.Before(ev.until):
		ev.park = key
		wait.Reason = "the outbound message `" + ev.head.Of + "`, which this status is of, has not arrived"
	default:
		wait.Outcome, wait.NotBefore, wait.Cause = store.Failed, time.Time{}, string(salesforce.RecordNotFound)
		wait.Reason = "the outbound message `" + ev.head.Of + "`, which this status is of, did not arrive within 7 days"
		ev.until = time.Time{}
	}
	ev.runs = []*run{{event: ev, entry: wait, help: "send the outbound message as well, or check the `of` of the status"}}
	return ""
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
