package ruletest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// setup is what the `given org` lines of a test say.
type setup struct {
	overlay orgsim.Overlay
	records []map[string][]map[string]any // of one file each
	causes  []orgsim.Fault                // each meets the first write, once
	faults  []orgsim.Fault
}

// aim lets faults meet the first write in the order of the rules: calls go out side by
// side, and a test must come out the same every time.
func (s *setup) aim(writes []Write) {
	for _, w := range writes {
		if w.State != Written {
			continue
		}
		for _, f := range s.causes {
			if f.Kind == orgsim.FaultRowError || f.Kind == orgsim.FaultRowLock || f.Kind == orgsim.FaultStorage {
				f.Object = w.Object
				if w.Op == "update" && w.MatchField == "Id" {
					f.Record = w.MatchValue
				}
			}
			s.faults = append(s.faults, f)
		}
		return
	}
}

// org makes the org of a test. If what is given of it is no good, the result says why.
func (r *runner) org(t *plan.Test, trial outcome, out *Result) (*testOrg, bool, error) {
	var given setup
	for _, name := range t.Org {
		if err := r.addGiven(&given, t, name.Text); err != nil {
			line := t.Source.Position(name.From).Line
			out.fail(Failure{Line: line, Expect: "given org " + name.Text, Message: err.Error()})
			return nil, false, nil
		}
	}
	options := orgsim.Options{Overlay: given.overlay, DailyLimit: -1, Seed: 1}
	if r.set.Schema != nil {
		dir, err := r.describes()
		if err != nil {
			return nil, false, err
		}
		options.Schema = os.DirFS(dir)
	}
	sim, err := orgsim.New(options)
	if err != nil {
		out.fail(Failure{Line: t.Line, Message: "cannot make the simulated org: " + err.Error()})
		return nil, false, nil
	}
	org, err := startOrg(sim)
	if err != nil {
		sim.Close()
		return nil, false, fmt.Errorf("cannot start the simulated org: %w", err)
	}
	given.aim(trial.writes)
	if err := fill(sim, &given); err != nil {
		sim.Close()
		out.fail(Failure{Line: t.Line, Message: "cannot set the simulated org up: " + err.Error()})
		return nil, false, nil
	}
	if len(given.records) == 0 {
		r.seed(sim, trial.writes)
	}
	return org, true, nil
}

// testOrg is the simulated org of one test.
type testOrg struct {
	sim       *orgsim.Org
	client    *salesforce.Client
	transport *http.Transport
	userID    string
}

func (o *testOrg) close() {
	o.transport.CloseIdleConnections() // for which the org would wait
	o.sim.Close()
}

func startOrg(sim *orgsim.Org) (*testOrg, error) {
	if err := sim.Start("127.0.0.1:0"); err != nil {
		return nil, err
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	client, err := salesforce.New(salesforce.Config{InstanceURL: sim.URL(), Token: salesforce.StaticToken(sim.Login("")), HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		return nil, err
	}
	id, err := client.Identity(context.Background())
	if err != nil {
		return nil, err
	}
	return &testOrg{sim, client, transport, id.UserID}, nil
}

// describes writes the schema as describe results, of which simulated orgs are made.
func (r *runner) describes() (string, error) {
	if r.schemaDir != "" {
		return r.schemaDir, nil
	}
	dir, err := os.MkdirTemp("", "sfsync-schema-")
	if err != nil {
		return "", fmt.Errorf("cannot make a temporary directory: %w", err)
	}
	r.schemaDir = dir
	if err := r.set.Schema.WriteDir(dir); err != nil {
		return "", fmt.Errorf("cannot write the schema for the simulated org: %w", err)
	}
	return dir, complete(dir, r.set.Schema.Partial())
}

// complete puts orgsim's own describes in the place of those that only say what
// messages carry, and leaves out what orgsim does not know.
func complete(dir string, partial []string) error {
	for _, object := range partial {
		name := object + ".json"
		data, err := fs.ReadFile(orgsim.Schema(), name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		} else {
			err = os.Remove(filepath.Join(dir, name))
		}
		if err != nil {
			return fmt.Errorf("cannot write the schema for the simulated org: %w", err)
		}
	}
	return nil
}

// addGiven reads one `given org`: a cause, or a file of faults, records or set-up in
// the form that the commands read.
func (r *runner) addGiven(into *setup, t *plan.Test, name string) error {
	if !plan.IsFile(name) {
		fault, ok := faultOf[salesforce.Cause(name)]
		if !ok {
			return fmt.Errorf("there is no cause `%s`", name)
		}
		fault.Times = 1
		into.causes = append(into.causes, fault)
		return nil
	}
	data, err := r.set.Read(Beside(t.File, name))
	if err != nil {
		return fmt.Errorf("this file cannot be read: %s", reason(err))
	}
	data = bytes.TrimSpace(data)
	if !json.Valid(data) {
		return errors.New("this is not JSON")
	}
	if data[0] == '[' {
		var faults []orgsim.Fault
		if err := strict(data, &faults); err != nil {
			return fmt.Errorf("this is no list of faults: %w", err)
		}
		into.faults = append(into.faults, faults...)
		return nil
	}
	var records map[string][]map[string]any
	if json.Unmarshal(data, &records) == nil && objects(records) {
		into.records = append(into.records, records)
		return nil
	}
	overlay, err := orgsim.ParseOverlay(data)
	if err != nil {
		return fmt.Errorf("this is no set-up of an org: %w", err)
	}
	if !empty(into.overlay) {
		return errors.New("the set-up of the org is given twice")
	}
	into.overlay = overlay
	return nil
}

func strict(data []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	return dec.Decode(into)
}

// objects reports whether the keys are names of objects, which begin with a capital
// letter or end in __c: those of a set-up do not.
func objects(records map[string][]map[string]any) bool {
	for name := range records {
		if name == "" || (name[0] < 'A' || name[0] > 'Z') && !strings.HasSuffix(name, "__c") {
			return false
		}
	}
	return true
}

func empty(o orgsim.Overlay) bool {
	text, _ := json.Marshal(o)
	return string(text) == "{}"
}

func fill(sim *orgsim.Org, given *setup) error {
	for _, records := range given.records {
		for _, object := range slices.Sorted(maps.Keys(records)) {
			if _, err := sim.Seed(object, records[object]...); err != nil {
				return err
			}
		}
	}
	for _, f := range given.faults {
		if _, err := sim.Break(f); err != nil {
			return err
		}
	}
	return nil
}

// seed puts the records into an org that the rules write to or refer to, so that a test
// needs to name them only if it is about one that is not there.
func (r *runner) seed(sim *orgsim.Org, writes []Write) {
	done := map[string]bool{}
	put := func(object, field, value string) {
		key := object + "\x1f" + field + "\x1f" + value
		if object == "" || value == "" || done[key] {
			return
		}
		done[key] = true
		// What cannot be put there is not there, and the test tells.
		_, _ = sim.Seed(object, map[string]any{field: value})
	}
	for _, w := range writes {
		if w.State != Written {
			continue
		}
		if w.Op == "update" {
			put(w.Object, w.MatchField, w.MatchValue)
		}
		if r.set.Schema == nil {
			continue
		}
		for _, f := range w.Fields {
			var text string
			if f.Value == nil || json.Unmarshal(f.Value, &text) != nil {
				continue
			}
			object, field := r.refers(w.Object, f.Name, text)
			put(object, field, text)
		}
	}
}

// refers returns the object and the field by which a value of a record finds another one.
func (r *runner) refers(object, name, value string) (string, string) {
	o := r.set.Schema.Object(object)
	if o == nil {
		return "", ""
	}
	relationship, key, isParent := strings.Cut(name, ".")
	if isParent {
		if lookup := o.Relationship(relationship); lookup != nil && len(lookup.ReferenceTo) == 1 {
			return lookup.ReferenceTo[0], key
		}
		return "", ""
	}
	f := o.Field(name)
	if f == nil || f.Type != schema.TypeReference {
		return "", ""
	}
	return r.set.Schema.ObjectOfID(value), "Id"
}

// faultOf is how Salesforce answers a write for each cause.
var faultOf = map[salesforce.Cause]orgsim.Fault{
	salesforce.FieldNotWritable: row("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields. Please check the security settings of this field and verify that it is read/write for your profile or permission set."),
	salesforce.NoPermission:     row("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id"),
	salesforce.RateLimited:      {Kind: orgsim.FaultConcurrentLimit},
	salesforce.RecordNotFound:   row("ENTITY_IS_DELETED", "entity is deleted"),
	salesforce.InvalidValue:     row("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "bad value for restricted picklist field"),
	salesforce.ValidationRule:   row("FIELD_CUSTOM_VALIDATION_EXCEPTION", "A validation rule of the org refuses this record."),
	salesforce.RequiredMissing:  row("REQUIRED_FIELD_MISSING", "Required fields are missing"),
	salesforce.RecordLocked:     {Kind: orgsim.FaultRowLock},
	salesforce.WrongObject:      row("MALFORMED_ID", "id value of incorrect type"),
	salesforce.UnsupportedField: row("INVALID_FIELD", "The Id field should not be specified in the sobject data."),
	salesforce.Duplicate:        row("DUPLICATES_DETECTED", "Use one of these records?"),
	salesforce.Auth:             {Kind: orgsim.FaultSessionBlocked},
	salesforce.Network:          {Kind: orgsim.FaultResetBefore},
	salesforce.StorageFull:      {Kind: orgsim.FaultStorage},
	salesforce.Unavailable:      {Kind: orgsim.FaultUnavailable},
	salesforce.Unknown:          row("CANNOT_DO_THIS", "Salesforce has its reasons."),
}

func row(code, message string) orgsim.Fault {
	return orgsim.Fault{Kind: orgsim.FaultRowError, Code: code, Message: message}
}
