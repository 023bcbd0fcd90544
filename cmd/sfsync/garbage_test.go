package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestGarbagePilesUp(t *testing.T) {
	before := debug.SetGCPercent(usualGC)
	t.Cleanup(func() { debug.SetGCPercent(before) })
	await := func(what string, ok func(percent uint64) bool) {
		t.Helper()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			runtime.GC()
			percent := []metrics.Sample{{Name: "/gc/gogc:percent"}}
			metrics.Read(percent)
			if ok(percent[0].Value.Uint64()) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: collects at %d %%", what, percent[0].Value.Uint64())
			}
		}
	}
	t.Setenv("GOGC", "")
	collectLessOften()
	await("little in use", func(percent uint64) bool { return percent > 2*usualGC })
	much := make([]byte, 2*spareHeap)
	await("much in use", func(percent uint64) bool { return percent == usualGC })
	runtime.KeepAlive(much)
	much = nil
	await("little again", func(percent uint64) bool { return percent > 2*usualGC })
}
