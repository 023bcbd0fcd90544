package orgsim

import (
	"slices"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// record is one version of a record. Versions never change; a write puts a new one in
// the table and keeps the old one as its predecessor.
type record struct {
	id      string   // 18 characters
	values  []string // by field index; "" is null, as Salesforce stores no empty text
	deleted bool
	at      time.Time
	by      string // username
	op      string // "seed", "create", "update" or "delete"
	depth   int    // how many predecessors there are
	before  *record
}

// historyDepth is how many versions of a record are kept at least; twice as many at most.
const historyDepth = 50

// table holds the records of one object with the indexes of its external ids.
type table struct {
	name    string // of the object; unlike the object it never changes, and needs no lock
	object  *object
	rows    map[string]*record // by id
	order   []string           // ids in the order of their creation
	indexes []map[string]postings
	live    int   // records that are not deleted
	serial  int64 // last one given to an id
	number  int64 // last one given to an auto-number
}

// postings are the ids of the records with one value. Most have one, so that takes no slice.
type postings struct {
	first string
	more  []string
}

func newTable(o *object) *table {
	t := &table{name: o.name, rows: make(map[string]*record)}
	t.use(o)
	return t
}

// use makes the table follow a changed object; its indexes are built anew.
func (t *table) use(o *object) {
	t.object = o
	t.indexes = make([]map[string]postings, len(o.fields))
	for _, f := range o.indexed {
		t.indexes[f.index] = make(map[string]postings)
	}
	for _, id := range t.order {
		if r := t.rows[id]; !r.deleted {
			t.reindex(nil, r)
		}
	}
}

// newID makes the next record id: key prefix, instance, serial number and checksum.
func (t *table) newID() string {
	t.serial++
	return makeID(t.object.prefix, t.serial)
}

func makeID(prefix string, n int64) string {
	var id [15]byte
	copy(id[:], prefix)
	copy(id[3:6], instance)
	for i := 14; i >= 6; i-- {
		id[i] = base62[n%62]
		n /= 62
	}
	long, _ := schema.To18(string(id[:]))
	return long
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// put makes r the current version of its record, or takes the record away if r is nil.
func (t *table) put(id string, r *record) {
	old := t.rows[id]
	if old != nil && !old.deleted {
		t.live--
	}
	if r != nil && !r.deleted {
		t.live++
	}
	t.reindex(old, r)
	if r == nil {
		delete(t.rows, id)
		// Only a rollback takes records away, last ones first, so this one is at the end.
		t.order = t.order[:len(t.order)-1]
		return
	}
	if old == nil {
		t.order = append(t.order, id)
	}
	if r.depth >= 2*historyDepth {
		r.forget(historyDepth)
	}
	t.rows[id] = r
}

// forget keeps the n newest versions.
func (r *record) forget(n int) {
	for v := r; v != nil; v = v.before {
		if v.depth = n; n == 0 {
			v.before = nil
		}
		n--
	}
}

// reindex moves a record from the keys of its old version to those of the new one.
func (t *table) reindex(old, r *record) {
	for _, f := range t.object.indexed {
		was, is := "", ""
		if old != nil && !old.deleted {
			was = f.key(old.values[f.index])
		}
		if r != nil && !r.deleted {
			is = f.key(r.values[f.index])
		}
		if was == is {
			continue
		}
		index := t.indexes[f.index]
		if was != "" {
			p := index[was]
			if p.remove(old.id); p.first == "" {
				delete(index, was)
			} else {
				index[was] = p
			}
		}
		if is != "" {
			p := index[is]
			p.add(r.id)
			index[is] = p
		}
	}
}

func (p *postings) add(id string) {
	if p.first == "" {
		p.first = id
		return
	}
	p.more = append(p.more, id)
}

func (p *postings) remove(id string) {
	if i := slices.Index(p.more, id); i >= 0 {
		p.more = slices.Delete(p.more, i, i+1)
		return
	}
	if p.first == id {
		p.first = ""
		if len(p.more) > 0 {
			p.first, p.more = p.more[0], p.more[1:]
		}
	}
}

// lookup returns the ids of the live records with the value in an indexed field.
func (t *table) lookup(f *field, value string) []string {
	if f.index >= len(t.indexes) || t.indexes[f.index] == nil || value == "" {
		return nil
	}
	p, ok := t.indexes[f.index][f.key(value)]
	if !ok {
		return nil
	}
	return append([]string{p.first}, p.more...)
}

// txn is a series of writes that can be undone. The org is locked while there is one.
type txn struct {
	undo []undo
	now  time.Time
}

type undo struct {
	table *table
	id    string
	was   *record
	is    *record // what was put
}

func (tx *txn) put(t *table, r *record) {
	was := t.rows[r.id]
	tx.undo = append(tx.undo, undo{t, r.id, was, r})
	t.put(r.id, r)
}

// rollback undoes the writes after the first n.
func (tx *txn) rollback(n int) {
	for i := len(tx.undo) - 1; i >= n; i-- {
		u := tx.undo[i]
		u.table.put(u.id, u.was)
	}
	tx.undo = tx.undo[:n]
}
