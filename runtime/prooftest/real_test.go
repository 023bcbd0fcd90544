package prooftest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// greeting is what a daemon prints when it is ready.
type greeting struct {
	URL   string `json:"url"`
	Admin string `json:"admin"`
}

// built is the directory that holds the built sfsync; TestMain takes it away.
var built string

// build builds sfsync as it is in this tree, once.
var build = sync.OnceValues(func() (binary string, err error) {
	if built, err = os.MkdirTemp("", "sfsync-proof"); err != nil {
		return "", err
	}
	binary = filepath.Join(built, "sfsync")
	args := []string{"build", "-o", binary}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "github.com/sfsync/sfsync/cmd/sfsync")...).CombinedOutput(); err != nil {
		return "", errors.New("cannot build sfsync: " + string(out))
	}
	return binary, os.Chmod(built, 0o755)
})

// command makes the command that starts the daemon.
func (d *daemon) command() *exec.Cmd {
	d.t.Helper()
	if !d.set.Real {
		text, err := json.Marshal(d.set)
		if err != nil {
			d.t.Fatal(err)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), settingsVariable+"="+string(text))
		return cmd
	}
	binary, err := build()
	if err != nil {
		d.t.Fatal(err)
	}
	// Beside the store, since the store's folder may be made read-only.
	rules := d.set.Dir + ".sfsync"
	if err := os.WriteFile(rules, []byte(d.set.Rules), 0o644); err != nil {
		d.t.Fatal(err)
	}
	args := []string{binary, "serve", rules, "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0",
		"--instance", d.set.Org, "--store", d.set.Dir, "--format", "json", "--log-format", "json"}
	if d.set.Limit > 0 {
		args = append([]string{"sh", "-c", fmt.Sprintf(`ulimit -f %d; exec "$@"`, d.set.Limit/512), "sh"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "SFSYNC_ACCESS_TOKEN="+d.set.Token, "SFSYNC_EVENTS_TOKEN="+eventsToken)
	return cmd
}

// readMetrics makes a status of a daemon's metrics.
func readMetrics(url string) (s status, ok bool) {
	res, err := http.Get(url)
	if err != nil {
		return s, false
	}
	defer res.Body.Close()
	found := 0
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		name, text, _ := strings.Cut(lines.Text(), " ")
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			continue
		}
		found++
		switch name {
		case "sfsync_queue_events":
			s.Queued = int(value)
		case "sfsync_queue_waiting_events":
			s.Waiting = int(value)
		case "sfsync_store_used_bytes":
			s.Used = int64(value)
		case "go_memstats_heap_inuse_bytes":
			s.Heap = uint64(value)
		default:
			found--
		}
	}
	return s, found == 4
}
