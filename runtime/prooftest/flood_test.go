package prooftest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

// TestHundredThousandDuplicates sends the same events over and over. The sender sees
// that each was there before; nobody else sees anything, and nothing grows.
func TestHundredThousandDuplicates(t *testing.T) {
	copies := 100_000
	if testing.Short() {
		copies = 10_000
	}
	org := simulate(t, orgsim.Options{DailyLimit: -1})
	ids := contacts(t, org, 100)
	d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Pace: 10 * time.Millisecond})
	d.run()
	l := newLoad(t, org, d)
	address, _ := d.address(t.Context())
	response := fmt.Sprintf(`{"id":"one","type":"survey.response","response":{"id":"one"},"profile":{"contact":%q},"vars":{"value":"one","case":true}}`+"\n", ids[0])
	var list []notification
	for i, id := range ids {
		list = append(list, notification{salesforceID("04l", i), salesforceID("500", i), [][2]string{{"ContactId", id}, {"Subject", fmt.Sprint("value ", i)}}})
	}
	if !l.post(address+"/v1/events", response, 1) || !l.post(address+"/soap/default", message(list), len(list)) {
		t.Fatal("the first are not accepted")
	}
	d.drain(30 * time.Second)
	before, _ := d.status("?gc")
	calls := org.Stats().APIUsed

	events, messages := strings.Repeat(response, 100), message(list)
	begun := time.Now()
	var left atomic.Int64
	left.Store(int64(copies / 100))
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for n := left.Add(-1); n >= 0; n = left.Add(-1) {
				path, body := "/v1/events", events
				if n%2 == 0 {
					path, body = "/soap/default", messages
				}
				if !l.post(address+path, body, 100) {
					t.Error("a duplicate is not acknowledged")
					return
				}
			}
		})
	}
	senders.Wait()
	elapsed := time.Since(begun)
	after, _ := d.status("?gc")
	t.Logf("%d duplicates in %s; the heap went from %s to %s, the store from %d to %d bytes", copies, elapsed.Round(time.Millisecond), mb(before.Heap), mb(after.Heap), before.Used, after.Used)
	if after.Queued != 0 || after.Used > before.Used+1<<20 || after.Heap > before.Heap+50<<20 {
		t.Errorf("before %+v, after %+v", before, after)
	}
	if now := org.Stats().APIUsed; now != calls {
		t.Errorf("duplicates cost %d API calls", now-calls)
	}
	d.stop()
	runs := outcomes(t, d.set.Dir)
	if len(runs) != 101 || len(runs["ev/one"]) != 1 || len(org.Records("Case")) != 1 {
		t.Errorf("%d events have outcomes, the response %d, and %d cases were made", len(runs), len(runs["ev/one"]), len(org.Records("Case")))
	}
}

// TestRetryStorm is the end of a day without sfsync: every message that Salesforce has
// gathered comes at once, in disorder, many of them again and at the same time, since
// senders give up waiting. The user sees each notification once.
func TestRetryStorm(t *testing.T) {
	messages := 200
	if testing.Short() {
		messages = 40
	}
	org := simulate(t, orgsim.Options{DailyLimit: -1, Latency: 10 * time.Millisecond})
	ids := contacts(t, org, 1000)
	d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Pace: 50 * time.Millisecond})
	d.run()
	l := newLoad(t, org, d)
	address, _ := d.address(t.Context())
	bodies := make([]string, messages)
	for m := range bodies {
		var list []notification
		for i := range 100 {
			n := m*100 + i
			list = append(list, notification{salesforceID("04l", n), salesforceID("500", n), [][2]string{{"ContactId", ids[n%len(ids)]}, {"Subject", fmt.Sprint("value ", n)}}})
		}
		bodies[m] = message(list)
	}
	// Each is delivered once with its Ack heard, and up to twice without.
	var deliveries []int
	rng := rand.New(rand.NewPCG(7, 7))
	for m := range bodies {
		deliveries = append(deliveries, m)
		for range rng.IntN(3) {
			deliveries = append(deliveries, -m-1)
		}
	}
	rng.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
	begun := time.Now()
	var next atomic.Int64
	var slowest atomic.Int64
	var senders sync.WaitGroup
	for range 50 {
		senders.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(deliveries)); i = next.Add(1) - 1 {
				m := deliveries[i]
				if m < 0 {
					if err := hangUp(address, bodies[-m-1]); err != nil {
						t.Error(err)
					}
					continue
				}
				started := time.Now()
				for !l.post(address+"/soap/default", bodies[m], 100) {
					if time.Since(started) > time.Minute {
						t.Error("a message is not acknowledged for a minute")
						return
					}
				}
				slowest.Store(max(slowest.Load(), int64(time.Since(started))))
			}
		})
	}
	senders.Wait()
	acked := time.Since(begun)
	s, _ := d.status("")
	d.drain(5 * time.Minute)
	t.Logf("%d deliveries of %d notifications: acknowledged after %s, the slowest in %s, then %d were queued; all done after %s",
		len(deliveries), messages*100, acked.Round(time.Millisecond), time.Duration(slowest.Load()).Round(time.Millisecond), s.Queued, time.Since(begun).Round(time.Millisecond))
	d.stop()
	runs := outcomes(t, d.set.Dir)
	if len(runs) != messages*100 {
		t.Errorf("%d of %d notifications have an outcome", len(runs), messages*100)
	}
	for id, list := range runs {
		if len(list) != 1 || list[0].Outcome != store.Synced {
			t.Errorf("%s: %+v", id, list)
		}
	}
	for i, id := range ids {
		var got []string
		for _, rev := range org.History(id) {
			if change, ok := rev.Fields["Description"]; ok && rev.Op != "seed" {
				got = append(got, change.After)
			}
		}
		slices.Sort(got)
		if n := len(got); n != messages*100/len(ids) || len(slices.Compact(got)) != n {
			t.Errorf("contact %d had %q", i, got)
		}
	}
}

// hangUp sends a message and does not wait for the answer.
func hangUp(address, body string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST /soap/default HTTP/1.1\r\nHost: %s\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s", u.Host, len(body), body)
	return err
}
