package bolt

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/sfsync/sfsync/store"
)

// Codecs of a body, in front of it.
const (
	plain = 0
	s2ed  = 1
)

// compressFrom is the size in bytes from which S2 is worth its time.
const compressFrom = 512

func appendBody(dst, body []byte) []byte {
	if len(body) > compressFrom {
		room := 1 + s2.MaxEncodedLen(len(body))
		dst = slices.Grow(dst, room)
		at := len(dst) + 1
		if packed := s2.Encode(dst[at:at+room-1], body); len(packed) < len(body) {
			return append(dst, s2ed)[:at+len(packed)] // it was packed in its place
		}
	}
	return append(append(dst, plain), body...)
}

// body returns a copy of what appendBody was given.
func body(stored []byte) ([]byte, error) {
	if len(stored) == 0 {
		return nil, fmt.Errorf("%w: a body is missing", store.ErrCorrupt)
	}
	switch stored[0] {
	case plain:
		return append([]byte(nil), stored[1:]...), nil
	case s2ed:
		if n, err := s2.DecodedLen(stored[1:]); err != nil || n > store.MaxValue {
			return nil, fmt.Errorf("%w: a compressed body is broken", store.ErrCorrupt)
		}
		out, err := s2.Decode(nil, stored[1:])
		if err != nil {
			return nil, fmt.Errorf("%w: cannot decompress a body: %w", store.ErrCorrupt, err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: unknown codec %d", store.ErrCorrupt, stored[0])
}

// queueKey is seq and partition, so that one scan of keys rebuilds every
// partition's index.
func queueKey(seq uint64, partition uint16) []byte {
	return append(binary.BigEndian.AppendUint64(make([]byte, 0, 9), seq), byte(partition))
}

func parseQueueKey(key []byte) (seq uint64, partition uint16, err error) {
	if len(key) != 9 || key[8] >= store.Partitions {
		return 0, 0, fmt.Errorf("%w: bad key %x in the queue", store.ErrCorrupt, key)
	}
	return binary.BigEndian.Uint64(key), uint16(key[8]), nil
}

// hashKey stands for an ordering domain in memory. A collision only holds an
// event back behind a stranger.
func hashKey(key string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(key))
	return h.Sum64()
}

func appendEvent(dst []byte, e *store.Event) []byte {
	dst = appendTime(dst, e.At)
	dst = appendString(dst, e.ID)
	dst = appendString(dst, e.Key)
	dst = appendString(dst, e.Type)
	return appendBody(dst, e.Body)
}

// eventRoom bounds the length of what appendEvent appends.
func eventRoom(e *store.Event) int {
	const headRoom = 64 // the time, the lengths, and what an id may have before it
	return headRoom + len(e.ID) + len(e.Key) + len(e.Type) + s2.MaxEncodedLen(len(e.Body))
}

// decodeEvent reads a stored event; without body if only its head is wanted.
func decodeEvent(stored []byte, withBody bool) (e store.Event, err error) {
	r := reader{rest: stored}
	e.At, e.ID, e.Key, e.Type = r.time(), r.string(), r.string(), r.string()
	if r.short {
		return e, fmt.Errorf("%w: an event is cut short", store.ErrCorrupt)
	}
	if withBody {
		e.Body, err = body(r.rest)
	}
	return e, err
}

// attempt is what the last Wait or Save of an event left.
type attempt struct {
	waits     bool
	notBefore time.Time
	forKey    string
	on        []string
	count     int
	key       uint64 // hash of the event's key
	progress  []byte
}

// Bits of an attempt's first byte.
const (
	waitsFlag = 1 << iota
	onFlag    // what it waits on stands behind the key of the message
)

func (a *attempt) append(dst []byte) []byte {
	flag := byte(0)
	if a.waits {
		flag |= waitsFlag
	}
	if len(a.on) > 0 {
		flag |= onFlag
	}
	dst = append(dst, flag)
	dst = appendTime(dst, a.notBefore)
	dst = binary.BigEndian.AppendUint64(dst, a.key)
	dst = binary.AppendUvarint(dst, uint64(a.count))
	dst = appendString(dst, a.forKey)
	if len(a.on) > 0 {
		dst = binary.AppendUvarint(dst, uint64(len(a.on)))
		for _, what := range a.on {
			dst = appendString(dst, what)
		}
	}
	return append(dst, a.progress...)
}

func decodeAttempt(stored []byte) (a attempt, err error) {
	r := reader{rest: stored}
	flag := r.byte()
	a.waits = flag&waitsFlag != 0
	a.notBefore, a.key, a.count, a.forKey = r.time(), r.uint64(), int(r.uvarint()), r.string()
	if flag&onFlag != 0 {
		for n := r.uvarint(); n > 0 && !r.short; n-- {
			a.on = append(a.on, r.string())
		}
	}
	if r.short {
		return a, fmt.Errorf("%w: an attempt is cut short", store.ErrCorrupt)
	}
	a.progress = append([]byte(nil), r.rest...)
	return a, nil
}

// appendTime writes nanoseconds since 1970 in UTC, and 0 for the zero time.
func appendTime(dst []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.BigEndian.AppendUint64(dst, 0)
	}
	return binary.BigEndian.AppendUint64(dst, uint64(t.UnixNano()))
}

func appendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// reader takes a record apart; past its end it yields zeros and notes so.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || n > len(r.rest) {
		r.short = true
		return make([]byte, min(n, 8))
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) byte() byte     { return r.take(1)[0] }
func (r *reader) uint64() uint64 { return binary.BigEndian.Uint64(r.take(8)) }

func (r *reader) time() time.Time {
	if n := r.uint64(); n != 0 {
		return time.Unix(0, int64(n)).UTC()
	}
	return time.Time{}
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.short = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) string() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.short = true
		return ""
	}
	return string(r.take(int(n)))
}
