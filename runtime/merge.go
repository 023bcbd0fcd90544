package runtime

import (
	"container/heap"
	"context"
	"fmt"
	"math"
	"time"

	"github.com/sfsync/sfsync/store"
)

// pageSize is how many events are read from a partition at once.
const pageSize = 64

// feed merges the events of all partitions into the order in which they were accepted.
//
// A partition hands out its own events in that order, but another may still hold
// an earlier one: unread, or on its way to the disk. So an event is taken only up
// to the frontier, before which nothing can turn up any more.
type feed struct {
	accepted *acceptance
	parts    []*part
	items    itemHeap // read and not taken
	horizon  int64    // when all partitions were last read: what was accepted before is on disk
	frontier int64
}

// part is a partition of which this process has the claim.
type part struct {
	claim  store.Claim
	unread int       // items in the feed
	more   bool      // there may be more than was read
	reach  int64     // up to when everything of it was read
	due    time.Time // when the next waiting event falls due
}

type feedItem struct {
	store.Item
	part *part
	at   int64 // Unix nanoseconds
}

// wanting reports whether reading could bring something that an unchanged store
// has not shown before.
func (f *feed) wanting(now time.Time) bool {
	for _, p := range f.parts {
		if p.more && !p.crowded() || f.needs(p, now) {
			return true
		}
	}
	return len(f.items) > 0 && f.items[0].at > f.frontier && f.accepted.horizon() > f.horizon
}

// crowded reports whether enough of the partition is in memory.
func (p *part) crowded() bool { return p.unread > pageSize/2 }

// needs reports whether the partition is to be read even if it is crowded: something of
// it falls due, or nothing can be taken before its frontier is known.
func (f *feed) needs(p *part, now time.Time) bool {
	return !p.due.IsZero() && !p.due.After(now) || p.more && len(f.items) > 0 && f.items[0].at > p.reach
}

// fill reads from the partitions, one page each.
func (f *feed) fill(ctx context.Context, now time.Time) error {
	f.horizon = f.accepted.horizon() // before reading: what it covers is on disk
	for _, p := range f.parts {
		page := pageSize
		if p.crowded() {
			if !f.needs(p, now) {
				p.more = true
				continue
			}
			page = 1 // what comes back comes first
		}
		items, due, err := p.claim.Next(ctx, page)
		if err != nil {
			return fmt.Errorf("cannot read events: %w", err)
		}
		p.due, p.more = due, len(items) == page
		for i := range items {
			item := feedItem{Item: items[i], part: p, at: items[i].At.UnixNano()}
			f.accepted.saw(item.at)
			p.reach = item.at
			p.unread++
			heap.Push(&f.items, item)
		}
		if !p.more {
			p.reach = max(p.reach, f.horizon) // what comes from now on is later
		}
	}
	f.frontier = f.horizon
	for _, p := range f.parts {
		if p.more {
			f.frontier = min(f.frontier, p.reach)
		}
	}
	return nil
}

// take returns the next event in order, if it is certain which that is.
func (f *feed) take() (feedItem, bool) {
	if len(f.items) == 0 || f.items[0].at > f.frontier {
		return feedItem{}, false
	}
	item := heap.Pop(&f.items).(feedItem)
	item.part.unread--
	return item, true
}

// putBack returns what take gave.
func (f *feed) putBack(item feedItem) {
	heap.Push(&f.items, item)
	item.part.unread++
}

// returning reports whether the next event comes back from a wait.
func (f *feed) returning() bool {
	return len(f.items) > 0 && (f.items[0].Attempt > 0 || f.items[0].For != "")
}

// nextDue returns when the next event that waits falls due, or the zero time.
func (f *feed) nextDue() time.Time {
	soonest := int64(math.MaxInt64)
	for _, p := range f.parts {
		if !p.due.IsZero() {
			soonest = min(soonest, p.due.UnixNano())
		}
	}
	if soonest == math.MaxInt64 {
		return time.Time{}
	}
	return time.Unix(0, soonest)
}

type itemHeap []feedItem

func (h itemHeap) Len() int { return len(h) }
func (h itemHeap) Less(i, j int) bool {
	if h[i].at != h[j].at {
		return h[i].at < h[j].at
	}
	return h[i].Seq < h[j].Seq
}
func (h itemHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *itemHeap) Push(x any)   { *h = append(*h, x.(feedItem)) }
func (h *itemHeap) Pop() any {
	n := len(*h) - 1
	x := (*h)[n]
	(*h)[n] = feedItem{}
	*h = (*h)[:n]
	return x
}
