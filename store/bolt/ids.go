package bolt

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

// idHash is the hash of an event id. Ids come from outside, so a cheaper hash
// would let a sender craft one that makes another's event look like a duplicate.
type idHash [16]byte

func hashID(id string) idHash {
	sum := sha256.Sum256([]byte(id))
	return idHash(sum[:16])
}

var idsBucket = []byte("ids")

// generation holds the ids accepted in one stretch of time. Expiry drops whole
// generations, in memory and on disk.
type generation struct {
	start time.Time // its name on disk
	ids   map[idHash]struct{}
}

// known is the dedupe window in memory. Go's maps take about 26 bytes an id.
type known struct {
	window time.Duration
	max    int

	mu    sync.RWMutex
	gens  []generation // the oldest first
	total int
}

func (k *known) has(id idHash, now time.Time) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for i := len(k.gens) - 1; i >= 0; i-- {
		if _, ok := k.gens[i].ids[id]; ok {
			return !k.expired(i, now)
		}
	}
	return false
}

// expired reports whether all ids of a generation are older than the window:
// none of them is younger than the start of the next generation.
func (k *known) expired(i int, now time.Time) bool {
	end := now
	if i+1 < len(k.gens) {
		end = k.gens[i+1].start
	}
	return now.Sub(end) > k.window
}

// current returns the start of the generation that takes ids now. Twelve
// generations a window keep it true to a twelfth, eight a cap to an eighth.
func (k *known) current(now time.Time) time.Time {
	k.mu.RLock()
	defer k.mu.RUnlock()
	n := len(k.gens)
	if n == 0 {
		return now
	}
	g := &k.gens[n-1]
	if now.Sub(g.start) < k.window/12 && len(g.ids) < max(1, k.max/8) {
		return g.start
	}
	if !now.After(g.start) { // the clock went back: names must still rise
		return g.start.Add(1)
	}
	return now
}

// add takes ids into a generation, and drops the oldest ones beyond the cap or
// the window.
func (k *known) add(start time.Time, ids []idHash, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := len(k.gens)
	if n == 0 || k.gens[n-1].start.Before(start) {
		k.gens = append(k.gens, generation{start, make(map[idHash]struct{}, len(ids))})
		n++
	}
	g := &k.gens[n-1]
	for _, id := range ids {
		g.ids[id] = struct{}{}
	}
	k.total += len(ids)
	for len(k.gens) > 1 && (k.total > k.max || k.expired(0, now)) {
		k.total -= len(k.gens[0].ids)
		k.gens = append(k.gens[:0:0], k.gens[1:]...)
	}
}

// since returns the time from which on ids are known, and their number.
func (k *known) since(now time.Time) (time.Time, int) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if len(k.gens) == 0 {
		return now, 0
	}
	return k.gens[0].start, k.total
}

func generationName(start time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(start.UnixNano()))
}

func generationStart(name []byte) time.Time {
	return time.Unix(0, int64(binary.BigEndian.Uint64(name)))
}

// writeIDs appends the ids of one transaction to their generation.
func writeIDs(tx *bbolt.Tx, start time.Time, ids []idHash) error {
	gen, err := tx.Bucket(idsBucket).CreateBucketIfNotExists(generationName(start))
	if err != nil {
		return err
	}
	gen.FillPercent = 1
	n, err := gen.NextSequence()
	if err != nil {
		return err
	}
	value := make([]byte, 0, len(ids)*len(idHash{}))
	for _, id := range ids {
		value = append(value, id[:]...)
	}
	return gen.Put(binary.BigEndian.AppendUint64(nil, n), value)
}

// load reads the window back at open.
func (k *known) load(tx *bbolt.Tx, now time.Time) error {
	all := tx.Bucket(idsBucket)
	return all.ForEachBucket(func(name []byte) error {
		start := generationStart(name)
		var ids []idHash
		err := all.Bucket(name).ForEach(func(_, v []byte) error {
			for ; len(v) >= 16; v = v[16:] {
				ids = append(ids, idHash(v))
			}
			return nil
		})
		k.add(start, ids, now)
		return err
	})
}

// stale returns the names of the generations on disk that are no longer known.
func (k *known) stale(tx *bbolt.Tx, now time.Time) [][]byte {
	since, n := k.since(now)
	if n == 0 {
		return nil // the first ids of all may be on disk, and not yet here
	}
	var names [][]byte
	tx.Bucket(idsBucket).ForEachBucket(func(name []byte) error {
		if generationStart(name).Before(since) {
			names = append(names, append([]byte(nil), name...))
		}
		return nil
	})
	return names
}
