package bolt_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// benchBody is an event of 2,048 bytes that compresses as surveys do.
func benchBody(n int) []byte {
	noise := incompressible(600)
	text, _ := json.Marshal(map[string]any{
		"id": n, "type": "survey.response", "survey": map[string]any{"id": "post-purchase-nps", "name": "How was it?"},
		"answers": map[string]any{"nps": n % 11, "comment": noise[:400]},
		"contact": map[string]any{"first_name": "Ada", "email": "ada@example.com", "phone": "+44 20 7946 0000"},
		"profile": map[string]any{"salesforce_contact_id": "0035g00000AbCdEAAV", "segment": "returning customers", "locale": "en-GB"},
	})
	for len(text) < 2048 {
		text = append(text, `,"transaction_field":"standard delivery"`...)
	}
	return text[:2048]
}

// BenchmarkAppend measures durable appends by closed-loop writers, one event a
// call, beside what the disk can do for any store: the same bytes appended to a
// file with one fdatasync a commit, by as many writers through the same kind of
// committer.
func BenchmarkAppend(b *testing.B) {
	body := benchBody(1)
	for _, writers := range []int{1, 8, 64, 256} {
		b.Run(fmt.Sprint("writers=", writers), func(b *testing.B) {
			s := openWith(b, b.TempDir(), bolt.Options{})
			var n atomic.Int64
			b.SetBytes(int64(len(body)))
			inParallel(b, writers, func() error {
				id := fmt.Sprint("om/", n.Add(1))
				_, err := s.Append(context.Background(), []store.Event{{ID: id, Key: id, Type: "t", Body: body}})
				return err
			})
		})
		b.Run(fmt.Sprint("raw/writers=", writers), func(b *testing.B) {
			raw := newRawLog(b)
			b.SetBytes(int64(len(body)))
			inParallel(b, writers, func() error { return raw.append(body) })
		})
	}
}

// inParallel spreads b.N calls over exactly n goroutines.
func inParallel(b *testing.B, n int, call func() error) {
	b.ReportAllocs()
	b.ResetTimer()
	var left atomic.Int64
	left.Store(int64(b.N))
	failed := make(chan error, n)
	for range n {
		go func() {
			var err error
			for left.Add(-1) >= 0 && err == nil {
				err = call()
			}
			failed <- err
		}()
	}
	for range n {
		if err := <-failed; err != nil {
			b.Error(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// rawLog is one goroutine that writes what has gathered and syncs it.
type rawLog struct{ ch chan rawRequest }

type rawRequest struct {
	body []byte
	done chan error
}

func newRawLog(b *testing.B) *rawLog {
	f, err := os.Create(filepath.Join(b.TempDir(), "raw"))
	if err != nil {
		b.Fatal(err)
	}
	l := &rawLog{make(chan rawRequest, 1024)}
	b.Cleanup(func() {
		close(l.ch)
		f.Close()
	})
	go func() {
		for first := range l.ch {
			group, buf := []rawRequest{first}, append([]byte(nil), first.body...)
			for len(l.ch) > 0 && len(group) < 1024 {
				r := <-l.ch
				group, buf = append(group, r), append(buf, r.body...)
			}
			_, err := f.Write(buf)
			if err == nil {
				err = datasync(f)
			}
			for _, r := range group {
				r.done <- err
			}
		}
	}()
	return l
}

func (l *rawLog) append(body []byte) error {
	r := rawRequest{body, make(chan error, 1)}
	l.ch <- r
	return <-r.done
}

// BenchmarkSettle measures the whole way of an event once it is in the queue:
// Next and a Done with its run, by batches, from all partitions at once.
func BenchmarkSettle(b *testing.B) {
	for _, size := range []int{1, 20, 200} {
		b.Run(fmt.Sprint("batch=", size), func(b *testing.B) {
			s := openWith(b, b.TempDir(), bolt.Options{})
			fill(b, s, b.N)
			claims, err := s.Claims(context.Background(), "bench")
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			failed := make(chan error, store.Partitions)
			for range store.Partitions {
				c := <-claims
				go func() { failed <- drain(c, size) }()
			}
			for range store.Partitions {
				if err := <-failed; err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func drain(c store.Claim, size int) error {
	run := store.Run{
		Rule: "Answers on the contact", RuleFile: "rules.sfsync", RuleLine: 28, Arm: "Responded", Outcome: store.Synced, Attempts: 1,
		Writes: []store.Write{{Op: "update", Object: "Contact", MatchField: "Id", MatchValue: "0035g00000AbCdEAAV", Outcome: store.Synced,
			Fields: []store.Field{{Name: "NPS_Score__c", Value: json.RawMessage("9"), File: "rules.sfsync", Line: 31, Source: "answers.nps"}}}},
	}
	for {
		items, _, err := c.Next(context.Background(), size)
		if err != nil || len(items) == 0 {
			return err
		}
		sets := make([]store.Settlement, len(items))
		for i := range items {
			sets[i] = store.Settlement{Seq: items[i].Seq, Do: store.Done, Runs: []store.Run{run}}
		}
		if err := c.Settle(context.Background(), sets...); err != nil {
			return err
		}
	}
}

// fill appends n events, a thousand a call.
func fill(b testing.TB, s store.Store, n int) {
	for from := 0; from < n; from += 1000 {
		batch := make([]store.Event, 0, 1000)
		for i := from; i < min(n, from+1000); i++ {
			id := fmt.Sprint("om/", i)
			batch = append(batch, store.Event{ID: id, Key: id, Type: "survey.response", Body: benchBody(i)})
		}
		if _, err := s.Append(context.Background(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkMillion opens a store with a million queued events, measures the heap
// that this takes, and what one append costs beside them and after they are gone.
func BenchmarkMillion(b *testing.B) {
	if testing.Short() {
		b.Skip("fills a gigabyte")
	}
	const million = 1_000_000
	dir := b.TempDir()
	s := openWith(b, dir, bolt.Options{})
	start := time.Now()
	fill(b, s, million)
	b.Logf("filled at %.0f events/s", million/time.Since(start).Seconds())
	s.Close()
	b.Run("open for reading", func(b *testing.B) {
		for range b.N {
			openWith(b, dir, bolt.Options{ReadOnly: true}).Close()
		}
	})
	b.Run("open", func(b *testing.B) {
		for range b.N {
			before := heap()
			b.StartTimer()
			s := openWith(b, dir, bolt.Options{})
			b.StopTimer()
			b.ReportMetric(float64(heap()-before)/1e6, "heap-MB")
			h, err := s.Health(b.Context())
			if err != nil || h.Queued != million {
				b.Fatalf("%+v, %v", h, err)
			}
			b.ReportMetric(float64(h.Files[1].Size)/1e6, "file-MB")
			s.Close()
		}
	})
	s = openWith(b, dir, bolt.Options{})
	one := func(name string) {
		n := 0
		b.Run("append/"+name, func(b *testing.B) {
			for range b.N {
				n++
				id := fmt.Sprint(name, time.Now().UnixNano(), n)
				if _, err := s.Append(b.Context(), []store.Event{{ID: id, Key: id, Body: benchBody(n)}}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	one("queued")
	claims, err := s.Claims(b.Context(), "bench")
	if err != nil {
		b.Fatal(err)
	}
	start = time.Now()
	failed := make(chan error, store.Partitions)
	for range store.Partitions {
		c := <-claims
		go func() { failed <- drain(c, 200) }()
	}
	for range store.Partitions {
		if err := <-failed; err != nil {
			b.Fatal(err)
		}
	}
	b.Logf("drained at %.0f events/s, heap then %.1f MB", million/time.Since(start).Seconds(), float64(heap())/1e6)
	one("drained")
	runs := 0
	start = time.Now()
	for _, err := range s.Runs().List(b.Context(), store.Filter{Event: "om/0"}) {
		if err != nil {
			b.Fatal(err)
		}
		runs++
	}
	b.Logf("found %d run of one event among a million in %v", runs, time.Since(start).Round(time.Millisecond))
	start = time.Now()
	if err := s.Compact(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Logf("compacted in %v", time.Since(start).Round(time.Millisecond))
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
