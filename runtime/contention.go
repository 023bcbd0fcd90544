package runtime

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// contentionLasts is how long after the last lock error the children of a parent
// are kept apart.
const contentionLasts = 10 * time.Minute

// contention keeps apart what fights for the lock of one parent. Salesforce locks
// the parent too when a child is written, so two calls with children of one account
// may fail each other, though no record is in both. Children in the same call do
// not: they share a transaction. So, once lock errors show that it hurts, children
// of that parent go in one call at a time.
type contention struct {
	parents map[string]*parent
	byCall  map[*call][]*parent
}

type parent struct {
	hurt    time.Time // when a lock error last told of it
	holder  *call     // in which its children are
	waiting []*write
}

// lockedRecord finds the ids in "unable to obtain exclusive access to this record or
// 1 records: 001…", as the
// REST API words the error.
var lockedRecord = regexp.MustCompile(`\b[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?\b`)

// locked takes in that a write could not have a lock.
func (c *contention) locked(w *write, e *salesforce.Error, now time.Time) {
	// Within a trigger, the error has another code. An approval or a workflow locks
	// the record itself, and for long.
	if e.Code != "UNABLE_TO_LOCK_ROW" && !strings.Contains(e.Message, "UNABLE_TO_LOCK_ROW") {
		return
	}
	fought := w.parents()
	if named := namedIn(w, e.Message); len(named) > 0 {
		fought = slices.DeleteFunc(fought, func(key string) bool { return !slices.Contains(named, key) })
	}
	for _, key := range fought {
		if c.parents == nil {
			c.parents, c.byCall = map[string]*parent{}, map[*call][]*parent{}
		}
		if c.parents[key] == nil {
			c.parents[key] = &parent{}
		}
		c.parents[key].hurt = now
	}
}

func namedIn(w *write, message string) (keys []string) {
	_, list, ok := strings.Cut(message, ": ")
	if !ok {
		return nil
	}
	for _, id := range lockedRecord.FindAllString(list, -1) {
		if id, ok := schema.To18(id); ok {
			keys = append(keys, recordKey(w, id))
		}
	}
	return keys
}

func recordKey(w *write, id string) string { return w.entry.Connection + "\x1f" + id[:15] }

// parents returns the keys of the records that a write points at, by id or by
// external id.
func (w *write) parents() (keys []string) {
	for i := range w.entry.Fields {
		f := &w.entry.Fields[i]
		if len(f.Value) == 0 || f.Value[0] != '"' {
			continue
		}
		value := text(f.Value)
		if strings.Contains(f.Name, ".") {
			keys = append(keys, w.entry.Connection+"\x1f"+strings.ToLower(f.Name)+"\x1f"+strings.ToLower(value))
			continue
		}
		if w.row.Schema != nil {
			if field := w.row.Schema.Field(f.Name); field == nil || field.Type != schema.TypeReference {
				continue
			}
		}
		if id, ok := schema.To18(value); ok {
			keys = append(keys, recordKey(w, id))
		}
	}
	return keys
}

// admits lets a write into a call, or keeps it waiting for another call that has
// children of its parent.
func (c *contention) admits(w *write, in *call, now time.Time) bool {
	if len(c.parents) == 0 {
		return true
	}
	keys := w.parents()
	if w.row.ID != "" { // a parent's own write takes its lock as well
		if id, ok := schema.To18(w.row.ID); ok {
			keys = append(keys, recordKey(w, id))
		}
	}
	var fought []*parent
	for _, key := range keys {
		p := c.parents[key]
		switch {
		case p == nil:
		case p.holder == nil && now.Sub(p.hurt) > contentionLasts:
			delete(c.parents, key)
		case p.holder != nil && p.holder != in:
			p.waiting = append(p.waiting, w)
			return false
		default:
			fought = append(fought, p)
		}
	}
	for _, p := range fought {
		if p.holder == nil {
			p.holder = in
			c.byCall[in] = append(c.byCall[in], p)
		}
	}
	return true
}

// release returns the writes that waited for a call, which has ended.
func (c *contention) release(ended *call) (waited []*write) {
	for _, p := range c.byCall[ended] {
		p.holder = nil
		waited = append(waited, p.waiting...)
		p.waiting = nil
	}
	delete(c.byCall, ended)
	return waited
}
