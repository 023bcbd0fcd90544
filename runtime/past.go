package runtime

import (
	"context"
	"errors"
	"strings"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/store"
)

// PastEvent is an event that was run before.
type PastEvent struct {
	Text string // as its sender gave it; "" if it is not kept any more
	Of   string // of a status, the outbound message that it belongs to; "" if that is not kept
}

// Past finds the text of an event by its id, with the source in front. Outbound
// messages are kept for the statuses that may follow, and what failed or is in doubt is
// kept to be tried again; everything else only under Config.KeepEvents.
func Past(ctx context.Context, s store.Store, id string) (PastEvent, error) {
	_, own, _ := strings.Cut(id, "/")
	for _, key := range []string{eventKey(id), failedKey(id), messageKey(own)} {
		text, err := keptText(ctx, s, key)
		if err != nil {
			return PastEvent{}, err
		}
		head, err := plan.ReadEvent(text)
		if text == "" || err != nil || key == messageKey(own) && head.ID != own { // it is a later message of the same record
			continue
		}
		past := PastEvent{Text: text}
		if head.Of != "" {
			past.Of, err = keptText(ctx, s, messageKey(head.Of))
		}
		return past, err
	}
	return PastEvent{}, nil
}

// keptText is the text of the event kept under a key, "" if there is none.
func keptText(ctx context.Context, s store.Store, key string) (string, error) {
	kept, err := s.Lookup(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	text, _, err := unwrap(kept.Body)
	return string(text), err
}

// eventKey is under what every event is kept if Config.KeepEvents wants it.
func eventKey(event string) string { return "event/" + event }
