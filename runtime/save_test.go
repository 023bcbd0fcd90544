package runtime_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// TestDoneCreateIsNotInDoubt: a create whose answer came is known to be done, also
// when the process dies before the rest of its event is.
func TestDoneCreateIsNotInDoubt(t *testing.T) {
	later, crashed := make(chan struct{}), make(chan struct{})
	b := start(t, `
rule Both
on survey response s
create Case
  set Subject = response.id
update Contact where Id = profile.contact
  set NPS__c = answers.nps

rule Another
on survey response other
create Case
  set Subject = response.id
`, func(c *runtime.Config) {
		c.Observe = func(r runtime.Report) {
			if r.Event == "ev/later" {
				close(later)
			}
		}
	})
	created := make(chan struct{})
	b.org.call = func(op salesforce.Op, rows []salesforce.Row) *salesforce.Error {
		if op == salesforce.Update {
			<-crashed
		}
		return nil
	}
	b.config.Observe = nil
	first := true
	b.org.row = func(op salesforce.Op, _ salesforce.Row) *salesforce.Error {
		if op == salesforce.Create && first {
			first = false
			close(created)
		}
		return nil
	}
	ended := make(chan error)
	go func() { ended <- b.engine.Run(context.Background()) }()
	b.submit(response("r", 1, 5))
	<-created
	// What is settled after the create's answer was taken in comes with the note of it.
	b.submit(`{"id":"later","type":"survey.response","survey":{"id":"other"},"response":{"id":"later"}}`)
	<-later
	b.crash()
	close(crashed)
	if err := <-ended; err == nil {
		t.Error("the engine did not notice that its store is gone")
	}
	b.org.call, b.org.row = nil, nil
	b.open()
	b.drain()
	if r := b.of("r"); r.Outcome != store.Synced || len(r.Writes) != 2 || r.Writes[0].RecordID == "" {
		t.Errorf("run %+v", r)
	}
	b.expectRows(`create Case {"Subject":"r"}`, `create Case {"Subject":"later"}`,
		`update Contact `+contactID(1)+` {"NPS__c":5}`, `update Contact `+contactID(1)+` {"NPS__c":5}`)
}

// TestDoubtOutlivesAWait: a create that was under way when the process died is in
// doubt, also if its event has to wait before anything is tried again.
func TestDoubtOutlivesAWait(t *testing.T) {
	b := start(t, `
rule Both
on survey response
update Contact where Id = profile.contact
  set NPS__c = answers.nps
create Case
  set Subject = response.id
`)
	b.org.call = func(op salesforce.Op, _ []salesforce.Row) *salesforce.Error {
		if op == salesforce.Create {
			b.crash()
		}
		return nil
	}
	b.submit(response("r", 1, 5))
	b.engine.Drain(context.Background())
	away := true
	b.config.Org = func(context.Context, string) (runtime.Org, error) {
		if away {
			return runtime.Org{}, errors.New("not signed in")
		}
		return runtime.Org{Client: b.org}, nil
	}
	b.config.MaxWait = -1
	b.config.Pace = func(e *salesforce.Error) salesforce.Retry {
		r := e.Retry()
		r.First, r.Max = 2*time.Second, 2*time.Second
		return r
	}
	b.org.call = nil
	b.open()
	b.drain()
	if r := b.of("r"); r.Outcome != store.Waiting {
		t.Fatalf("run %+v", r)
	}
	away = false
	b.config.MaxWait = 10 * time.Second
	b.reopen()
	b.drain()
	creates := 0
	for _, line := range b.org.lines() {
		if strings.HasPrefix(line, "create") {
			creates++
		}
	}
	if r := b.of("r"); r.Outcome != store.InDoubt || creates != 1 {
		t.Errorf("%d creates, run %+v", creates, r)
	}
}
