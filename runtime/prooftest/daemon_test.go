package prooftest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// daemon is a daemon's process, and the next one in its place after it is gone.
type daemon struct {
	t   testing.TB
	set settings

	change func(*exec.Cmd) // before each start; may be nil

	mu    sync.Mutex
	url   string        // "" while nothing listens
	admin string        // where metrics are
	ready chan struct{} // closed once url is known
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process is gone
	log   logBuffer     // what all of them wrote to stderr
}

// newDaemon returns one that is not started yet, and is gone when the test ends.
func newDaemon(t testing.TB, set settings) *daemon {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a killed process may leave its files locked for a while")
	}
	if set.Dir == "" {
		set.Dir = t.TempDir()
	}
	if set.Real {
		if _, err := build(); err != nil {
			t.Fatal(err)
		}
	}
	d := &daemon{t: t, set: set, ready: make(chan struct{})}
	t.Cleanup(func() {
		d.kill()
		if said := d.log.String(); strings.Contains(said, "DATA RACE") || strings.Contains(said, "panic:") || strings.Contains(said, "goroutine ") {
			t.Errorf("the daemon broke:\n%s", said)
		}
	})
	return d
}

// start starts the process and does not wait for it.
func (d *daemon) start() {
	d.t.Helper()
	cmd := d.command()
	cmd.Stderr = &d.log
	if d.change != nil {
		d.change(cmd)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	ended := make(chan struct{})
	d.cmd, d.ended = cmd, ended
	go func() {
		var said greeting
		if json.NewDecoder(out).Decode(&said) == nil {
			d.mu.Lock()
			d.url, d.admin = said.URL, said.Admin
			close(d.ready)
			d.mu.Unlock()
		}
		io.Copy(io.Discard, out)
		cmd.Wait()
		d.mu.Lock()
		if d.url != "" {
			d.url, d.ready = "", make(chan struct{})
		}
		d.mu.Unlock()
		close(ended)
	}()
}

// address returns where the daemon listens, and waits for it to do so.
func (d *daemon) address(ctx context.Context) (string, error) {
	for {
		d.mu.Lock()
		url, ready := d.url, d.ready
		d.mu.Unlock()
		if url != "" {
			return url, nil
		}
		select {
		case <-ready:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// run starts the process and waits until it listens.
func (d *daemon) run() {
	d.t.Helper()
	d.start()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ended := d.ended
	go func() {
		select {
		case <-ended:
			cancel()
		case <-ctx.Done():
		}
	}()
	if _, err := d.address(ctx); err != nil {
		d.t.Fatalf("the daemon does not start:\n%s", d.log.String())
	}
}

// fails starts a daemon that cannot work, and returns what it says about it.
func (d *daemon) fails() string {
	d.t.Helper()
	d.log.reset()
	d.start()
	select {
	case <-d.ended:
	case <-time.After(30 * time.Second):
		d.t.Fatal("the daemon goes on")
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 3 {
		d.t.Errorf("exit code %d, want 3", code)
	}
	return d.log.String()
}

func (d *daemon) kill() {
	if d.cmd != nil {
		d.cmd.Process.Kill()
		<-d.ended
	}
}

// stop ends the daemon as an administrator does.
func (d *daemon) stop() {
	d.t.Helper()
	d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(30 * time.Second):
		d.t.Fatal("the daemon does not stop")
	}
	if code := d.cmd.ProcessState.ExitCode(); code != 0 {
		d.t.Errorf("exit code %d after a stop:\n%s", code, d.log.String())
	}
}

// status asks the daemon about itself; ok is false if it does not answer.
func (d *daemon) status(query string) (s status, ok bool) {
	d.mu.Lock()
	url, admin := d.url, d.admin
	d.mu.Unlock()
	if url == "" {
		return s, false
	}
	if d.set.Real {
		return readMetrics(admin + "/metrics")
	}
	res, err := http.Get(url + "/status" + query)
	if err != nil {
		return s, false
	}
	defer res.Body.Close()
	return s, json.NewDecoder(res.Body).Decode(&s) == nil && res.StatusCode == 200
}

// drain waits until nothing is queued any more.
func (d *daemon) drain(atMost time.Duration) {
	d.t.Helper()
	var last status
	until(d.t, atMost, func() bool {
		s, ok := d.status("")
		last = s
		return ok && s.Queued == 0
	}, func() string { return fmt.Sprintf("still %+v\n%s", last, d.log.String()) })
}

// until waits for a condition.
func until(t testing.TB, atMost time.Duration, holds func() bool, otherwise func() string) {
	t.Helper()
	end := time.Now().Add(atMost)
	for !holds() {
		if time.Now().After(end) {
			t.Fatal(otherwise())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// logBuffer keeps the last of what processes say.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.buf.Len() > 1<<20 {
		b.buf.Next(1 << 19)
	}
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
}

// simulate starts an org.
func simulate(t testing.TB, options orgsim.Options) *orgsim.Org {
	t.Helper()
	org, err := orgsim.New(options)
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { org.Close() })
	return org
}
