package orgsim

import (
	"cmp"
	"strings"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// outcome is what became of one row.
type outcome struct {
	id      string
	created bool
	fails   []failure
	matches []string // the records that an upsert's external id fits, if there are several
}

func refuse(fails ...failure) outcome { return outcome{fails: fails} }

// commit carries a prepared row out, or refuses it with the first class of errors that it
// has: field existence, permission, type, record, required, validation, duplicate, unique.
func (c *call) commit(tx *txn, ch *change) outcome {
	if len(ch.badID) > 0 {
		return refuse(ch.badID...)
	}
	if len(ch.unknown) > 0 {
		return refuse(ch.unknown[0])
	}
	t := c.org.tables[ch.view.table]
	old, bad := c.target(t, ch)
	if bad.fails != nil {
		return bad
	}
	create := old == nil
	if create && !ch.view.mayCreate || !create && !ch.view.mayEdit {
		verb := map[bool]string{true: "inserted", false: "updated"}[create]
		return refuse(failure{status: 400, code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", fields: []string{}, message: "entity type cannot be " + verb + ": " + ch.view.label})
	}
	if names := ch.notWritable(create); names != nil {
		return refuse(notWritable(names))
	}
	if !create {
		if names := ch.view.governs(ch, old); names != nil {
			return refuse(notWritable(names))
		}
	}
	if len(ch.typed) > 0 {
		return refuse(ch.typed...)
	}
	id := ""
	if !create {
		id = old.id
	}
	if f, ok := c.org.faults.forRow(c.org, ch.view.object, id); ok {
		return refuse(f)
	}
	if !create {
		if f, ok := c.mayEdit(ch.view, old); !ok {
			return refuse(f)
		}
	}
	return c.save(tx, t, ch, old)
}

// target finds the record that a row is about; nil is a new one.
func (c *call) target(t *table, ch *change) (*record, outcome) {
	id := ch.id
	if ch.op == upserting && ch.key != nil {
		if ch.badKey != nil {
			return nil, refuse(ch.badKey...)
		}
		switch found := t.lookup(ch.key, ch.keyIs); {
		case ch.keyIs == "":
			return nil, refuse(failure{status: 400, code: "MISSING_ARGUMENT", fields: []string{},
				message: ch.key.Name + " not specified"})
		case len(found) > 1:
			return nil, outcome{matches: found, fails: []failure{{status: 300, code: "DUPLICATE_EXTERNAL_ID", fields: []string{ch.key.Name},
				message: "More than one record found for external id field: [" + strings.Join(found, ", ") + "]"}}}
		case len(found) == 1:
			id = found[0]
		case ch.updateOnly:
			return nil, refuse(failure{status: 404, code: "NOT_FOUND", message: "The requested resource does not exist"})
		default:
			return nil, outcome{}
		}
	}
	if id == "" {
		return nil, outcome{}
	}
	r := t.rows[id]
	switch {
	case r == nil:
		return nil, refuse(crossReference(404))
	case r.deleted:
		return nil, refuse(entityDeleted(404))
	}
	return r, outcome{}
}

// mayEdit checks what stands between a user and a record: sharing, and conversion of leads.
func (c *call) mayEdit(v *view, r *record) (failure, bool) {
	switch v.access(r) {
	case "none":
		return noAccess(r), false
	case "read":
		return failure{status: cmp.Or(c.org.opts.Assumptions.AccessStatus, 400), code: "INSUFFICIENT_ACCESS_OR_READONLY", fields: []string{},
			message: "insufficient access rights on object id"}, false
	}
	if v.converted != nil && v.name == "Lead" && r.values[v.converted.index] == "true" {
		return failure{status: 400, code: "CANNOT_UPDATE_CONVERTED_LEAD", message: "cannot reference converted lead", fields: []string{}}, false
	}
	return failure{}, true
}

// save builds the new version of the record, has the rules look at it, and stores it.
func (c *call) save(tx *txn, t *table, ch *change, old *record) outcome {
	v := ch.view
	values := make([]string, len(v.fields))
	var before []string
	if old != nil && len(old.values) > len(values) { // a field was added since the call began
		values = make([]string, len(old.values))
	}
	if old != nil {
		before = old.values
		copy(values, before)
	} else {
		for _, f := range v.defaulted {
			values[f.index] = f.initial
		}
		if v.owner != nil {
			values[v.owner.index] = c.user.ID
		}
	}
	for _, s := range ch.sets {
		values[s.field.index] = s.value
		// A null for a field with a default leaves the default, on create only.
		if s.value == "" && old == nil && !s.field.Nillable && s.field.DefaultedOnCreate {
			values[s.field.index] = cmp.Or(s.field.initial, values[s.field.index])
		}
	}
	if ch.op == upserting && ch.key != nil && old == nil {
		values[ch.key.index] = ch.keyIs
	}
	if fails := c.setParents(ch, values); fails != nil {
		return refuse(fails...)
	}
	if fails := c.checkLookups(ch); fails != nil {
		return refuse(fails...)
	}
	if missing := missingRequired(ch, values, old == nil); missing != nil {
		return refuse(requiredMissing(missing))
	}
	if fails := c.checkDependent(v, before, values); fails != nil {
		return refuse(fails...)
	}
	c.assign(v, values)
	if f, bad := c.checkRules(t, v, before, values, old); bad {
		return refuse(f...)
	}
	return c.store(tx, t, v, values, old)
}

// checkRules runs validation rules, duplicate rules and unique fields, in this order.
func (c *call) checkRules(t *table, v *view, before, values []string, old *record) ([]failure, bool) {
	id := ""
	if old != nil {
		id = old.id
	}
	if r := c.cfg.rules[v.name]; r != nil {
		if fails := r.validate(v.object, before, values); fails != nil {
			return fails, true
		}
		if rule, matches := r.findDuplicate(t, id, values, c.allowsDuplicates()); rule != nil {
			return []failure{rule.failure(v.object, matches)}, true
		}
	}
	for _, f := range v.unique {
		if values[f.index] == "" || before != nil && before[f.index] == values[f.index] {
			continue
		}
		for _, other := range t.lookup(f, values[f.index]) {
			if other != id {
				return []failure{duplicateValue(f, other[:15])}, true
			}
		}
	}
	return nil, false
}

// allowsDuplicates reads Sforce-Duplicate-Rule-Header.
func (c *call) allowsDuplicates() bool {
	for part := range strings.SplitSeq(c.header.Get("Sforce-Duplicate-Rule-Header"), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(strings.TrimSpace(name), "allowSave") {
			return strings.EqualFold(strings.TrimSpace(value), "true")
		}
	}
	return false
}

// assign lets the assignment rule choose the owner, which happens unless it is switched off.
func (c *call) assign(v *view, values []string) {
	owner := c.cfg.overlay.Assignment[v.name]
	if owner == "" || v.owner == nil || strings.EqualFold(c.header.Get("Sforce-Auto-Assign"), "FALSE") {
		return
	}
	if long, ok := schema.To18(owner); ok {
		values[v.owner.index] = long
	}
}

// store gives a checked record its id and system fields and puts it into the table.
func (c *call) store(tx *txn, t *table, v *view, values []string, old *record) outcome {
	r := &record{values: values, at: tx.now, by: c.user.Username, before: old}
	if old == nil {
		if most := c.cfg.overlay.MaxRecords; most > 0 && c.org.liveRecords() >= most {
			return refuse(c.storageFull())
		}
		r.op, r.id = "create", t.newID()
		for _, f := range v.autoNum {
			values[f.index] = autoNumber(f.displayFormat, t.number)
		}
		t.number++
		stampCreated(v.object, values, tx.now, c.user.ID)
	} else {
		r.op, r.id, r.depth = "update", old.id, old.depth+1
		stampModified(v.object, values, tx.now, c.user.ID)
	}
	if t.object.described != v.object.described { // altered since the call began
		r.values = t.object.adopt(v.object, r.values, &c.org.opts.Assumptions)
	}
	tx.put(t, r)
	return outcome{id: r.id, created: old == nil}
}

func (c *call) storageFull() failure {
	return failure{status: cmp.Or(c.org.opts.Assumptions.StorageStatus, 400), code: "STORAGE_LIMIT_EXCEEDED", message: "storage limit exceeded", fields: []string{}}
}

func (g *Org) liveRecords() int {
	n := 0
	for _, t := range g.tables {
		if t.name != "Organization" { // it takes no storage
			n += t.live
		}
	}
	return n
}

// setParents resolves lookups that are given by the parent's external id.
func (c *call) setParents(ch *change, values []string) []failure {
	for _, p := range ch.parents {
		var found []string
		var key *field
		for _, o := range p.among {
			if f := o.field(p.key); f != nil && (f.ExternalID || f.IDLookup) {
				key = f
				value, _ := f.readKey(p.value, &c.org.opts.Assumptions) // what cannot be stored is not found
				found = append(found, c.org.tables[o.table].lookup(f, value)...)
			}
		}
		entity := p.among[0].name
		switch {
		case key == nil:
			return []failure{{status: 400, code: "INVALID_FIELD", fields: []string{}, message: "No such column '" + p.key + "' on sobject of type " + entity}}
		case len(found) == 0:
			return []failure{{status: 400, code: "INVALID_FIELD", fields: []string{},
				message: "Foreign key external ID: " + p.value + " not found for field " + key.Name + " in entity " + entity}}
		case len(found) > 1:
			return []failure{{status: 400, code: "DUPLICATE_EXTERNAL_ID", fields: []string{},
				message: "Foreign key external ID: " + p.value + " is not unique for field " + key.Name + " in entity " + entity}}
		}
		values[p.field.index] = found[0]
	}
	return nil
}

// checkLookups makes sure that lookups which the row sets point at living records of the right objects.
func (c *call) checkLookups(ch *change) []failure {
	for _, s := range ch.sets {
		if s.field.Type != schema.TypeReference || s.value == "" {
			continue
		}
		o := c.cfg.byPrefix[s.value[:3]]
		if !refersTo(s.field, o, s.value) {
			return []failure{wrongObjectID(s.field, cmp.Or(c.org.opts.Assumptions.WrongLookupCode, "FIELD_INTEGRITY_EXCEPTION"), s.value)}
		}
		if o == nil {
			continue // an object that this org does not model, such as Group: any id of it is believed
		}
		r := c.org.tables[o.table].rows[s.value]
		switch {
		case r == nil:
			f := crossReference(400)
			return []failure{f}
		case r.deleted:
			return []failure{entityDeleted(400)}
		}
		if v := c.view(o.name); v == nil || v.access(r) == "none" {
			return []failure{noAccess(r)}
		}
	}
	return nil
}

// refersTo reports whether a lookup may hold an id; o is the id's object if the org has it.
func refersTo(f *field, o *object, id string) bool {
	for _, name := range f.ReferenceTo {
		if o != nil && strings.EqualFold(o.name, name) || o == nil && schema.WellKnownPrefix(name) == id[:3] {
			return true
		}
	}
	return false
}

// missingRequired lists the required fields that a new record lacks, or that an update
// empties. An update that leaves a required field alone is fine.
func missingRequired(ch *change, values []string, create bool) []string {
	var names []string
	if create {
		for _, f := range ch.view.requiredOnCreate {
			if values[f.index] == "" {
				names = append(names, f.Name)
			}
		}
	}
	for _, s := range ch.sets {
		if !s.field.Nillable && values[s.field.index] == "" && (!create || !s.field.RequiredOnCreate()) {
			names = append(names, s.field.Name)
		}
	}
	return names
}

// checkDependent makes sure that restricted dependent picklists fit their controlling field, if
// the write touches either.
func (c *call) checkDependent(v *view, before, values []string) []failure {
	if c.org.opts.Assumptions.DependentPicklistsLoose {
		return nil
	}
	for _, f := range v.dependent {
		value, controlling := values[f.index], values[f.controller.index]
		if value == "" || !f.RestrictedPicklist || before != nil && before[f.index] == value && before[f.controller.index] == controlling {
			continue
		}
		for part := range strings.SplitSeq(value, ";") {
			if known, ok := f.values[strings.ToLower(part)]; ok && !known.validFor[controlling] {
				return []failure{f.badChoice(part)}
			}
		}
	}
	return nil
}

func stampCreated(o *object, values []string, now time.Time, userID string) {
	if o.createdDate != nil {
		values[o.createdDate.index] = now.UTC().Truncate(time.Second).Format(dateTimeForm)
	}
	if o.createdBy != nil {
		values[o.createdBy.index] = userID
	}
	if o.isDeleted != nil {
		values[o.isDeleted.index] = "false"
	}
	stampModified(o, values, now, userID)
}

func stampModified(o *object, values []string, now time.Time, userID string) {
	stamp := now.UTC().Truncate(time.Second).Format(dateTimeForm)
	if o.modifiedDate != nil {
		values[o.modifiedDate.index] = stamp
	}
	if o.modstamp != nil {
		values[o.modstamp.index] = stamp
	}
	if o.modifiedBy != nil {
		values[o.modifiedBy.index] = userID
	}
}

// remove deletes a record. It stays in the table, as in a recycle bin, and answers
// ENTITY_IS_DELETED from then on.
func (c *call) remove(tx *txn, v *view, id string) outcome {
	ch := &change{view: v, op: deleting}
	ch.setID(id)
	if ch.badID != nil {
		return refuse(ch.badID...)
	}
	t := c.org.tables[v.table]
	old, bad := c.target(t, ch)
	if bad.fails != nil {
		return bad
	}
	if !v.mayDelete {
		return refuse(failure{status: 400, code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", fields: []string{}, message: "entity type cannot be deleted: " + v.label})
	}
	if f, ok := c.org.faults.forRow(c.org, v.object, old.id); ok {
		return refuse(f)
	}
	if v.access(old) != "full" {
		f, _ := c.mayEdit(v, old)
		return refuse(f)
	}
	values := append([]string(nil), old.values...)
	if v.isDeleted != nil {
		values[v.isDeleted.index] = "true"
	}
	stampModified(v.object, values, tx.now, c.user.ID)
	tx.put(t, &record{id: old.id, values: values, deleted: true, at: tx.now, by: c.user.Username, op: "delete", depth: old.depth + 1, before: old})
	return outcome{id: old.id}
}
