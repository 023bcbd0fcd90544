package runtime_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

func TestConnectionsDoNotHoldEachOtherUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := &script{call: func(salesforce.Op, []salesforce.Row) *salesforce.Error {
			return &salesforce.Error{Cause: salesforce.Auth, Code: "INVALID_SESSION_ID", HTTPStatus: 401, Whole: true}
		}}
		b := start(t, "rule Both\non survey response\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\nupdate Contact using other where Id = profile.contact\n set NPS__c = answers.nps\n",
			func(c *runtime.Config) { c.Pace = nil })
		up := b.org
		b.config.Org = func(_ context.Context, connection string) (runtime.Org, error) {
			if connection == "other" {
				return runtime.Org{Client: down}, nil
			}
			return runtime.Org{Client: up}, nil
		}
		b.reopen()
		var events []string
		for i := range 30 {
			events = append(events, response(fmt.Sprint("r", i), i%3, i))
		}
		b.run(events...)
		if len(up.rows) != 30 || len(down.rows) != 0 || down.numCalls() > 2 {
			t.Errorf("%d rows went through, %d calls were tried", len(up.rows), down.numCalls())
		}
		for _, r := range b.runs() {
			if r.Outcome != store.Waiting || r.Writes[0].Outcome != store.Synced || r.Writes[1].Outcome != store.Waiting {
				t.Fatalf("run %+v", r)
			}
		}
		down.mu.Lock()
		down.call = nil
		down.mu.Unlock()
		time.Sleep(2 * time.Hour)
		b.run()
		if len(up.rows) != 30 || len(down.rows) != 30 {
			t.Errorf("%d and %d rows", len(up.rows), len(down.rows))
		}
		for i, s := range down.rows[27:] {
			if s.body != fmt.Sprintf(`{"NPS__c":%d}`, 27+i) {
				t.Errorf("row %d is %s", 27+i, s)
			}
		}
		b.store.Close()
	})
}

func TestBrokenEventFailsWithAReason(t *testing.T) {
	b := start(t, messages).run(`{"id":"what","type":"salesforce.outbound_message","record":{}}`)
	if r := b.of("what"); r.Outcome != store.Failed || r.Cause != "invalid_value" || r.Reason == "" || r.Advice == "" {
		t.Errorf("run %+v", r)
	}
}

// A limit that one row ran into in a call that went through, such as one of Apex, holds
// nothing up but that row.
func TestLimitOfARowHoldsNothingElseUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, "rule One\non survey response\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\n",
			func(c *runtime.Config) { c.Pace = nil })
		b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
			if r.ID == contactID(0) {
				return &salesforce.Error{Cause: salesforce.RateLimited, Code: "LIMIT_EXCEEDED", Message: "too much of it"}
			}
			return nil
		}
		b.org.latency = 50 * time.Millisecond
		var events []string
		for i := range 1500 { // several calls, so that some come after the refusal
			events = append(events, response(fmt.Sprint("r", i), i, 1))
		}
		b.run(events...)
		for _, r := range b.runs() {
			if want := map[bool]store.Outcome{true: store.Waiting, false: store.Synced}[r.Event == "ev/r0"]; r.Outcome != want {
				t.Fatalf("%s: %s (%s), want %s", r.Event, r.Outcome, r.Reason, want)
			}
		}
		b.store.Close()
	})
}
