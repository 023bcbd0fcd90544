package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/sfsync/sfsync/store"
)

// maxHolds bounds the events that are put off and hold up others. Beyond it, no
// event is begun before some of them have come back; but statuses may wait for their
// messages in any number, of which no more than this keep their order.
const maxHolds = 100_000

// holds knows which records are held by events that are put off: later writes to
// them must wait. A status that waits for its message holds up later statuses of that,
// which stands as a record here, under its messageKey. Each such event leaves a mark in
// the store, so that a restarted process knows it before the event itself comes back.
type holds struct {
	byRecord map[string][]hold
	byHolder map[holder]map[string]struct{} // records
	statuses int                            // among the holders
}

type hold struct {
	holder holder
	event  string // its id
	place  place
	until  time.Time
	on     []string // what it waits on
}

// holder names an event that is put off.
type holder struct {
	partition uint16
	seq       uint64
}

func (h holder) mark() string { return fmt.Sprintf("%s%02x/%016x", holdPrefix, h.partition, h.seq) }

const holdPrefix = "hold/"

func (ev *event) holder() holder { return holder{ev.part.claim.Partition(), ev.item.Seq} }

// add makes a write that is put off hold its record.
func (hs *holds) add(w *write) {
	if w.record != "" {
		hs.put(w.record, hold{w.run.event.holder(), w.run.event.item.ID, w.run.event.place, w.until, w.on})
	}
}

// park makes a status hold its message.
func (hs *holds) park(ev *event) {
	if hs.statuses < maxHolds {
		hs.put(messageKey(ev.head.Of), hold{ev.holder(), ev.item.ID, ev.place, ev.until, nil})
	}
}

// full reports whether no more events should be begun.
func (hs *holds) full() bool { return len(hs.byHolder)-hs.statuses >= maxHolds }

func (hs *holds) put(record string, h hold) {
	held := hs.byHolder[h.holder]
	if held == nil {
		held = map[string]struct{}{}
		hs.byHolder[h.holder] = held
		if isMessage(record) {
			hs.statuses++
		}
	}
	if _, twice := held[record]; twice {
		return
	}
	held[record] = struct{}{}
	hs.byRecord[record] = append(hs.byRecord[record], h)
}

// release forgets what an event holds, because it is back. It reports whether
// there was anything.
func (hs *holds) release(of holder) bool {
	held, any := hs.byHolder[of]
	for record := range held {
		if isMessage(record) {
			hs.statuses--
		}
		rest := slices.DeleteFunc(hs.byRecord[record], func(h hold) bool { return h.holder == of })
		if len(rest) == 0 {
			delete(hs.byRecord, record)
		} else {
			hs.byRecord[record] = rest
		}
	}
	delete(hs.byHolder, of)
	return any
}

// before returns the hold on a record of an event whose place is before ev's: of
// several, the one that ends last.
func (hs *holds) before(record string, ev *event) (found hold, held bool) {
	for _, h := range hs.byRecord[record] {
		if h.place.before(ev.place) && h.holder != ev.holder() && (!held || h.until.After(found.until)) {
			found, held = h, true
		}
	}
	return found, held
}

// waitFor returns the ids of the statuses that wait for a message of these keys.
func (hs *holds) waitFor(keys []string) (ids []string) {
	for _, key := range keys {
		for _, h := range hs.byRecord[key] {
			ids = append(ids, h.event)
		}
	}
	return ids
}

// behind returns the ids of the events that wait next behind an event which has come
// back before its time, as when it is discarded: they need not wait that long either.
// What is woken on something, or by a message, wakes those behind it as well.
func (hs *holds) behind(ev *event, now time.Time) (ids []string) {
	of := ev.holder()
	for record := range hs.byHolder[of] {
		if isMessage(record) {
			continue
		}
		early := false
		var next hold
		for _, h := range hs.byRecord[record] {
			switch {
			case h.holder == of:
				early = len(h.on) == 0 && h.until.After(now.Add(slack))
			case ev.place.before(h.place) && (next.event == "" || h.place.before(next.place)):
				next = h
			}
		}
		if early && next.event != "" {
			ids = append(ids, next.event)
		}
	}
	return ids
}

// markOf returns the mark that goes with an event's settlement, if any.
func (hs *holds) markOf(ev *event) (store.Mark, bool) {
	of := ev.holder()
	held := hs.byHolder[of]
	if len(held) == 0 {
		return store.Mark{Key: of.mark()}, ev.held // an empty value deletes
	}
	value := holdMark{Event: ev.item.ID, Behind: ev.onlyBehind(), At: ev.place.at, Early: ev.place.early, Until: ev.until.UnixNano(), On: ev.waitsOn()}
	for record := range held {
		value.Records = append(value.Records, record)
	}
	slices.Sort(value.Records)
	text, _ := json.Marshal(value) // strings and numbers only
	return store.Mark{Key: of.mark(), Value: text}, true
}

// onlyBehind reports whether all that is put off waits for earlier writes.
func (ev *event) onlyBehind() (only bool) {
	for w := range ev.writes {
		if w.state == putOff {
			if w.entry.Why != store.WhyEarlierWrite {
				return false
			}
			only = true
		}
	}
	return only
}

type holdMark struct {
	Event   string   `json:"event"`
	Behind  bool     `json:"behind,omitempty"` // it waits for earlier writes, and for nothing else
	At      int64    `json:"at"`
	Early   int64    `json:"early,omitempty"`
	Until   int64    `json:"until"`
	On      []string `json:"on,omitempty"`
	Records []string `json:"records"`
}

// load reads the marks. It returns the ids, by partition, of the events that wait for
// earlier writes which nobody is going to make, as after a Discard without an engine.
func (hs *holds) load(ctx context.Context, marks store.KV) (free map[uint16][]string, err error) {
	hs.byRecord, hs.byHolder = map[string][]hold{}, map[holder]map[string]struct{}{}
	var behind []hold
	for entry, err := range marks.List(ctx, holdPrefix) {
		if err != nil {
			return nil, fmt.Errorf("cannot read which records are held: %w", err)
		}
		var h hold
		var value holdMark
		if _, err := fmt.Sscanf(entry.Key, holdPrefix+"%02x/%016x", &h.holder.partition, &h.holder.seq); err != nil {
			return nil, fmt.Errorf("%w: mark %q", store.ErrCorrupt, entry.Key)
		}
		if err := json.Unmarshal(entry.Value, &value); err != nil {
			return nil, fmt.Errorf("%w: mark %q: %w", store.ErrCorrupt, entry.Key, err)
		}
		h.event, h.place, h.until, h.on = value.Event, place{value.At, value.Early}, time.Unix(0, value.Until), value.On
		for _, record := range value.Records {
			hs.put(record, h)
		}
		if value.Behind {
			behind = append(behind, h)
		}
	}
	free = map[uint16][]string{}
	for _, h := range behind {
		if of := h.holder.partition; !hs.isBehind(h) {
			free[of] = append(free[of], h.event)
		}
	}
	return free, nil
}

func (hs *holds) isBehind(h hold) bool {
	for record := range hs.byHolder[h.holder] {
		if slices.ContainsFunc(hs.byRecord[record], func(other hold) bool { return other.place.before(h.place) }) {
			return true
		}
	}
	return false
}
