package orgsim

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/tidwall/gjson"
)

// Seed puts records into the org as if they had always been there: permissions, required
// fields and rules are not asked, and Id and system fields may be given. A record with an Id that
// exists replaces the fields that it gives. The ids come back in the order of the records.
func (g *Org) Seed(objectName string, records ...map[string]any) ([]string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	cfg := g.config.Load()
	o := cfg.object(objectName)
	if o == nil {
		return nil, fmt.Errorf("there is no object %q in this org", objectName)
	}
	ids := make([]string, 0, len(records))
	tx := &txn{now: g.now()}
	for i, fields := range records {
		id, err := g.seedOne(cfg, tx, o, fields)
		if err != nil {
			tx.rollback(0)
			return nil, fmt.Errorf("cannot seed %s %d: %w", o.name, i+1, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (g *Org) seedOne(cfg *config, tx *txn, o *object, fields map[string]any) (string, error) {
	data, err := json.Marshal(fields)
	if err != nil {
		return "", err
	}
	t := g.tables[o.table]
	r := &record{values: make([]string, len(o.fields)), at: tx.now, by: cfg.users[0].Username, op: "seed"}
	given := make(map[*field]string)
	gjson.ParseBytes(data).ForEach(func(name, value gjson.Result) bool {
		f := o.field(name.Str)
		if f == nil {
			if name.Str != "attributes" {
				err = fmt.Errorf("there is no field %q", name.Str)
			}
			return err == nil
		}
		stored, wrong, fails := f.read(value, &g.opts.Assumptions)
		switch {
		case wrong != nil:
			err = fmt.Errorf("field %s: %s", f.Name, wrong.message)
		case len(fails) > 0:
			err = fmt.Errorf("field %s: %s", f.Name, fails[0].message)
		}
		given[f] = stored
		return err == nil
	})
	if err != nil {
		return "", err
	}
	if r.id = given[o.id]; r.id != "" && r.id[:3] != o.prefix {
		return "", fmt.Errorf("id %s does not start with %s", r.id, o.prefix)
	}
	if old := t.rows[r.id]; old != nil {
		copy(r.values, old.values)
		r.before, r.depth = old, old.depth+1
	} else {
		if r.id == "" {
			r.id = t.newID()
		}
		for _, f := range o.defaulted {
			r.values[f.index] = f.initial
		}
		for _, f := range o.autoNum {
			r.values[f.index] = autoNumber(f.displayFormat, t.number)
		}
		t.number++
		if o.owner != nil {
			r.values[o.owner.index] = cfg.users[0].ID
		}
		stampCreated(o, r.values, tx.now, cfg.users[0].ID)
	}
	for f, value := range given {
		if f != o.id {
			r.values[f.index] = value
		}
	}
	r.deleted = o.isDeleted != nil && r.values[o.isDeleted.index] == "true"
	tx.put(t, r)
	return r.id, nil
}

// adminCall reads as someone who may see everything.
func (g *Org) adminCall(o *object) (*call, *view) {
	cfg := g.config.Load()
	v, _ := newView(o, &User{ViewEncryptedData: true}, Overlay{}) // an empty overlay is never wrong
	return &call{org: g, cfg: cfg, version: newestVersion}, v
}

// Record returns the fields of a record as JSON decodes them, without regard to permissions. It
// is false if there is no such record, or if it is deleted.
func (g *Org) Record(objectName, id string) (map[string]any, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	o := g.config.Load().object(objectName)
	long, ok := schema.To18(id)
	if o == nil || !ok {
		return nil, false
	}
	c, v := g.adminCall(o)
	r := g.tables[o.table].rows[long]
	if r == nil || r.deleted {
		return nil, false
	}
	return c.decoded(v, r), true
}

// Records returns all records of an object that are not deleted, oldest first; nil if the org does
// not have the object.
func (g *Org) Records(objectName string) []map[string]any {
	g.mu.RLock()
	defer g.mu.RUnlock()
	o := g.config.Load().object(objectName)
	if o == nil {
		return nil
	}
	c, v := g.adminCall(o)
	t := g.tables[o.table]
	out := make([]map[string]any, 0, t.live)
	for _, id := range t.order {
		if r := t.rows[id]; !r.deleted {
			out = append(out, c.decoded(v, r))
		}
	}
	return out
}

func (c *call) decoded(v *view, r *record) map[string]any {
	var m map[string]any
	json.Unmarshal(c.appendRecord(nil, v, r, v.readable), &m)
	delete(m, "attributes")
	return m
}

// Revision is one write to a record.
type Revision struct {
	At     time.Time              `json:"at"`
	By     string                 `json:"by"` // username
	Op     string                 `json:"op"` // "seed", "create", "update" or "delete"
	Fields map[string]FieldChange `json:"fields"`
}

// FieldChange is a field before and after a write, as stored; "" is null.
type FieldChange struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// History returns the last writes to a record, oldest first, with the fields that each changed. A write
// that changed nothing but the time of its writing has no fields. At least 50 writes are kept.
func (g *Org) History(id string) []Revision {
	long, ok := schema.To18(id)
	if !ok {
		return nil
	}
	g.mu.RLock()
	defer g.mu.RUnlock()
	o := g.config.Load().byPrefix[long[:3]]
	if o == nil {
		return nil
	}
	var out []Revision
	for r := g.tables[o.table].rows[long]; r != nil; r = r.before {
		rev := Revision{At: r.at, By: r.by, Op: r.op, Fields: map[string]FieldChange{}}
		for _, f := range o.fields {
			before := ""
			if r.before != nil {
				before = r.before.values[f.index]
			}
			if !f.removed && before != r.values[f.index] && (r.depth == 0 || !o.system(f)) {
				rev.Fields[f.Name] = FieldChange{before, r.values[f.index]}
			}
		}
		out = append([]Revision{rev}, out...)
	}
	return out
}
