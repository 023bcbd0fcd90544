package runtime_test

import (
	"context"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
)

func (b *bench) past(id string) runtime.PastEvent {
	b.t.Helper()
	p, err := runtime.Past(context.Background(), b.store, id)
	if err != nil {
		b.t.Fatal(err)
	}
	return p
}

func (b *bench) expectPast(id, path, want string) {
	b.t.Helper()
	if p := b.past(id); gjson.Get(p.Text, path).String() != want {
		b.t.Errorf("%s is kept as %q", id, p.Text)
	}
}

const pastRules = "rule Answer\non survey response\nupdate Contact where Id = profile.contact\n set NPS__c = answers.nps\n\n" +
	"rule Sent\non outbound message Case\nwhen Sent\nupdate Case where Id = record.Id\n set Survey__c: Sent\n"

// What failed is kept to be tried again, and messages for their statuses; nothing else.
func TestPastKnowsWhatIsKeptAnyway(t *testing.T) {
	b := start(t, pastRules)
	b.run(response("good", 1, 7))
	b.org.row = func(salesforce.Op, salesforce.Row) *salesforce.Error { return refused() }
	b.run(response("bad", 1, 8))
	b.expectPast("ev/good", "answers.nps", "")
	b.expectPast("ev/bad", "answers.nps", "8")
	b.expectPast("ev/never", "id", "")
}

// A message is found by its own id, and not in place of an earlier one of its record.
func TestPastMessagesAndStatuses(t *testing.T) {
	b := start(t, pastRules, func(c *runtime.Config) { c.KeepEvents = true })
	const record = "5005g00000Cs001AAB"
	b.run(message("m-1", record, `,"Origin":"Web"`), message("m-2", record, `,"Origin":"Phone"`))
	b.run(status("s-1", "m-1", "Sent"), status("s-2", "m-lost", "Sent"))
	b.expectPast("ev/m-1", "record.Origin", "Web")
	b.expectPast("ev/m-2", "record.Origin", "Phone")
	if p := b.past("ev/s-1"); gjson.Get(p.Of, "record.Origin").String() != "Web" {
		t.Errorf("the status has the message %q", p.Of)
	}
	if p := b.past("ev/s-2"); p.Text != "" {
		t.Errorf("a status that waits is not past: %q", p.Text)
	}
}

// With KeepEvents, everything can be looked at again, also after a retry.
func TestPastKeepsEverything(t *testing.T) {
	b := start(t, pastRules, func(c *runtime.Config) { c.KeepEvents = true })
	b.run(response("good", 1, 7))
	b.expectPast("ev/good", "answers.nps", "7")
	b.org.row = func(salesforce.Op, salesforce.Row) *salesforce.Error { return refused() }
	b.run(response("bad", 1, 8))
	b.org.row = nil
	b.retry(false, b.of("bad"))
	b.drain()
	b.reopen()
	b.expectPast("ev/bad", "answers.nps", "8")
	b.expectPast("ev/bad#2", "answers.nps", "8")
}
