package orgsim

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/sfsync/sfsync/salesforce/schema"
	"pgregory.net/rapid"
)

// TestIndexesAgreeWithRecords: after any writes and rollbacks, looking up an external id
// finds exactly the live records that have it.
func TestIndexesAgreeWithRecords(t *testing.T) {
	org, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := org.config.Load().object("Case")
	key := o.field("Ticket_Key__c")
	rapid.Check(t, func(t *rapid.T) {
		tab := newTable(o)
		tx := &txn{}
		var ids []string
		value := rapid.SampledFrom([]string{"", "a", "A", "b"})
		count := func(want string) (n int) {
			for _, r := range tab.rows {
				if !r.deleted && r.values[key.index] != "" && key.key(r.values[key.index]) == key.key(want) {
					n++
				}
			}
			return n
		}
		check := func() {
			live := 0
			for _, r := range tab.rows {
				if !r.deleted {
					live++
				}
			}
			if tab.live != live || len(tab.order) != len(tab.rows) {
				t.Fatalf("live %d of %d, order %d of %d", tab.live, live, len(tab.order), len(tab.rows))
			}
			for _, v := range []string{"a", "b"} {
				found := tab.lookup(key, v)
				if len(found) != count(v) {
					t.Fatalf("%q: found %v, there are %d", v, found, count(v))
				}
				for _, id := range found {
					if r := tab.rows[id]; r == nil || r.deleted || key.key(r.values[key.index]) != v {
						t.Fatalf("%q: found %s, which is %+v", v, id, r)
					}
				}
			}
		}
		write := func() {
			values := make([]string, len(o.fields))
			values[key.index] = value.Draw(t, "value")
			if len(ids) == 0 || rapid.Bool().Draw(t, "create") {
				r := &record{id: tab.newID(), values: values}
				if !schema.ValidID(r.id) || slices.Contains(ids, r.id) {
					t.Fatalf("new id %q", r.id)
				}
				ids = append(ids, r.id)
				tx.put(tab, r)
				return
			}
			id := rapid.SampledFrom(ids).Draw(t, "id")
			tx.put(tab, &record{id: id, values: values, deleted: rapid.Bool().Draw(t, "delete")})
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) { check() },
			"write": func(*rapid.T) {
				write()
				tx.undo = nil // committed
			},
			"rolled back": func(*rapid.T) {
				known := len(ids)
				for range rapid.IntRange(1, 4).Draw(t, "writes") {
					write()
				}
				tx.rollback(0)
				ids = ids[:known]
			},
		})
	})
}

// TestConcurrentWrites: many clients, an admin and a changing overlay at once lose nothing.
func TestConcurrentWrites(t *testing.T) {
	b := newBench(t, Options{DailyLimit: -1})
	const clients, calls, perCall = 8, 20, 25
	var wg sync.WaitGroup
	for n := range clients {
		wg.Go(func() {
			for i := range calls {
				list := make([]string, perCall)
				for j := range list {
					list[j] = of("Survey_Response__c", fmt.Sprintf(`"Response_Id__c":"%d-%d","Score__c":%d`, n, (i*perCall+j)/2, j%11))
				}
				// Every external id is written by two rows, of one call or of two.
				b.do("PATCH", "composite/sobjects/Survey_Response__c/Response_Id__c", rows(list[0]))
				b.do("PATCH", "composite/sobjects/Survey_Response__c/Response_Id__c", rows(list...))
			}
		})
	}
	wg.Go(func() {
		for range 20 {
			if err := b.SetOverlay(Overlay{DuplicateRules: []DuplicateRule{{Name: "x", Object: "Contact", Fields: []string{"Email"}}}}); err != nil {
				t.Error(err)
			}
			b.Stats()
			b.Records("Survey_Response__c")
		}
	})
	wg.Wait()
	seen := map[any]bool{}
	for _, r := range b.Records("Survey_Response__c") {
		if seen[r["Response_Id__c"]] {
			t.Errorf("two records have the external id %v", r["Response_Id__c"])
		}
		seen[r["Response_Id__c"]] = true
	}
	if len(seen) < clients*calls {
		t.Errorf("only %d records are there", len(seen))
	}
}

// BenchmarkCollections measures rows a second through ServeHTTP: updates of 200 rows a call.
func BenchmarkCollections(b *testing.B) {
	bench := newBench(b, Options{DailyLimit: -1})
	var list []string
	for range maxRows {
		id := bench.seed("Contact", M{"LastName": "x"})
		list = append(list, of("Contact", `"id":"`+id+`","NPS_Score__c":9,"Customer_Comment__c":"Quick and friendly, thank you.","Survey_Status__c":"Response Received","Last_Survey_At__c":"2026-11-20T14:03:00Z"`))
	}
	body := rows(list...)
	b.ReportAllocs()
	for b.Loop() {
		if w := bench.do("PATCH", "composite/sobjects", body); w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
	b.ReportMetric(float64(b.N*maxRows)/b.Elapsed().Seconds(), "rows/s")
}
