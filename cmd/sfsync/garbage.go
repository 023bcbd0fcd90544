package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// spareHeap is how many bytes of garbage may lie about before they are collected. Left to
// itself, Go collects when there is as much garbage as there is anything else: for a
// program that keeps a few megabytes that is many times a second, each time at the cost of
// whoever waits for an answer.
const spareHeap = 64 << 20

// usualGC is Go's own percentage of garbage to what is in use.
const usualGC = 100

// collectLessOften lets garbage pile up to spareHeap, or to as much as is in use where that
// is more. What the user says with GOGC goes before.
func collectLessOften() {
	if os.Getenv("GOGC") == "" {
		afterCollection(nil)
	}
}

// collection is garbage from the start, so that its finalizer runs after each collection.
type collection struct{ _ [16]byte }

// afterCollection sets how much garbage the next collection waits for by what the last one
// found in use.
func afterCollection(*collection) {
	inUse := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(inUse)
	debug.SetGCPercent(int(max(usualGC, 100*spareHeap/max(inUse[0].Value.Uint64(), 1<<20))))
	runtime.SetFinalizer(new(collection), afterCollection)
}
