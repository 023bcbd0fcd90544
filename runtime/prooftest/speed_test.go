package prooftest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// TestSpeed measures everything in one run, senders and simulator on the same
// machine, and prints it as Markdown. It asserts nothing about speed.
func TestSpeed(t *testing.T) {
	if !*speed {
		t.Skip("measures only with -speed")
	}
	fmt.Printf("%s, %d cores, %s/%s, %s\n\n", runtime.Version(), runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, time.Now().UTC().Format(time.DateOnly))
	t.Run("acks", speedOfAcks)
	t.Run("paced", speedAtPace)
	t.Run("writes", speedOfWrites)
	t.Run("million", speedOfAMillion)
}

// measureFor is how long one rate is measured.
const measureFor = 2 * time.Second

func speedOfAcks(t *testing.T) {
	fmt.Println("| the daemon | notifications a message | senders | Acks/s | notifications/s | Ack p50 | Ack p99 | raw notifications/s | ratio | daemon's CPU a notification |")
	fmt.Println("|:--|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
	for _, idle := range []bool{true, false} {
		for _, size := range []int{1, 100} {
			for _, senders := range []int{1, 16, 64, 256} {
				t.Run(fmt.Sprintf("%s/size=%d/senders=%d", map[bool]string{true: "accepts", false: "runs"}[idle], size, senders), func(t *testing.T) {
					raw := rawRate(t, senders, size*len(wideEvent())) * float64(size)
					acks, p50, p99, cpu := ackRate(t, senders, size, idle)
					fmt.Printf("| %s | %d | %d | %.0f | %.0f | %s | %s | %.0f | %.2f | %.1f µs |\n", map[bool]string{true: "accepts", false: "accepts and runs"}[idle],
						size, senders, acks, acks*float64(size), ms(p50), ms(p99), raw, acks*float64(size)/raw, float64(cpu.Nanoseconds())/1000/float64(size))
				})
			}
		}
	}
	fmt.Println()
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// ackRate starts a daemon and lets senders send to it for a while. Unless it is to be
// idle, it runs what it accepts meanwhile, against an org that takes 50 ms a call. CPU is
// what the daemon's process took for an Ack, which other work on the machine changes least.
func ackRate(t *testing.T, senders, size int, idle bool) (acks float64, p50, p99, cpu time.Duration) {
	org := simulate(t, orgsim.Options{DailyLimit: -1, Latency: 50 * time.Millisecond})
	ids := contacts(t, org, 20_000)
	d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Idle: idle})
	d.run()
	defer org.Close()
	defer d.kill()
	url, _ := d.address(t.Context())
	until := time.Now().Add(measureFor)
	took := make([][]time.Duration, senders)
	var serial atomic.Int64
	var all sync.WaitGroup
	profile(t, url, fmt.Sprintf("acks-%d-%d-idle=%t", senders, size, idle))
	begun, before := time.Now(), d.processorTime()
	for i := range senders {
		all.Go(func() {
			s, err := dialWide(url, size)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.conn.Close()
			for time.Now().Before(until) {
				first := int(serial.Add(int64(size))) - size
				started := time.Now()
				if err := s.send(first, ids); err != nil {
					t.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(started))
			}
		})
	}
	all.Wait()
	elapsed, cpu := time.Since(begun), d.processorTime()-before
	p50, p99, n := percentiles(took)
	return float64(n) / elapsed.Seconds(), p50, p99, cpu / time.Duration(max(n, 1))
}

// speedAtPace measures how long an Ack takes while notifications come at an even pace, and
// whether the writes that come of them keep up. A message that has to wait for its sender
// counts from when it should have been sent.
func speedAtPace(t *testing.T) {
	fmt.Println("| notifications/s sent | a message | senders | org's latency | writes/s end to end | Ack p50 | Ack p99 |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|")
	const senders, size, seconds = 64, 10, 5
	for _, rate := range []int{2_500, 5_000, 10_000} {
		latency := 50 * time.Millisecond
		org := simulate(t, orgsim.Options{DailyLimit: -1, Latency: latency})
		ids := contacts(t, org, 20_000)
		d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Real: *profiles == ""})
		d.run()
		url, _ := d.address(t.Context())
		took := make([][]time.Duration, senders)
		every := time.Second * senders * size / time.Duration(rate)
		profile(t, url, fmt.Sprintf("paced-%d", rate))
		begun := time.Now()
		var all sync.WaitGroup
		for i := range senders {
			all.Go(func() {
				s, err := dialWide(url, size)
				if err != nil {
					t.Error(err)
					return
				}
				defer s.conn.Close()
				next := begun.Add(every * time.Duration(i) / senders)
				for n := i * size; next.Before(begun.Add(seconds * time.Second)); n += senders * size {
					time.Sleep(time.Until(next))
					if err := s.send(n, ids); err != nil {
						t.Error(err)
						return
					}
					took[i] = append(took[i], time.Since(next))
					next = next.Add(every)
				}
			})
		}
		all.Wait()
		d.drain(2 * time.Minute)
		elapsed := time.Since(begun)
		p50, p99, n := percentiles(took)
		fmt.Printf("| %d | %d | %d | %s | %.0f | %s | %s |\n", rate, size, senders, ms(latency), float64(n*size)/elapsed.Seconds(), ms(p50), ms(p99))
		d.kill()
		org.Close()
	}
	fmt.Println()
}

// speedOfWrites measures from the first event sent until the last outcome is on disk.
func speedOfWrites(t *testing.T) {
	fmt.Println("| org's latency | writes/s end to end | API calls per write | heap at rest | most heap under load | most memory of the process | run log per run |")
	fmt.Println("|--:|--:|--:|--:|--:|--:|--:|")
	for _, latency := range []time.Duration{0, 50 * time.Millisecond} {
		org := simulate(t, orgsim.Options{DailyLimit: -1, Latency: latency})
		ids := contacts(t, org, 20_000)
		d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: `
rule Answers
on survey response
update Contact where Id = profile.contact
  set Description = vars.value
`})
		d.run()
		rest, _ := d.status("?gc")
		const events = 100_000
		watching, stop := context.WithCancel(t.Context())
		var heap, process atomic.Uint64
		var watcher sync.WaitGroup
		watcher.Go(func() {
			for watching.Err() == nil {
				if s, ok := d.status(""); ok {
					heap.Store(max(heap.Load(), s.Heap))
				}
				process.Store(max(process.Load(), d.resident()))
				select {
				case <-watching.Done():
				case <-time.After(100 * time.Millisecond):
				}
			}
		})
		before := org.Stats().APIUsed
		begun := time.Now()
		l := newLoad(t, org, d)
		url, _ := d.address(t.Context())
		var serial atomic.Int64
		var senders sync.WaitGroup
		for range 4 {
			senders.Go(func() {
				for {
					from := int(serial.Add(200)) - 200
					if from >= events {
						return
					}
					var body strings.Builder
					for n := from; n < from+200; n++ {
						fmt.Fprintf(&body, `{"id":"r-%d","type":"survey.response","response":{"id":"r-%d"},"survey":{"id":"post-purchase"},"answers":{"nps":%d,"comment":"It went well, but the parcel was late and the box was wet."},"profile":{"contact":%q},"vars":{"value":"value %d"}}`+"\n", n, n, n%11, ids[n%len(ids)], n)
					}
					if !l.post(url+"/v1/events", body.String(), 200) {
						t.Error("events are not accepted")
						return
					}
				}
			})
		}
		senders.Wait()
		d.drain(2 * time.Minute)
		elapsed := time.Since(begun)
		stop()
		watcher.Wait()
		after, _ := d.status("")
		fmt.Printf("| %s | %.0f | %.4f | %s | %s | %s | %d B |\n", ms(latency), events/elapsed.Seconds(), float64(org.Stats().APIUsed-before)/events,
			mb(rest.Heap), mb(heap.Load()), mb(process.Load()), (after.Used-rest.Used)/events)
		d.kill()
		org.Close()
	}
	fmt.Println()
}

func mb(bytes uint64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }

// speedOfAMillion starts the daemon on a million queued events while the org is down.
func speedOfAMillion(t *testing.T) {
	dir := t.TempDir()
	st, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const events = 1_000_000
	begun := time.Now()
	var serial atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				from := int(serial.Add(1000)) - 1000
				if from >= events {
					return
				}
				batch := make([]store.Event, 1000)
				for i := range batch {
					n := from + i
					id := fmt.Sprint("ev/r-", n)
					batch[i] = store.Event{ID: id, Key: id, Type: "survey.response", Body: fmt.Appendf(nil,
						`{"id":"r-%d","type":"survey.response","response":{"id":"r-%d"},"survey":{"id":"post-purchase"},"answers":{"nps":%d,"comment":"It went well, but the parcel was late and the box was wet."},"profile":{"contact":%q},"vars":{"value":"value %d"}}`,
						n, n, n%11, salesforceID("003", n), n)}
				}
				if _, err := st.Append(context.Background(), batch); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	st.Close()
	t.Logf("a million events queued in %s", time.Since(begun).Round(time.Millisecond))
	org := simulate(t, orgsim.Options{DailyLimit: -1})
	if _, err := org.Break(orgsim.Fault{Kind: orgsim.FaultUnavailable}); err != nil {
		t.Fatal(err)
	}
	fmt.Println("| a million events queued | restart until it accepts | heap then | heap, 10 s later | process, 10 s later |")
	fmt.Println("|--|--:|--:|--:|--:|")
	for _, idle := range []bool{true, false} {
		d := newDaemon(t, settings{Dir: dir, Org: org.URL(), Token: org.Login(""), Rules: rules, Idle: idle})
		started := time.Now()
		d.run()
		took := time.Since(started)
		first, _ := d.status("")
		name := "Salesforce is down"
		if idle {
			name = "nothing is run"
		} else {
			time.Sleep(10 * time.Second)
		}
		then, ok := d.status("?gc")
		if !ok || then.Queued != events {
			t.Errorf("%d of %d events are queued", then.Queued, events)
		}
		fmt.Printf("| %s | %.2f s | %s | %s | %s |\n", name, took.Seconds(), mb(first.Heap), mb(then.Heap), mb(d.resident()))
		d.kill()
	}
	fmt.Println()
}

// resident is the memory of the daemon's process in bytes, 0 where that is not to be had.
func (d *daemon) resident() uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	var kb uint64
	if _, after, ok := strings.Cut(string(text), "VmRSS:"); ok {
		fmt.Sscan(after, &kb)
	}
	return kb * 1024
}

// processorTime is what the daemon's process has used of all cores, 0 where that is not
// to be had.
func (d *daemon) processorTime() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // the name before may hold anything
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100 // Linux counts in hundredths, whatever its clock
}

// profile writes a CPU profile of the daemon's next second to -profiles.
func profile(t *testing.T, url, name string) {
	if *profiles == "" {
		return
	}
	go func() {
		res, err := http.Get(url + "/profile?seconds=1")
		if err != nil {
			t.Error(err)
			return
		}
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		if err == nil {
			err = os.WriteFile(filepath.Join(*profiles, name+".pprof"), data, 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}()
}
