package runtime

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sfsync/sfsync/store"
)

// shelf is a claim that has only what Next needs.
type shelf struct {
	store.Claim
	ready []store.Item // by Seq
}

func (s *shelf) Next(_ context.Context, max int) ([]store.Item, time.Time, error) {
	n := min(max, len(s.ready))
	items := slices.Clone(s.ready[:n])
	s.ready = s.ready[n:]
	return items, time.Time{}, nil
}

func (s *shelf) put(item store.Item) {
	i, _ := slices.BinarySearchFunc(s.ready, item, func(a, b store.Item) int { return int(a.Seq) - int(b.Seq) })
	s.ready = slices.Insert(s.ready, i, item)
}

// Whatever arrives and comes back, and however little of it is taken at a time, the feed
// hands out everything in the end; what comes for the first time, in order.
func TestFeedHandsOutEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var accepted acceptance
		f := &feed{accepted: &accepted}
		shelves := make([]*shelf, 3)
		for i := range shelves {
			shelves[i] = &shelf{}
			f.parts = append(f.parts, &part{claim: shelves[i]})
		}
		var taken []feedItem
		last, total := int64(0), 0
		take := func(most int) (n int) {
			for n < most {
				item, ok := f.take()
				if !ok {
					break
				}
				if item.Attempt == 0 {
					if item.at <= last {
						t.Fatalf("%d after %d", item.at, last)
					}
					last = item.at
				}
				taken = append(taken, item)
				n++
			}
			return n
		}
		fill := func() {
			if err := f.fill(t.Context(), time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"arrive": func(t *rapid.T) {
				for range rapid.IntRange(1, 120).Draw(t, "many") {
					at, open := accepted.begin(1)
					total++
					shelves[rapid.IntRange(0, len(shelves)-1).Draw(t, "where")].put(store.Item{
						Event: store.Event{ID: fmt.Sprint(total), At: time.Unix(0, at)}, Seq: uint64(total),
					})
					accepted.end(open)
				}
				fill()
			},
			"come back": func(t *rapid.T) {
				many := rapid.IntRange(0, min(3, len(taken))).Draw(t, "many")
				for _, item := range taken[:many] {
					item.Attempt++
					item.part.claim.(*shelf).put(item.Item)
					item.part.due = time.Now()
				}
				taken = taken[many:]
				fill()
			},
			"take": func(t *rapid.T) { take(rapid.IntRange(1, 20).Draw(t, "most")) },
			"fill": func(*rapid.T) { fill() },
		})
		for range 20 * (total + 1) {
			if len(taken) == total {
				return
			}
			if f.wanting(time.Now()) {
				fill()
			}
			take(256)
		}
		t.Fatalf("%d of %d were handed out", len(taken), total)
	})
}
