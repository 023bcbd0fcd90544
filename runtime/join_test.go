package runtime_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

const invited = "rule Status\non outbound message Case\nupdate Case where Id = record.Id\n set Survey_Status__c: Invited\n" +
	"when Sent, Delivered, Responded\n update Case where Id = record.Id\n set Survey_Status__c = distribution.status\n"

// Statuses take effect in their order, and after their message, however late that comes
// and whatever it has to wait for.
func TestStatusesKeepTheirOrderWhenTheMessageIsLate(t *testing.T) {
	for name, refusals := range map[string]int{"message done": 0, "message put off": 2} {
		for _, restart := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, restart %t", name, restart), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					b := start(t, invited, func(c *runtime.Config) { c.Pace = nil })
					b.org.latency = time.Second
					b.org.row = func(_ salesforce.Op, r salesforce.Row) *salesforce.Error {
						if strings.Contains(string(r.Body), "Invited") {
							if refusals--; refusals >= 0 {
								return locked()
							}
						}
						return nil
					}
					stop := b.serve()
					again := func() {
						time.Sleep(10 * time.Millisecond)
						if restart {
							if err := stop(); err != nil {
								t.Error(err)
							}
							b.reopen()
							stop = b.serve()
							time.Sleep(10 * time.Millisecond)
						}
					}
					b.submit(status("s1", "m", "Sent"))
					again()
					b.submit(status("s2", caseID, "Delivered"))
					again()
					b.submit(message("m", caseID, ""))
					again()
					b.submit(status("s3", caseID[:15], "Responded"))
					time.Sleep(time.Hour)
					var got []string
					for _, line := range b.org.lines() {
						_, value, _ := strings.Cut(line, `"Survey_Status__c":`)
						got = append(got, strings.Trim(value, `"}`))
					}
					if strings.Join(got, " ") != "Invited Sent Delivered Responded" {
						t.Errorf("org got %v", got)
					}
					for _, r := range b.runs() {
						if r.Outcome != store.Synced && r.Rule != "" {
							t.Errorf("%s: %s: %s", r.Event, r.Outcome, r.Reason)
						}
					}
					for _, prefix := range []string{"hold/", "parked/"} {
						for entry := range b.store.Marks().List(t.Context(), prefix) {
							t.Errorf("%s is left behind", entry.Key)
						}
					}
					if err := stop(); err != nil {
						t.Error(err)
					}
					b.store.Close()
				})
			})
		}
	}
}

// A status of an earlier message does not undo what a later message of the record says.
func TestEarlyStatusComesBeforeTheNextMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, strings.Replace(invited, "Survey_Status__c: Invited", "Survey_Status__c = event.id", 1))
		b.org.latency = time.Second
		stop := b.serve()
		b.submit(status("s1", "m1", "Sent"), status("s2", "m1", "Delivered"))
		time.Sleep(time.Minute)
		b.submit(message("m1", caseID, ""), message("m2", caseID, ""))
		time.Sleep(time.Minute)
		var want []string
		for _, value := range []string{"m1", "Sent", "Delivered", "m2"} {
			want = append(want, `update Case `+caseID+` {"Survey_Status__c":"`+value+`"}`)
		}
		b.expectRows(want...)
		if err := stop(); err != nil {
			t.Error(err)
		}
		b.store.Close()
	})
}
