package orgsim

import (
	"bytes"
	"compress/zlib"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/gzip"
)

// started is an org on a loopback port.
func started(t testing.TB, opts Options) *bench {
	t.Helper()
	b := newBench(t, opts)
	if err := b.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// send sends a call over the network.
func (b *bench) send(method, path, body string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(context.Background(), method, b.URL()+"/services/data/v67.0/"+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+b.token)
	r.Header.Set("Content-Type", "application/json")
	for name, value := range b.header {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return resp, data, err
}

func (b *bench) mustBreak(f Fault) string {
	b.t.Helper()
	id, err := b.Break(f)
	if err != nil {
		b.t.Fatal(err)
	}
	return id
}

func TestCallFaults(t *testing.T) {
	b := newBench(t, Options{})
	for _, c := range []struct {
		fault  Fault
		status int
		body   string
	}{
		{Fault{Kind: FaultHTML}, 503, "<html><head><title>Server Unavailable…"},
		{Fault{Kind: FaultHTML, Status: 502, Message: "<h1>Bad Gateway</h1>"}, 502, "<h1>Bad Gateway</h1>"},
		{Fault{Kind: FaultUnavailable}, 503, `[{"message":"Server Unavailable","errorCode":"SERVER_UNAVAILABLE"}]`},
		{Fault{Kind: FaultUnknown}, 500, `[{"message":"An unexpected error occurred. …`},
		{Fault{Kind: FaultMaintenance}, 503, `[{"message":"the system is in read-only mode for maintenance","errorCode":"INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE"}]`},
		{Fault{Kind: FaultInvalidSession}, 401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`},
		{Fault{Kind: FaultSessionBlocked}, 401, `[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]`},
		{Fault{Kind: FaultDailyLimit}, 403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`},
		{Fault{Kind: FaultConcurrentLimit}, 403, `[{"message":"ConcurrentPerOrgLongTxn Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`},
		{Fault{Kind: FaultError, Status: 403, Code: "API_DISABLED_FOR_ORG", Message: "no", Fields: []string{}}, 403, `[{"message":"no","errorCode":"API_DISABLED_FOR_ORG","fields":[]}]`},
		{Fault{Kind: FaultTruncated}, 200, `{"ConcurrentAsyncGetReport…`},
	} {
		id := b.mustBreak(c.fault)
		w := b.want("GET", "limits", "", c.status, c.body)
		if html := strings.HasPrefix(w.Header().Get("Content-Type"), "text/html"); html != (c.fault.Kind == FaultHTML) {
			t.Errorf("%s comes as %s", c.fault.Kind, w.Header().Get("Content-Type"))
		}
		if calls := b.Calls(); calls[len(calls)-1].Fault != c.fault.Kind {
			t.Errorf("the log says the call met %q, not %q", calls[len(calls)-1].Fault, c.fault.Kind)
		}
		if b.Heal(id) != 1 || b.do("GET", "limits", "").Code != 200 {
			t.Errorf("%s is not healed", c.fault.Kind)
		}
	}
}

func TestFaultsStrikeWhatTheyNameAndAsOftenAsTheySay(t *testing.T) {
	b := newBench(t, Options{})
	one, two := b.seed("Contact", M{"LastName": "a"}), b.seed("Contact", M{"LastName": "b"})
	b.mustBreak(Fault{Kind: FaultRowLock, Record: one[:15], After: 1, Times: 2})
	locked := `{"success":false,"errors":[{"message":"unable to obtain exclusive access to this record or 1 records: ` + one[:15] + `","statusCode":"UNABLE_TO_LOCK_ROW","fields":[]}]}`
	body := rows(of("Contact", `"id":"`+one+`","Title":"x"`), of("Contact", `"id":"`+two+`","Title":"x"`))
	good := func(id string) string { return `{"id":"` + id + `","success":true,"errors":[]}` }
	for i, want := range []string{good(one), locked, locked, good(one), good(one)} {
		b.want("PATCH", "composite/sobjects", body, 200, "["+want+","+good(two)+"]")
		if i == 2 && b.Faults()[0].Struck != 2 {
			t.Errorf("faults are %+v", b.Faults())
		}
	}
	b.Heal()
	b.mustBreak(Fault{Kind: FaultUnavailable, Method: "post", Path: "/composite/"})
	if b.do("PATCH", "composite/sobjects", body).Code != 200 || b.do("POST", "sobjects/Contact", `{"LastName":"x"}`).Code != 201 || b.do("POST", "composite/sobjects", rows(of("Contact", `"LastName":"x"`))).Code != 503 {
		t.Error("a fault strikes what it does not name, or spares what it does")
	}
	b.Heal()
	b.mustBreak(Fault{Kind: FaultUnavailable, Rate: 0.5})
	struck := 0
	for range 200 {
		if b.do("GET", "limits", "").Code == 503 {
			struck++
		}
	}
	if struck < 60 || struck > 140 {
		t.Errorf("a fault with a rate of one half struck %d of 200 times", struck)
	}
	for _, f := range []Fault{{Kind: "nonsense"}, {Kind: FaultRowLock, Record: "zz"}, {Kind: FaultRowLock, Object: "Leed"}, {Kind: FaultError}, {Kind: FaultHTML, Rate: 2}} {
		if _, err := b.Break(f); err == nil {
			t.Errorf("%+v is taken", f)
		}
	}
}

func TestRowFaults(t *testing.T) {
	b := newBench(t, Options{Assumptions: Assumptions{LockStatus: 500, StorageStatus: 403}})
	id := b.seed("Lead", M{"LastName": "a", "Company": "b"})
	for _, c := range []struct {
		fault  Fault
		status int
		body   string
	}{
		{Fault{Kind: FaultRowLock}, 500, `[{"message":"unable to obtain exclusive access to this record or 1 records: ` + id[:15] + `","errorCode":"UNABLE_TO_LOCK_ROW","fields":[]}]`},
		{Fault{Kind: FaultApprovalLock, Object: "lead"}, 400, `[{"message":"the entity is locked for editing: the record is currently pending approval and locked","errorCode":"ENTITY_IS_LOCKED","fields":[]}]`},
		{Fault{Kind: FaultWorkflowLock}, 400, `[{"message":"the record is in use by workflow","errorCode":"RECORD_IN_USE_BY_WORKFLOW","fields":[]}]`},
		{Fault{Kind: FaultTriggerLock}, 400, `[{"message":"LeadTrigger: execution of BeforeUpdate caused by: System.DmlException: Update failed. First exception on row 0; first error: UNABLE_TO_LOCK_ROW…`},
		{Fault{Kind: FaultStorage}, 403, `[{"message":"storage limit exceeded","errorCode":"STORAGE_LIMIT_EXCEEDED","fields":[]}]`},
		{Fault{Kind: FaultRowError, Code: "FLOW_EXCEPTION", Message: "flow", Fields: []string{"Title"}}, 400, `[{"message":"flow","errorCode":"FLOW_EXCEPTION","fields":["Title"]}]`},
		{Fault{Kind: FaultRowLock, Object: "Contact"}, 204, ""},
	} {
		healed := b.mustBreak(c.fault)
		b.want("PATCH", "sobjects/Lead/"+id, `{"Title":"x"}`, c.status, c.body)
		b.Heal(healed)
	}
}

func TestLostAnswers(t *testing.T) {
	b := started(t, Options{})
	lost := func(kind FaultKind, want int) {
		t.Helper()
		id := b.mustBreak(Fault{Kind: kind})
		_, _, err := b.send("POST", "sobjects/Contact", `{"LastName":"x"}`)
		if err == nil || !(errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) || strings.Contains(err.Error(), "forcibly closed")) {
			t.Errorf("%s: %v", kind, err)
		}
		b.Heal(id)
		if n := len(b.Records("Contact")); n != want {
			t.Errorf("%s: there are %d contacts, want %d", kind, n, want)
		}
	}
	lost(FaultResetBefore, 0)
	lost(FaultResetAfter, 1)
	calls := b.Calls()
	if len(calls) != 2 || calls[1].Rows != 1 || calls[1].Fault != FaultResetAfter {
		t.Errorf("calls are %+v", calls)
	}
}

func TestCompression(t *testing.T) {
	b := started(t, Options{})
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	zw.Write([]byte(`{"LastName":"Ada"}`))
	zw.Close()
	b.header["Content-Encoding"] = "gzip"
	if resp, data, err := b.send("POST", "sobjects/Contact", packed.String()); err != nil || resp.StatusCode != 201 {
		t.Fatalf("%v %s", err, data)
	}
	if resp, data, err := b.send("POST", "sobjects/Contact", "{}"); err != nil || resp.StatusCode != 400 || !bytes.Contains(data, []byte("gzip")) {
		t.Errorf("a body that is not packed: %v %s", err, data)
	}
	packed.Reset()
	fw := zlib.NewWriter(&packed)
	fw.Write([]byte(`{"LastName":"Bo"}`))
	fw.Close()
	b.header["Content-Encoding"] = "deflate"
	if resp, data, err := b.send("POST", "sobjects/Contact", packed.String()); err != nil || resp.StatusCode != 201 {
		t.Fatalf("%v %s", err, data)
	}
	delete(b.header, "Content-Encoding")
	b.header["Accept-Encoding"] = "gzip"
	resp, data, err := b.send("GET", "sobjects/Contact/describe", "")
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v %v", err, resp)
	}
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(zr); err != nil || !bytes.HasPrefix(plain, []byte(`{"actionOverrides"`)) || len(plain) < 4*len(data) {
		t.Errorf("%v: %d bytes of %d", err, len(plain), len(data))
	}
}

func TestDailyLimit(t *testing.T) {
	b := newBench(t, Options{DailyLimit: 3, SessionTTL: 100 * time.Hour})
	for i := range 3 {
		if w := b.do("GET", "limits", ""); w.Header().Get("Sforce-Limit-Info") != "api-usage="+itoa(i+1)+"/3" {
			t.Errorf("call %d: %v", i+1, w.Header())
		}
	}
	w := b.want("GET", "limits", "", 403, `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`)
	if w.Header().Get("Sforce-Limit-Info") != "api-usage=3/3" {
		t.Errorf("past the limit: %v", w.Header())
	}
	b.clock.move(24 * time.Hour)
	b.want("GET", "limits", "", 200, `{"ConcurrentAsyncGetReportInstances":{"Max":200,"Remaining":200},"DailyApiRequests":{"Max":3,"Remaining":2}…`)
	b.SetDailyLimit(-1, 0)
	for range 10 {
		if code := b.do("GET", "limits", "").Code; code != 200 {
			t.Fatalf("without a limit: %d", code)
		}
	}
}

func TestLongRunningLimitAndLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Options{ConcurrentLimit: 2, LongRunning: 20 * time.Second, Latency: 50 * time.Millisecond, Now: time.Now})
		b.mustBreak(Fault{Kind: FaultSlow, Path: "/limits", Delay: Duration(time.Minute)})
		done := make(chan int)
		for range 2 {
			go func() { done <- b.do("GET", "limits", "").Code }()
		}
		before := time.Now()
		if code := b.do("GET", "sobjects", "").Code; code != 200 || time.Since(before) != 50*time.Millisecond {
			t.Errorf("beside young calls: %d after %v", code, time.Since(before))
		}
		time.Sleep(30 * time.Second)
		b.want("GET", "sobjects", "", 403, `[{"message":"ConcurrentPerOrgLongTxn Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`)
		<-done
		<-done
		if code := b.do("GET", "sobjects", "").Code; code != 200 {
			t.Errorf("when they are done: %d", code)
		}
	})
}
