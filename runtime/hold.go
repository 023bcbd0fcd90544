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

	behind   bool // it waits for earlier writes
	recalled bool // and has been made to come back
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
		hs.put(w.record, hold{
			holder: w.run.event.holder(), event: w.run.event.item.ID, place: w.run.event.place,
			until: w.until, on: w.on, behind: w.entry.Why == store.WhyEarlierWrite,
		})
	}
}

// park makes a status hold its message.
func (hs *holds) park(ev *event) {
	if hs.statuses < maxHolds {
		hs.put(messageKey(ev.head.Of), hold{holder: ev.holder(), event: ev.item.ID, place: ev.place, until: ev.until})
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

// next returns those that wait for nothing but earlier writes to the record, and before
// which nobody waits for anything else: the first so many of them that were not returned
// since they were put off.
func (hs *holds) next(record string, most int) (next []hold) {
	all := hs.byRecord[record]
	if len(all) == 0 || isMessage(record) {
		return nil
	}
	slices.SortFunc(all, func(a, b hold) int {
		if a.place.before(b.place) {
			return -1
		}
		return 1
	})
	for i := range all[:min(most, len(all))] {
		h := &all[i]
		if !h.behind {
			break
		}
		if !h.recalled {
			h.recalled = true
			next = append(next, *h)
		}
	}
	return next
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
func (hs *holds) load(ctx context.Context, marks store.KV, line int) (free map[uint16][]string, err error) {
	hs.byRecord, hs.byHolder = map[string][]hold{}, map[holder]map[string]struct{}{}
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
		h.event, h.place, h.until, h.on, h.behind = value.Event, place{value.At, value.Early}, time.Unix(0, value.Until), value.On, value.Behind
		for _, record := range value.Records {
			hs.put(record, h)
		}
	}
	free = map[uint16][]string{}
	for record := range hs.byRecord {
		for _, h := range hs.next(record, line) {
			free[h.holder.partition] = append(free[h.holder.partition], h.event)
		}
	}
	return free, nil
}
