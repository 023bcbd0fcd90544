package prooftest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

func contacts(t testing.TB, org *orgsim.Org, n int) []string {
	t.Helper()
	records := make([]map[string]any, n)
	for i := range records {
		records[i] = map[string]any{"LastName": fmt.Sprint("Contact ", i)}
	}
	ids, err := org.Seed("Contact", records...)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// bulky is an event that takes the room it has.
func bulky(n int, contact string) string {
	noise := make([]byte, 20_000)
	rng := rand.New(rand.NewPCG(uint64(n), 1))
	for i := range noise {
		noise[i] = byte('0' + rng.IntN(75))
		if noise[i] == '"' || noise[i] == '\\' {
			noise[i] = '-'
		}
	}
	return fmt.Sprintf(`{"id":"bulky-%d","type":"survey.response","response":{"id":"bulky-%d"},"profile":{"contact":%q},"vars":{"value":"value %d","noise":"%s"}}`+"\n", n, n, contact, n, noise)
}

// TestFullDisk fills the disk under a daemon that cannot reach Salesforce. The user
// sees: no Ack, so that Salesforce keeps its messages; a line in the log that says the
// disk is full; and after there is room, everything that was acknowledged is done.
func TestFullDisk(t *testing.T) {
	for _, full := range []struct {
		name string
		make func(t *testing.T, d *daemon) (room func() (restart bool))
	}{
		{"limit of the file's size", func(t *testing.T, d *daemon) func() bool {
			d.set.Limit = 24 << 20
			return func() bool { d.set.Limit = 0; return true }
		}},
		{"small file system", func(t *testing.T, d *daemon) func() bool {
			dir := t.TempDir()
			if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", dir).CombinedOutput(); err != nil {
				t.Skipf("cannot mount a small file system: %s", out)
			}
			t.Cleanup(func() { exec.Command("umount", "-l", dir).Run() })
			d.set.Dir = dir
			return func() bool {
				if out, err := exec.Command("mount", "-o", "remount,size=200m", dir).CombinedOutput(); err != nil {
					t.Fatalf("cannot make room: %s", out)
				}
				return false
			}
		}},
	} {
		t.Run(full.name, func(t *testing.T) {
			org := simulate(t, orgsim.Options{DailyLimit: -1})
			ids := contacts(t, org, 500)
			d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Real: true})
			room := full.make(t, d)
			breakWrites(t, org, orgsim.Fault{Kind: orgsim.FaultUnavailable})
			d.run()
			l := newLoad(t, org, d)
			url, _ := d.address(t.Context())
			accepted, refused := 0, 0
			for n := 0; refused < 20; n++ {
				if n > 20_000 {
					t.Fatalf("the disk does not get full: %d events", accepted)
				}
				if l.post(url+"/v1/events", bulky(n, ids[n%len(ids)]), 1) {
					accepted++
					l.events[fmt.Sprint("ev/bulky-", n)] = true
				} else {
					refused++
				}
			}
			if l.post(url+"/soap/default", message([]notification{{id: salesforceID("04l", 1), record: salesforceID("500", 1), fields: [][2]string{{"Subject", strings.Repeat("x", 50_000)}}}}), 1) {
				t.Log("a small message still found room")
			}
			said := d.log.String()
			t.Logf("%d events accepted, then the log says: %s", accepted, lineWith(said, "store is full"))
			if !strings.Contains(said, "store is full") {
				t.Errorf("the log does not name the full disk:\n%s", said)
			}
			// The daemon lives on, knows what it has, and Salesforce comes back while
			// there is still no room.
			s, ok := d.status("")
			if !ok || s.Queued < accepted {
				t.Errorf("status %+v, %t, accepted %d", s, ok, accepted)
			}
			org.Heal()
			select {
			case <-d.ended:
				t.Errorf("the daemon ended for want of room:\n%s", d.log.String())
			case <-time.After(time.Second):
			}
			if room() {
				d.kill()
				d.run()
			}
			d.drain(time.Minute)
			d.stop()
			runs := outcomes(t, d.set.Dir)
			for id := range l.events {
				if len(runs[id]) != 1 || runs[id][0].Outcome != store.Synced {
					t.Errorf("%s: %+v", id, runs[id])
				}
			}
		})
	}
}

// lineWith returns the first line of a log that has the words.
func lineWith(log, words string) string {
	for line := range strings.Lines(log) {
		if strings.Contains(line, words) {
			return strings.TrimSpace(line)
		}
	}
	return "nothing"
}

// outcomes reads the run log of a daemon that has ended.
func outcomes(t testing.TB, dir string) map[string][]store.Run {
	t.Helper()
	st, err := bolt.Open(dir, bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	runs := map[string][]store.Run{}
	for r, err := range st.Runs().List(context.Background(), store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		runs[r.Event] = append(runs[r.Event], r)
	}
	return runs
}

// TestReadOnlyDatabase: the user sees that the file cannot be opened, which, and why.
func TestReadOnlyDatabase(t *testing.T) {
	d := filled(t, 10)
	for _, name := range []string{"events.db", "state.db"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(d.set.Dir, name)
			if err := os.Chmod(path, 0o400); err != nil {
				t.Fatal(err)
			}
			defer os.Chmod(path, 0o600)
			if os.Getuid() == 0 {
				d.change = asNobody(t, d.set.Dir)
				defer func() { d.change = nil }()
			}
			said := d.fails()
			t.Logf("the log says: %s", lineWith(said, path))
			if !strings.Contains(said, path) || !strings.Contains(said, "may not read and write") {
				t.Errorf("the log does not say what is the matter:\n%s", said)
			}
		})
	}
}

// filled is a stopped daemon with n events in its store, of which none could be done.
func filled(t *testing.T, n int) *daemon {
	t.Helper()
	org := simulate(t, orgsim.Options{DailyLimit: -1})
	breakWrites(t, org, orgsim.Fault{Kind: orgsim.FaultUnavailable})
	d := newDaemon(t, settings{Org: org.URL(), Token: org.Login(""), Rules: rules, Real: true})
	d.run()
	l := newLoad(t, org, d)
	url, _ := d.address(t.Context())
	for i := range n {
		if !l.post(url+"/v1/events", bulky(i, salesforceID("003", i)), 1) {
			t.Fatal("an event is not accepted")
		}
	}
	d.stop()
	return d
}

// TestDamagedDatabase cuts and spoils the files. The user sees, at the start and not
// later, that a file is damaged, which one, and what to do; or the damage lies where
// nothing is, and nothing is lost.
func TestDamagedDatabase(t *testing.T) {
	const events = 60
	d := filled(t, events)
	rng := rand.New(rand.NewPCG(1, 2))
	noticed := 0
	used := map[string]int{"events.db": 200, "state.db": 4} // pages that hold something, at least
	for _, name := range []string{"events.db", "state.db"} {
		path := filepath.Join(d.set.Dir, name)
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		page := os.Getpagesize()
		damages := map[string]func() []byte{
			"empty file's head only": func() []byte { return whole[:100] },
			"text":                   func() []byte { return []byte("this is no database\n") },
			"cut to four pages":      func() []byte { return whole[:4*page] },
			"fourth page cut in two": func() []byte { return whole[:3*page+page/2] },
			"both metas zeroed": func() []byte {
				b := append([]byte(nil), whole...)
				clear(b[:2*page])
				return b
			},
		}
		for i := range 10 {
			damages[fmt.Sprint("random page ", i)] = func() []byte {
				b := append([]byte(nil), whole...)
				at := (2 + rng.IntN(used[name])) * page
				for j := range page {
					b[at+j] = byte(rng.IntN(256))
				}
				return b
			}
		}
		for kind, damage := range damages {
			t.Run(name+"/"+kind, func(t *testing.T) {
				if err := os.WriteFile(path, damage(), 0o600); err != nil {
					t.Fatal(err)
				}
				defer os.WriteFile(path, whole, 0o600)
				d.log.reset()
				d.start()
				select {
				case <-d.ended:
					said := d.log.String()
					noticed++
					t.Logf("the log says: %s", lineWith(said, "damaged"))
					if code := d.cmd.ProcessState.ExitCode(); code != 3 || strings.Contains(said, "panic") || strings.Contains(said, "fault") && strings.Contains(said, "goroutine") ||
						!strings.Contains(said, path) || !strings.Contains(said, "damaged") {
						t.Errorf("exit code %d, and the log says:\n%s", code, said)
					}
				case <-d.listens():
					s, ok := d.status("")
					if !ok || s.Queued != events {
						t.Errorf("the daemon runs with %d of %d events, and did not say so", s.Queued, events)
					}
					d.kill()
				}
			})
		}
	}
	if noticed < 10 {
		t.Errorf("only %d damages were noticed", noticed)
	}
}

// listens returns what is closed once the daemon listens.
func (d *daemon) listens() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ready
}
