package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

var update = flag.Bool("update", false, "rewrite the expected output in scripts and golden files")

// The race detector lets a process sleep for a second before it ends, which hundreds of
// commands would do one after the other.
func init() {
	if os.Getenv("GORACE") == "" {
		os.Setenv("GORACE", "atexit_sleep_ms=20")
	}
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"sfsync": main,
		// bytes writes a file of bytes, repeated: bytes FILE HEX COUNT
		"bytes": func() {
			text, err := hex.DecodeString(os.Args[2])
			count := 0
			fmt.Sscan(os.Args[3], &count)
			if err == nil {
				err = os.WriteFile(os.Args[1], bytes.Repeat(text, count), 0o644)
			}
			if err != nil {
				panic(err)
			}
		},
	})
}

// TestScripts runs the commands as a user does. Each script has a simulated org of
// its own at $ORG, with the records of the examples, an empty one at $SANDBOX, and a
// store of its own.
//
// No secret that it gives out, or that the org does, may stand in what the commands
// print or leave on disk: see secretWatch.
func TestScripts(t *testing.T) {
	testscript.RunT(&listener{t, newSecretWatch(), func(t *testing.T, what string) { t.Error(what) }}, scriptParams(t))
}

func scriptParams(t *testing.T) testscript.Params {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			watch := watchSecrets(env)
			org, err := demoOrg("survey/org/overlay.json")
			if err != nil {
				return err
			}
			if err := org.Start("127.0.0.1:0"); err != nil {
				return err
			}
			env.Defer(func() { org.Close() })
			env.Values[orgKey{}], env.Values[watchKey{}], env.Values[sinkKey{}] = org, watch, &alertSink{}
			secret, password := rand.Text(), rand.Text()
			front, err := frontOf(watch, org, secret, password)
			env.Defer(front.Close)
			if err != nil {
				return err
			}
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Setenv("ORG", front.URL)
			sandbox, err := orgsim.New(orgsim.Options{OrgID: "00DSm0000000002"})
			if err != nil {
				return err
			}
			if err := sandbox.Start("127.0.0.1:0"); err != nil {
				return err
			}
			env.Defer(func() { sandbox.Close() })
			sandboxFront, err := frontOf(watch, sandbox, secret, password)
			env.Defer(sandboxFront.Close)
			if err != nil {
				return err
			}
			env.Setenv("SANDBOX", sandboxFront.URL)
			env.Setenv("EXAMPLES", filepath.Join(root, "examples"))
			env.Setenv("SFSYNC_HOME", filepath.Join(env.WorkDir, "home"))
			env.Setenv("SFSYNC_CLIENT_ID", orgsim.DefaultClientID)
			env.Setenv("SFSYNC_CLIENT_SECRET", secret)
			env.Setenv("SECRET", secret)
			env.Setenv("PASSWORD", password)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exit": exitCommand, "json": jsonCommand, "record": recordCommand, "break": breakCommand, "heal": healCommand, "struck": struckCommand, "overlay": overlayCommand, "rows": rowsCommand, "listening": listeningCommand,
			"serving": servingCommand, "post": postCommand, "says": saysCommand, "becomes": becomesCommand,
			"browse": browseCommand, "app": appCommand, "keypair": keypairCommand, "file": fileCommand, "revoke": revokeCommand,
			"alertsink": alertsinkCommand, "alerted": alertedCommand, "metric": metricCommand, "writes": writesCommand, "waits": waitsCommand,
		},
	}
}

type orgKey struct{}

func orgOf(ts *testscript.TestScript) *orgsim.Org { return ts.Value(orgKey{}).(*orgsim.Org) }

// exitCommand checks an exit code, which testscript itself tells only from 0:
//
//	exit CODE sfsync ARG…
func exitCommand(ts *testscript.TestScript, neg bool, args []string) {
	var want int
	if _, err := fmt.Sscan(args[0], &want); err != nil || neg {
		ts.Fatalf("usage: exit CODE COMMAND ARG…")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if failed, ok := err.(*exec.ExitError); ok {
		got = failed.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// jsonCommand looks a value up in JSON that a command printed to stdout:
//
//	json PATH VALUE
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json PATH VALUE")
	}
	var v any
	if err := json.Unmarshal([]byte(ts.ReadFile("stdout")), &v); err != nil {
		ts.Fatalf("stdout is no JSON: %v", err)
	}
	for _, step := range strings.Split(args[0], ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			i := 0
			if step == "len" {
				v = float64(len(at))
				continue
			}
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(at) {
				ts.Fatalf("%s: there is no item %s", args[0], step)
			}
			v = at[i]
		default:
			ts.Fatalf("%s: nothing below %s", args[0], step)
		}
	}
	if got := fmt.Sprint(v); (got == args[1]) == neg {
		ts.Fatalf("%s is %s", args[0], got)
	}
}

// overlayCommand changes the set-up of the org:
//
//	overlay FILE
func overlayCommand(ts *testscript.TestScript, neg bool, args []string) {
	o, err := orgsim.ParseOverlay([]byte(ts.ReadFile(args[0])))
	if err == nil {
		err = orgOf(ts).SetOverlay(o)
	}
	ts.Check(err)
}

// recordCommand checks a field of a record in the org:
//
//	record OBJECT ID FIELD VALUE
func recordCommand(ts *testscript.TestScript, neg bool, args []string) {
	record, ok := orgOf(ts).Record(args[0], args[1])
	if !ok {
		ts.Fatalf("there is no %s %s", args[0], args[1])
	}
	if got := fmt.Sprint(record[args[2]]); (got == args[3]) == neg {
		ts.Fatalf("%s is %s", args[2], got)
	}
}

// breakCommand sets a fault up in the org, as JSON.
func breakCommand(ts *testscript.TestScript, neg bool, args []string) {
	if err := breakOrg(orgOf(ts), []byte("["+args[0]+"]")); err != nil {
		ts.Fatalf("%v", err)
	}
}

// healCommand takes all faults away.
func healCommand(ts *testscript.TestScript, neg bool, args []string) { orgOf(ts).Heal() }

// struckCommand waits until a fault has struck.
func struckCommand(ts *testscript.TestScript, neg bool, args []string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, f := range orgOf(ts).Faults() {
			if f.Struck > 0 {
				return
			}
		}
	}
	ts.Fatalf("no fault has struck")
}

// rowsCommand checks how many records of an object the org has:
//
//	rows OBJECT COUNT
func rowsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if got := fmt.Sprint(len(orgOf(ts).Records(args[0]))); (got == args[1]) == neg {
		ts.Fatalf("there are %s records of %s", got, args[0])
	}
}

// listeningCommand waits until a started org has said in a file where it listens and what
// its app's secret is:
//
//	listening FILE
func listeningCommand(ts *testscript.TestScript, neg bool, args []string) {
	var said struct {
		URL    string `json:"instance_url"`
		Secret string `json:"client_secret"`
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && json.Unmarshal(data, &said) == nil {
			ts.Setenv("LISTENING", said.URL)
			ts.Setenv("SFSYNC_CLIENT_SECRET", said.Secret)
			return
		}
	}
	ts.Fatalf("nothing listens")
}

// The exported schema beside the examples is what the simulated org describes.
func TestExampleSchema(t *testing.T) {
	dir := t.TempDir()
	if out, code := call(t, "", "schema", "export", dir, "--org", "sim"); code != 0 {
		t.Fatal(out)
	}
	const kept = "../../examples/survey/schema"
	if *update {
		if out, code := call(t, "", "schema", "export", kept, "--org", "sim"); code != 0 {
			t.Fatal(out)
		}
	}
	want, err := filepath.Glob(dir + "/*.json")
	if err != nil || len(want) == 0 {
		t.Fatal(err)
	}
	for _, name := range want {
		a, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(kept, filepath.Base(name)))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s is not what the simulated org describes; go test ./cmd/sfsync -run TestExampleSchema -update writes it", filepath.Base(name))
		}
	}
}

// Every example holds, without so much as a note.
func TestExamplesHold(t *testing.T) {
	out, code := call(t, "", "check", "../../examples/survey", "--strict", "--format", "json")
	var report struct {
		Rules, Samples int
		Diagnostics    []json.RawMessage
		Unchecked      []string
		Problems       []json.RawMessage `json:"sample_problems"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err, out)
	}
	if code != 0 || len(report.Diagnostics) > 0 || len(report.Unchecked) > 0 || len(report.Problems) > 0 || report.Rules < 5 || report.Samples < 20 {
		t.Error(out)
	}
}

// What check says to the broken example is kept beside it.
func TestBrokenExample(t *testing.T) {
	t.Chdir("../..")
	got, code := call(t, "", "check", "examples/broken", "--schema", "examples/survey/schema", "--all")
	if code != exitProblem {
		t.Errorf("exit code %d", code)
	}
	got = got[:strings.LastIndex(got, " (")] + "\n" // the time it took
	golden(t, "examples/broken/mistakes.txt", got)
}

// golden compares output with a file.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// call runs a command in this process and returns what it wrote to standard output.
func call(t *testing.T, stdin string, args ...string) (stdout string, code int) {
	t.Helper()
	var out, errOut bytes.Buffer
	c := &console{in: strings.NewReader(stdin), out: &out, err: &errOut, width: defaultWidth}
	code = c.exit(execute(t.Context(), c, append([]string{"sfsync"}, args...)))
	if errOut.Len() > 0 {
		io.WriteString(t.Output(), errOut.String())
	}
	return out.String(), code
}
