package runtime_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sfsync/sfsync/runtime"
)

// BenchmarkWrites measures writes from Submit until their outcome is on disk,
// against an org in this process that takes every call's time and nothing else.
func BenchmarkWrites(b *testing.B) {
	for _, latency := range []time.Duration{0, 50 * time.Millisecond} {
		b.Run(latency.String(), func(b *testing.B) {
			e := start(b, updates)
			e.org.latency = latency
			feedAndDrain(b, e, "")
			if n := len(e.org.rows); n < b.N {
				b.Fatalf("%d writes of %d", n, b.N)
			}
			b.ReportMetric(float64(e.org.numCalls())/float64(b.N), "calls/write")
		})
	}
	b.Run("with news", func(b *testing.B) {
		e := start(b, updates)
		e.org.latency = 50 * time.Millisecond
		feedAndDrain(b, e, "2026-11-20T14:03:00Z")
	})
}

func feedAndDrain(b *testing.B, e *bench, at string) {
	b.Helper()
	events := make([]string, b.N)
	for i := range events {
		var more []string
		if at != "" {
			more = append(more, at)
		}
		events[i] = response(fmt.Sprint("r", i), i%20_000, i%11, more...)
	}
	b.ResetTimer()
	b.ReportAllocs()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		for from := 0; from < len(events); from += 200 {
			if _, err := e.engine.Submit(ctx, runtime.SourceEvents, events[from:min(from+200, len(events))]); err != nil {
				b.Error(err)
			}
		}
		stop()
	}()
	if err := e.engine.Run(ctx); err != nil {
		b.Fatal(err)
	}
	if err := e.engine.Drain(context.Background()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}
