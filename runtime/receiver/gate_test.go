package receiver

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func enter(t *testing.T, g *gate, n int64) *ticket {
	t.Helper()
	ticket, err := g.enter(t.Context(), n, func() { t.Error("cut off") })
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func TestGateOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(100, 10, time.Minute, time.Hour)
		first := enter(t, g, 60)
		var mu sync.Mutex
		var order []string
		wait := func(name string, n int64) {
			go func() {
				ticket, err := g.enter(t.Context(), n, func() {})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					order = append(order, name+": "+err.Error())
					return
				}
				order = append(order, name)
				ticket.leave()
			}()
			synctest.Wait()
		}
		wait("b", 95)
		wait("c", 10) // would fit, but b was first
		if working, waiting, bytes := g.load(); working != 1 || waiting != 2 || bytes != 60 {
			t.Errorf("%d at work, %d waiting, %d bytes", working, waiting, bytes)
		}
		first.arrived(50) // less than announced
		synctest.Wait()
		first.leave()
		synctest.Wait()
		mu.Lock()
		if got := fmt.Sprint(order); got != "[b c]" {
			t.Errorf("let in: %s", got)
		}
		mu.Unlock()
		if _, _, bytes := g.load(); bytes != 0 {
			t.Errorf("%d bytes are left over", bytes)
		}
	})
}

func TestGatePatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(100, 10, 10*time.Second, time.Hour)
		first := enter(t, g, 100)
		started := time.Now()
		var small error = errors.New("not decided")
		go func() {
			time.Sleep(5 * time.Second)
			_, small = g.enter(t.Context(), 1, func() {})
		}()
		if _, err := g.enter(t.Context(), 100, func() {}); !errors.Is(err, errOverload) || time.Since(started) != 10*time.Second {
			t.Errorf("%v after %v", err, time.Since(started))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := g.enter(ctx, 100, func() {}); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		first.leave()
		synctest.Wait()
		if small != nil {
			t.Errorf("the one behind was not let in: %v", small)
		}
	})
}

func TestGateFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(100, 2, time.Minute, time.Hour)
		first := enter(t, g, 100)
		done := make(chan error)
		go func() {
			ticket, err := g.enter(t.Context(), 1, func() {})
			if err == nil {
				ticket.leave()
			}
			done <- err
		}()
		synctest.Wait()
		started := time.Now()
		if _, err := g.enter(t.Context(), 1, func() {}); !errors.Is(err, errOverload) || time.Since(started) != 0 {
			t.Errorf("%v after %v", err, time.Since(started))
		}
		first.leave()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// A slow body is left alone while nobody waits, and cut off once somebody does.
func TestGateCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(100, 10, time.Minute, 2*time.Second)
		var cut []string
		open := func(name string, n int64) *ticket {
			ticket, err := g.enter(t.Context(), n, func() { cut = append(cut, name) })
			if err != nil {
				t.Fatal(err)
			}
			return ticket
		}
		here := open("here", 10)
		here.arrived(10)
		old := open("old", 40)
		time.Sleep(time.Minute)
		young := open("young", 40)
		if len(cut) != 0 {
			t.Fatalf("cut off without need: %v", cut)
		}
		waiting := make(chan *ticket)
		go func() {
			ticket, err := g.enter(t.Context(), 90, func() {})
			if err != nil {
				t.Error(err)
			}
			waiting <- ticket
		}()
		synctest.Wait()
		if fmt.Sprint(cut) != "[old]" || !old.tooSlow() || young.tooSlow() {
			t.Fatalf("cut off at once: %v", cut)
		}
		old.leave()
		time.Sleep(2*time.Second - 1)
		synctest.Wait()
		if young.tooSlow() {
			t.Error("cut off before its time")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if fmt.Sprint(cut) != "[old young]" {
			t.Errorf("cut off: %v", cut)
		}
		young.leave()
		last := <-waiting
		here.leave()
		last.leave()
	})
}

// Whatever happens, no more is let in than fits, nothing is left over, and everybody
// is answered.
func TestGateProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		type request struct {
			n, actual           int64
			at, arrives, leaves time.Duration
		}
		ms := rapid.IntRange(0, 50)
		requests := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) request {
			n := rapid.Int64Range(0, 100).Draw(t, "n")
			return request{n: n, actual: rapid.Int64Range(0, n).Draw(t, "actual"), at: time.Duration(ms.Draw(t, "at")), arrives: time.Duration(ms.Draw(t, "arrives")), leaves: time.Duration(ms.Draw(t, "leaves"))}
		}), 1, 40).Draw(rt, "requests")
		limit := rapid.IntRange(1, 20).Draw(rt, "limit")
		var wrong []string
		synctest.Test(t, func(t *testing.T) {
			g := newGate(100, limit, 30, 10)
			var mu sync.Mutex
			var wg sync.WaitGroup
			used, working := int64(0), 0
			for _, r := range requests {
				wg.Go(func() {
					time.Sleep(r.at)
					isCut := make(chan struct{})
					ticket, err := g.enter(t.Context(), r.n, func() { close(isCut) })
					if err != nil {
						return
					}
					mu.Lock()
					if used, working = used+r.n, working+1; used > 100 || working > limit {
						wrong = append(wrong, fmt.Sprintf("%d bytes of %d requests are let in", used, working))
					}
					mu.Unlock()
					held := r.n
					arrival := time.NewTimer(r.arrives)
					defer arrival.Stop()
					select {
					case <-arrival.C:
						mu.Lock()
						used -= r.n - r.actual
						mu.Unlock()
						held = r.actual
						ticket.arrived(r.actual)
						time.Sleep(r.leaves)
					case <-isCut:
					}
					mu.Lock()
					used, working = used-held, working-1
					mu.Unlock()
					ticket.leave()
				})
			}
			wg.Wait()
			if working, waiting, bytes := g.load(); working != 0 || waiting != 0 || bytes != 0 || g.reading.Len() != 0 {
				wrong = append(wrong, fmt.Sprintf("%d at work, %d waiting, %d bytes, %d reading are left over", working, waiting, bytes, g.reading.Len()))
			}
		})
		if len(wrong) > 0 {
			rt.Fatal(wrong)
		}
	})
}
