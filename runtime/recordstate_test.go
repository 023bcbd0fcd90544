package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

// governed is an org in which the priority of a case can be written only while it is
// new, which its describe does not tell.
func governed(t *testing.T) (*bench, *orgsim.Org) {
	t.Helper()
	return simulate(t, `
rule Priority
on survey response
update Case where Id = vars.case
  set Priority = vars.priority
      Subject: Written
`, orgsim.Options{Overlay: orgsim.Overlay{FieldRules: []orgsim.FieldRule{
		{Object: "Case", Fields: []string{"Priority"}, WritableWhen: []orgsim.Condition{{Field: "Status", Op: "=", Value: []byte(`"New"`)}}},
	}}})
}

func cases(t *testing.T, org *orgsim.Org, statuses ...string) []string {
	t.Helper()
	var records []map[string]any
	for _, status := range statuses {
		records = append(records, map[string]any{"Subject": "x", "Status": status, "Priority": "Low"})
	}
	ids, err := org.Seed("Case", records...)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func prioritized(id, record, priority string) string {
	return fmt.Sprintf(`{"id":%q,"type":"survey.response","vars":{"case":%q,"priority":%q}}`, id, record, priority)
}

func TestRefusalSaysWhatTheRecordWasLike(t *testing.T) {
	b, org := governed(t)
	ids := cases(t, org, "New", "Closed", "Working")
	before := org.Stats().APIUsed
	b.run(prioritized("new", ids[0], "High"), prioritized("closed", ids[1], "High"), prioritized("working", ids[2], "High"))
	if r := b.of("new"); r.Outcome != store.Synced || r.Writes[0].State != nil {
		t.Errorf("run %+v", r)
	}
	calls := 0
	for id, status := range map[string]string{"closed": "Closed", "working": "Working"} {
		r := b.of(id)
		want := []store.FieldState{{Field: "Priority", Value: "Low"}, {Field: "Status", Value: status}}
		state := r.Writes[0].State
		if diff := cmp.Diff(want, state[:min(2, len(state))]); diff != "" {
			t.Errorf("%s: %+v\n%s", id, state, diff)
		}
		if r.Outcome != store.Failed || r.Cause != "field_not_writable" || !strings.Contains(r.Reason, "(the record at that time: Priority is Low, Status is "+status) {
			t.Errorf("run %+v", r)
		}
		if !strings.Contains(r.Advice, "in some states of the record only") {
			t.Errorf("advice %q", r.Advice)
		}
		calls += r.APICalls
	}
	// Both in one call, which the run log counts.
	if used := org.Stats().APIUsed - before; used != 2 || b.of("new").APICalls+calls != 2 {
		t.Errorf("%d calls were made, %d counted", used, b.of("new").APICalls+calls)
	}

	// A refusal that the record's state has no part in costs no call.
	before = org.Stats().APIUsed
	b.run(prioritized("gone", "500000000000999AAA", "High"))
	if r := b.of("gone"); r.Cause != "record_not_found" || r.Writes[0].State != nil || org.Stats().APIUsed != before+1 {
		t.Errorf("%d calls, run %+v", org.Stats().APIUsed-before, r)
	}
}

// stateReader is a client whose reading of states is not Salesforce's.
type stateReader struct {
	runtime.Client
	states func() ([]salesforce.RecordState, int, error)
}

func (r *stateReader) StatesOf(context.Context, []salesforce.Refusal) ([]salesforce.RecordState, int, error) {
	return r.states()
}

// wrapped is a client that another hides.
type wrapped struct{ runtime.Client }

func (w wrapped) Unwrap() runtime.Client { return w.Client }

func TestStateIsReadOnlyWhereItCanBe(t *testing.T) {
	asked := 0
	b, org := governed(t)
	inner, quota := b.config.Org, salesforce.Usage{}
	b.config.Org = func(ctx context.Context, connection string) (runtime.Org, error) {
		o, err := inner(ctx, connection)
		o.Client = wrapped{&stateReader{usage{o.Client, &quota}, func() ([]salesforce.RecordState, int, error) {
			asked++
			return nil, 1, errors.New("may not be read")
		}}}
		return o, err
	}
	b.reopen()
	ids := cases(t, org, "Closed")
	refused := func(id string, calls, reads int) {
		t.Helper()
		b.run(prioritized(id, ids[0], "High"))
		r := b.of(id)
		if r.Outcome != store.Failed || r.Cause != "field_not_writable" || strings.Contains(r.Reason, "at that time") || r.APICalls != calls || asked != reads {
			t.Errorf("asked %d times: %+v", asked, r)
		}
	}
	refused("unread", 2, 1)
	// The last calls of a day are not for that: the write itself looks how things are.
	quota = salesforce.Usage{Used: 80, Max: 100}
	refused("short", 1, 1)
}

type usage struct {
	runtime.Client
	of *salesforce.Usage
}

func (u usage) Usage() salesforce.Usage { return *u.of }
