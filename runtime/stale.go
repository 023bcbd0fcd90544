package runtime

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/store"
)

const (
	// keepNews is how long it is remembered which news a rule applied to a record.
	keepNews = 30 * 24 * time.Hour
	// fromTheFuture is how far ahead of here a sender's clock or time zone may be. What is
	// said to happen later than that makes nothing stale, or one wrong date would keep all
	// news from a record.
	fromTheFuture = 24 * time.Hour
	// newsInMemory bounds each of the two generations of remembered news. It is far
	// more than there are writes in memory, so what is not on disk yet is never dropped.
	newsInMemory = 50_000
)

// happened returns when what an event tells happened, zero if nobody knows. The time
// of an outbound message from Salesforce is only when it was received, and of two
// received together either may be accepted first. Its record may know better.
func (ev *event) happened() time.Time {
	if ev.head.Type != plan.TypeOutbound || !strings.HasPrefix(ev.item.ID, SourceOutbound+"/") {
		return ev.news
	}
	for _, field := range []string{"record.SystemModstamp", "record.LastModifiedDate"} {
		if at := parseTime(gjson.GetBytes(ev.item.Body, field).Str); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

// news remembers when what a rule last applied to a record happened.
type news struct {
	marks      store.KV
	young, old map[string]int64 // Unix nanoseconds; 0 if nothing is known
}

func newsKey(rule, record string) string {
	sum := sha256.Sum256([]byte(rule + "\x1f" + record))
	return "news/" + hex.EncodeToString(sum[:16])
}

func (l *loop) lastNews(key string) (int64, error) {
	n := &l.news
	if at, ok := n.young[key]; ok {
		return at, nil
	}
	at, ok := n.old[key]
	if !ok {
		entry, err := n.marks.Get(l.ctx, key)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return 0, err
		case len(entry.Value) == 8:
			at = int64(binary.BigEndian.Uint64(entry.Value))
		}
	}
	n.put(key, at)
	return at, nil
}

func (n *news) put(key string, at int64) {
	if len(n.young) >= newsInMemory {
		n.young, n.old = make(map[string]int64, newsInMemory/4), n.young
	}
	n.young[key] = at
}

// stale reports, as a reason to skip the write, that its rule already applied
// newer news to its record.
func (l *loop) stale(w *write) string {
	if w.newsMark == "" {
		return ""
	}
	last, err := l.lastNews(w.newsMark)
	if err != nil {
		l.config.Logger.Warn("cannot tell whether news is stale", "error", err)
		return ""
	}
	if w.applied >= last || last > time.Now().Add(fromTheFuture).UnixNano() {
		return ""
	}
	return fmt.Sprintf("stale: this is of %s, and the rule has already applied what happened at %s", stamp(w.applied), stamp(last))
}

func stamp(at int64) string { return time.Unix(0, at).UTC().Format(time.RFC3339) }

// noteNews remembers that a write was done; its event's settlement puts it on disk.
func (l *loop) noteNews(w *write, now time.Time) {
	if w.newsMark == "" {
		return
	}
	l.news.put(w.newsMark, w.applied)
	ev := w.run.event
	ev.marks = append(ev.marks, store.Mark{
		Key: w.newsMark, Value: binary.BigEndian.AppendUint64(nil, uint64(w.applied)), Expires: now.Add(keepNews),
	})
}

// timeForms are the date-times that plan.ReadEvent lets through.
var timeForms = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00",
}

// parseTime reads a date-time of an event; it is zero if there is none, or none that
// nanoseconds since 1970 can tell.
func parseTime(s string) time.Time {
	for _, form := range timeForms {
		if t, err := time.Parse(form, s); err == nil {
			if t = t.UTC(); t.Year() < 1678 || t.Year() > 2261 {
				break
			}
			return t
		}
	}
	return time.Time{}
}
