package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
	"pgregory.net/rapid"
)

var modelTests = map[string]func(*testing.T, Open){
	"agrees with a plain list": modelAgrees,
}

// model is the queue as one would write it without a disk, without partitions
// of its own, and without regard to cost.
type model struct {
	known  map[string]bool
	events []*modelEvent // unsettled, in the order of acceptance
	kept   map[string]*modelEvent
	runs   map[string]store.Outcome // by event
}

type modelEvent struct {
	id, key string
	nth     int // in the order of acceptance
	seq     uint64
	handed  bool
	waits   bool // for good: the test's waits end only by a message
	parked  string
	attempt int
	begun   bool
}

func (m *model) event(id string) *modelEvent {
	i := slices.IndexFunc(m.events, func(e *modelEvent) bool { return e.id == id })
	if i < 0 {
		return nil
	}
	return m.events[i]
}

// next is what a partition must hand out.
func (m *model) next(partition uint16, max int) (out []string) {
	for i, e := range m.events {
		if len(out) == max {
			break
		}
		held := slices.ContainsFunc(m.events[:i], func(b *modelEvent) bool {
			return b.key == e.key && b.waits && b.parked == ""
		})
		if store.Partition(e.key) == partition && !e.handed && !e.waits && !held {
			e.handed = true
			out = append(out, e.id)
		}
	}
	return out
}

func (m *model) keep(key string, kept *modelEvent) {
	if earlier := m.kept[key]; earlier == nil || earlier.nth < kept.nth {
		m.kept[key] = kept
	}
	for _, e := range m.events {
		if e.parked == key {
			e.waits, e.parked = false, ""
		}
	}
}

func (m *model) remove(id string) {
	m.events = slices.DeleteFunc(m.events, func(e *modelEvent) bool { return e.id == id })
}

func (m *model) handed() (out []*modelEvent) {
	for _, e := range m.events {
		if e.handed {
			out = append(out, e)
		}
	}
	return out
}

func (m *model) release() {
	for _, e := range m.events {
		e.handed = false
	}
}

func modelAgrees(t *testing.T, open Open) {
	keys := []string{key, sameOtherKey(), "elsewhere"}
	messages := []string{"m1", "m2"}
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		s := open(t, dir)
		all := claims(t, s)
		m := &model{known: map[string]bool{}, kept: map[string]*modelEvent{}, runs: map[string]store.Outcome{}}
		far := time.Now().Add(24 * time.Hour)
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				var batch []store.Event
				for range rapid.IntRange(1, 4).Draw(rt, "events") {
					n := rapid.IntRange(0, 40).Draw(rt, "id")
					e := event(n)
					e.Key = keys[n%len(keys)]
					batch = append(batch, e)
				}
				for i, r := range appendAll(t, s, batch...) {
					e := batch[i]
					if r.Duplicate != m.known[e.ID] {
						rt.Fatalf("%s: duplicate %v, want %v", e.ID, r.Duplicate, m.known[e.ID])
					}
					if !r.Duplicate {
						m.known[e.ID] = true
						m.events = append(m.events, &modelEvent{id: e.ID, key: e.Key, nth: len(m.known), seq: r.Seq})
					}
				}
			},
			"next": func(rt *rapid.T) {
				p := store.Partition(rapid.SampledFrom(keys).Draw(rt, "key"))
				max := rapid.IntRange(1, 5).Draw(rt, "max")
				var got []string
				for _, item := range next(t, all[p], max) {
					got = append(got, item.ID)
					if e := m.event(item.ID); e == nil || e.seq != item.Seq || e.attempt != item.Attempt {
						rt.Fatalf("%s comes as seq %d, attempt %d; want %+v", item.ID, item.Seq, item.Attempt, e)
					}
				}
				if want := m.next(p, max); !slices.Equal(got, want) {
					rt.Fatalf("next gives %v, want %v", got, want)
				}
			},
			"begin": func(rt *rapid.T) {
				handed := m.handed()
				if len(handed) == 0 {
					return
				}
				e := rapid.SampledFrom(handed).Draw(rt, "event")
				prior := begin(t, all[store.Partition(e.key)], store.Intent{Seq: e.seq, Key: "create"})
				if prior[0].InDoubt != e.begun {
					rt.Fatalf("intent of %s in doubt: %v, want %v", e.id, prior[0].InDoubt, e.begun)
				}
				e.begun = true
			},
			"settle": func(rt *rapid.T) {
				handed := m.handed()
				if len(handed) == 0 {
					return
				}
				e := rapid.SampledFrom(handed).Draw(rt, "event")
				set := store.Settlement{Seq: e.seq, Do: store.Disposition(rapid.IntRange(1, 3).Draw(rt, "do"))}
				outcome := store.Waiting
				if set.Do == store.Done {
					outcome = store.Synced
				}
				set.Runs = []store.Run{{Rule: "r", Outcome: outcome}}
				if rapid.Bool().Draw(rt, "keep") {
					set.Keep = &store.Keep{Keys: []string{rapid.SampledFrom(messages).Draw(rt, "as")}, Until: far}
				}
				if set.Do != store.Done {
					set.Attempt = e.attempt + 1
				}
				if set.Do == store.Wait {
					set.NotBefore = time.Now()
					if rapid.Bool().Draw(rt, "long") {
						set.NotBefore = far
						if rapid.Bool().Draw(rt, "park") {
							set.For = rapid.SampledFrom(messages).Draw(rt, "for")
						}
					}
				}
				must(t, all[store.Partition(e.key)].Settle(t.Context(), set))

				m.runs[e.id] = outcome
				if set.Keep != nil {
					m.keep(set.Keep.Keys[0], e)
				}
				switch set.Do {
				case store.Done:
					m.remove(e.id)
				case store.Wait:
					e.handed, e.attempt = false, set.Attempt
					_, there := m.kept[set.For]
					e.waits = set.NotBefore.Equal(far) && !(set.For != "" && there)
					if e.parked = ""; e.waits {
						e.parked = set.For
					}
				case store.Save:
					e.attempt = set.Attempt
				}
			},
			"reopen": func(rt *rapid.T) {
				if rapid.Bool().Draw(rt, "take over only") {
					all = claims(t, s)
				} else {
					must(t, s.Close())
					s = open(t, dir)
					all = claims(t, s)
				}
				m.release()
			},
			"": func(rt *rapid.T) {
				waiting := 0
				for _, e := range m.events {
					if e.waits {
						waiting++
					}
				}
				if h := health(t, s); h.Queued != len(m.events) || h.Waiting != waiting {
					rt.Fatalf("health says %d queued, %d waiting; want %d, %d", h.Queued, h.Waiting, len(m.events), waiting)
				}
				for _, key := range messages {
					want := ""
					if kept := m.kept[key]; kept != nil {
						want = kept.id
					}
					if e, err := s.Lookup(t.Context(), key); e.ID != want {
						rt.Fatalf("under %s is %q (%v), want %q", key, e.ID, err, want)
					}
				}
				got := map[string]store.Outcome{}
				for _, r := range list(t, s, store.Filter{}) {
					got[r.Event] = r.Outcome
				}
				if fmt.Sprint(got) != fmt.Sprint(m.runs) {
					rt.Fatalf("runs are %v, want %v", got, m.runs)
				}
			},
		})
		must(t, s.Close())
	})
}
