package bolt

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
	"sync"
	"time"
)

// partition is the index of one partition's unsettled events, which stand on
// disk. An event is in exactly one of ready, held, waits and handed.
type partition struct {
	mu     sync.Mutex
	epoch  uint64 // of the claim that holds it, 0 for none
	ready  seqHeap
	held   map[uint64][]uint64 // by key: behind an earlier event of the key that waits
	waits  dueHeap
	parked int               // of these, those that wait for a message
	blocks map[uint64]block  // by key: who waits for a time
	handed map[uint64]uint64 // seq → key: with the claim
	signal chan struct{}     // holds one token
}

type block struct {
	first uint64 // the earliest of them: no event before it is held back
	n     int
}

// waiting is an event put back. One that waits for a message has parked set and
// holds nobody back.
type waiting struct {
	due    int64 // Unix nanoseconds
	seq    uint64
	key    uint64
	parked bool
	on     uint32 // of markOn: what it waits on
}

// markOn stands in memory for what an event waits on: a bit for each thing, which
// others may share.
func markOn(what ...string) (mark uint32) {
	for _, s := range what {
		sum := hashKey(s)
		mark |= 1 << ((sum ^ sum>>32) % 32) // folded, as in store.Partition
	}
	return mark
}

func newPartition() *partition {
	return &partition{
		held:   map[uint64][]uint64{},
		blocks: map[uint64]block{},
		handed: map[uint64]uint64{},
		signal: make(chan struct{}, 1),
	}
}

// The methods below want mu held.

func (p *partition) push(seq uint64) { heap.Push(&p.ready, seq) }

func (p *partition) wake() {
	select {
	case p.signal <- struct{}{}:
	default:
	}
}

func (p *partition) wait(w waiting) {
	heap.Push(&p.waits, w)
	if w.parked {
		p.parked++
		return
	}
	b, ok := p.blocks[w.key]
	if !ok || w.seq < b.first {
		b.first = w.seq
	}
	b.n++
	p.blocks[w.key] = b
}

// unwait makes the i-th of the waits ready, and those that no other wait holds back.
func (p *partition) unwait(i int) {
	w := heap.Remove(&p.waits, i).(waiting)
	p.push(w.seq)
	if w.parked {
		p.parked--
		return
	}
	b := p.blocks[w.key]
	if b.n--; b.n == 0 {
		delete(p.blocks, w.key)
		b.first = math.MaxUint64
	} else if b.first == w.seq {
		// Seldom: only events that were with the claim together can wait together.
		b.first = math.MaxUint64
		for _, other := range p.waits {
			if !other.parked && other.key == w.key {
				b.first = min(b.first, other.seq)
			}
		}
		p.blocks[w.key] = b
	} else {
		p.blocks[w.key] = b
		return
	}
	still := slices.DeleteFunc(p.held[w.key], func(seq uint64) bool {
		if seq > b.first {
			return false
		}
		p.push(seq)
		return true
	})
	if len(still) > 0 {
		p.held[w.key] = still
	} else {
		delete(p.held, w.key)
	}
}

// fallDue makes ready what has waited long enough.
func (p *partition) fallDue(now time.Time) {
	for len(p.waits) > 0 && p.waits[0].due <= now.UnixNano() {
		p.unwait(0)
	}
}

// wakeOn makes ready what waits on something of the mark: at most so many, the first
// first, of those that wait on the same; all if most is 0.
func (p *partition) wakeOn(mark uint32, most int) (n int) {
	var found []waiting
	for _, w := range p.waits {
		if w.on&mark != 0 {
			found = append(found, w)
		}
	}
	slices.SortFunc(found, func(a, b waiting) int { return cmp.Compare(a.seq, b.seq) })
	counts, chosen := map[uint32]int{}, map[uint64]bool{}
	for _, w := range found {
		if counts[w.on]++; most == 0 || counts[w.on] <= most {
			chosen[w.seq] = true
		}
	}
	if len(chosen) == 0 {
		return 0
	}
	// Put in front of all others, they come out without being looked for.
	for i := range p.waits {
		if chosen[p.waits[i].seq] {
			p.waits[i].due = math.MinInt64
		}
	}
	heap.Init(&p.waits)
	for len(p.waits) > 0 && p.waits[0].due == math.MinInt64 {
		p.unwait(0)
		n++
	}
	p.wake()
	return n
}

// arrive makes ready an event that waited for a message.
func (p *partition) arrive(seq uint64) {
	if i := slices.IndexFunc(p.waits, func(w waiting) bool { return w.seq == seq }); i >= 0 {
		p.unwait(i)
		p.wake()
	}
}

// due returns when the next waiting event falls due, or zero.
func (p *partition) due() time.Time {
	if len(p.waits) == 0 {
		return time.Time{}
	}
	return time.Unix(0, p.waits[0].due).UTC()
}

// candidates takes the first n ready events.
func (p *partition) candidates(n int) []uint64 {
	n = min(n, len(p.ready))
	seqs := make([]uint64, 0, n)
	for range n {
		seqs = append(seqs, heap.Pop(&p.ready).(uint64))
	}
	return seqs
}

// blocked reports whether an earlier event of the key waits, and then holds seq back.
func (p *partition) blocked(seq, key uint64) bool {
	if b, ok := p.blocks[key]; !ok || b.first >= seq {
		return false
	}
	p.held[key] = append(p.held[key], seq)
	return true
}

// release takes the partition from its claim: what it held is ready again.
func (p *partition) release(epoch uint64) {
	p.epoch = epoch
	for seq := range p.handed {
		p.push(seq)
	}
	clear(p.handed)
	p.wake()
}

type seqHeap []uint64

func (h seqHeap) Len() int           { return len(h) }
func (h seqHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h seqHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *seqHeap) Push(x any)        { *h = append(*h, x.(uint64)) }
func (h *seqHeap) Pop() any          { return pop((*[]uint64)(h)) }

type dueHeap []waiting

func (h dueHeap) Len() int { return len(h) }
func (h dueHeap) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].due, h[j].due), cmp.Compare(h[i].seq, h[j].seq)) < 0
}
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)   { *h = append(*h, x.(waiting)) }
func (h *dueHeap) Pop() any     { return pop((*[]waiting)(h)) }

// pop takes the last element, and gives memory back after a burst.
func pop[T any](s *[]T) T {
	n := len(*s) - 1
	x := (*s)[n]
	*s = (*s)[:n]
	if n > 1024 && n < cap(*s)/4 {
		*s = append(make([]T, 0, n*2), *s...)
	}
	return x
}
