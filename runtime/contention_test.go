package runtime_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

const children = `
rule Contacts
on survey response
update Contact where Id = profile.contact
 set AccountId = vars.account

rule Cases
on survey response
create Case
 set AccountId = vars.account
     Score__c = answers.nps

rule Answers
on survey response
upsert Survey_Response__c where Response_Id__c = response.id
 set Account__c = vars.account
`

// fights makes an org in which two calls at once with children of one account fail.
type fights struct {
	mu       sync.Mutex
	busy     map[string]int
	together int // calls that met another one
	calls    int
	named    bool // whether the error names the account
}

func (f *fights) call(b *bench) func(salesforce.Op, []salesforce.Row) *salesforce.Error {
	return func(_ salesforce.Op, rows []salesforce.Row) *salesforce.Error {
		accounts := map[string]bool{}
		for _, r := range rows {
			for _, name := range []string{"AccountId", "Account__c"} {
				if id := gjson.GetBytes(r.Body, name).Str; id != "" {
					accounts[id] = true
				}
			}
		}
		f.mu.Lock()
		f.calls++
		lost := ""
		for id := range accounts {
			if f.busy[id] > 0 {
				lost = id
			}
			f.busy[id]++
		}
		if lost != "" {
			f.together++
		}
		f.mu.Unlock()
		time.Sleep(2 * time.Millisecond) // the time that the lock is held
		f.mu.Lock()
		defer f.mu.Unlock()
		for id := range accounts {
			f.busy[id]--
		}
		if lost == "" {
			return nil
		}
		e := locked()
		if f.named {
			e.Message = "unable to obtain exclusive access to this record or 1 records: " + lost
		}
		return e
	}
}

func TestChildrenOfOneParentAreKeptApart(t *testing.T) {
	account := func(n int) string { return fmt.Sprintf("001%012dAAA", n) }
	for _, named := range []bool{false, true} {
		b := start(t, children, func(c *runtime.Config) { c.MaxWait = time.Minute })
		f := &fights{busy: map[string]int{}, named: named}
		b.org.call = f.call(b)
		var events []string
		for i := range 1200 {
			events = append(events, strings.Replace(response(fmt.Sprint("r", i), i, i), `"vars":{`, `"vars":{"account":"`+account(i%2)+`",`, 1))
		}
		b.run(events...)
		for _, r := range b.runs() {
			if r.Outcome != store.Synced {
				t.Fatalf("run %+v", r)
			}
		}
		// Those that were under way when the first one failed could not be kept apart.
		if f.together == 0 || f.together > 10 {
			t.Errorf("named %v: %d of %d calls met another one", named, f.together, f.calls)
		}
		t.Logf("named %v: %d of %d calls met another one", named, f.together, f.calls)
	}
}

// Without lock errors, and for other parents, nothing is held back.
func TestOthersAreNotKeptApart(t *testing.T) {
	b := start(t, children)
	f := &fights{busy: map[string]int{}}
	inner := f.call(b)
	b.org.call = func(op salesforce.Op, rows []salesforce.Row) *salesforce.Error {
		inner(op, rows)
		return nil
	}
	var events []string
	for i := range 800 {
		events = append(events, strings.Replace(response(fmt.Sprint("r", i), i, i), `"vars":{`, `"vars":{"account":"001000000000001AAA",`, 1))
	}
	b.run(events...)
	if f.together < f.calls/3 {
		t.Errorf("%d of %d calls met another one", f.together, f.calls)
	}
}
