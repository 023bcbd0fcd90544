package bolt

import (
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"strings"
	"time"

	"github.com/sfsync/sfsync/store"
)

// runKey is the place of an event's runs in the log: six bytes of milliseconds,
// five of sequence number, one of partition. Derived from the event, so that a
// retry finds what it replaces without an index.
type runKey [12]byte

func newRunKey(at time.Time, seq uint64, partition uint16) (k runKey) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(max(0, at.UnixMilli())))
	copy(k[:6], b[2:])
	binary.BigEndian.PutUint64(b[:], seq)
	copy(k[6:11], b[3:])
	k[11] = byte(partition)
	return k
}

// day is the name of the bucket that holds the key.
func (k runKey) day() []byte {
	var b [8]byte
	copy(b[2:], k[:6])
	return dayName(time.UnixMilli(int64(binary.BigEndian.Uint64(b[:]))))
}

// idText keeps the order of the bytes, and has no letters that are easily
// mistaken for capitals.
var idText = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

const idLen = 20 // characters of a runKey

// runID is the id of the n-th run, from 1, of the event at k.
func runID(k runKey, n int) string {
	return idText.EncodeToString(k[:]) + "-" + strconv.Itoa(n)
}

func parseRunID(id string) (k runKey, n int, ok bool) {
	text, number, found := strings.Cut(id, "-")
	n, err := strconv.Atoi(number)
	if !found || err != nil || n < 1 || len(text) != idLen {
		return k, 0, false
	}
	b, err := idText.DecodeString(text)
	if err != nil {
		return k, 0, false
	}
	return runKey(b), n, true
}

// keyRange returns the first and the last key whose ids begin with prefix.
func keyRange(prefix string) (first, last runKey, ok bool) {
	if prefix == "" || len(prefix) > idLen {
		return first, last, false
	}
	rest := idLen - len(prefix)
	low, err := idText.DecodeString(prefix + strings.Repeat("0", rest))
	if err != nil {
		return first, last, false
	}
	high, err := idText.DecodeString(prefix + strings.Repeat("v", rest))
	if err != nil {
		return first, last, false
	}
	return runKey(low), runKey(high), true
}

// outcomeBit is an outcome's place in the mask in front of an entry.
func outcomeBit(o store.Outcome) byte {
	for i, known := range store.Outcomes {
		if o == known {
			return 1 << i
		}
	}
	return 1 << 7
}
