package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// servingCommand waits until a daemon has said in a file what it serves, and puts the
// addresses into $EVENTS, $SOAP and $ADMIN:
//
//	serving FILE
func servingCommand(ts *testscript.TestScript, neg bool, args []string) {
	var g greeting
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		data, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && json.Unmarshal(data, &g) == nil {
			ts.Setenv("EVENTS", g.Events)
			ts.Setenv("SOAP", g.Soap["production"])
			ts.Setenv("ADMIN", g.Admin)
			return
		}
	}
	ts.Fatalf("nothing is served")
}

// postCommand posts a file and checks status and answer:
//
//	post STATUS TEXT URL FILE [HEADER VALUE]…
func postCommand(ts *testscript.TestScript, neg bool, args []string) {
	req, err := http.NewRequest(http.MethodPost, args[2], strings.NewReader(ts.ReadFile(args[3])))
	ts.Check(err)
	for i := 4; i < len(args); i += 2 {
		req.Header.Set(args[i], args[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	ts.Check(err)
	if fmt.Sprint(res.StatusCode) != args[0] || !strings.Contains(string(answer), args[1]) {
		ts.Fatalf("status %d: %s", res.StatusCode, answer)
	}
}

// saysCommand waits until a file holds a text:
//
//	says FILE TEXT
func saysCommand(ts *testscript.TestScript, neg bool, args []string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if data, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(data), args[1]) {
			return
		}
	}
	ts.Fatalf("%s does not say %q", args[0], args[1])
}

// becomesCommand waits until a record of the org has a value:
//
//	becomes OBJECT ID FIELD VALUE
func becomesCommand(ts *testscript.TestScript, neg bool, args []string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if record, ok := orgOf(ts).Record(args[0], args[1]); ok && fmt.Sprint(record[args[2]]) == args[3] {
			return
		}
	}
	ts.Fatalf("%s %s does not become %q", args[0], args[2], args[3])
}
