package orgsim_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/salesforce/outbound"
)

// desk is a listener that reads messages as sfsync does and writes a status back to the records.
type desk struct {
	t     testing.TB
	org   *orgsim.Org
	token string
	reads bool // and does not write

	mu    sync.Mutex
	got   []outbound.Notification
	bad   []string
	fails int // how many messages to refuse first
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, err := outbound.Read(r.Body, 0)
	d.mu.Lock()
	defer d.mu.Unlock()
	w.Header().Set("Content-Type", outbound.ContentType)
	if err != nil {
		d.bad = append(d.bad, err.Error())
		w.WriteHeader(500)
		w.Write(outbound.AppendFault(nil, err.Error()))
		return
	}
	if m.OrganizationID != d.org.ID() || m.SessionPresent || !strings.HasPrefix(m.EnterpriseURL, d.org.URL()+"/services/Soap/c/68.0/") {
		d.bad = append(d.bad, fmt.Sprintf("%+v", m))
	}
	if d.fails > 0 {
		d.fails--
		w.Write(outbound.AppendAck(nil, false))
		return
	}
	for _, n := range m.Notifications {
		d.got = append(d.got, n)
		if n.RecordID != "" && !d.reads {
			d.patch(n.RecordID, `{"Survey_Status__c":"Invitation Sent"}`)
		}
	}
	w.Write(outbound.AppendAck(nil, true))
}

// patch writes to a case, as the user who is logged in.
func (d *desk) patch(id, body string) {
	req, err := http.NewRequest("PATCH", d.org.URL()+"/services/data/v67.0/sobjects/Case/"+id, strings.NewReader(body))
	if err != nil {
		d.t.Error(err)
		return
	}
	req.Header.Set("Authorization", "Bearer "+d.token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Error(err)
		return
	}
	resp.Body.Close()
	if resp.StatusCode != 204 {
		d.t.Errorf("update of %s: %s", id, resp.Status)
	}
}

func newDesk(t testing.TB, opts orgsim.Options) *desk {
	t.Helper()
	opts.Users = []orgsim.User{{Username: "agent@x.example", Profile: "Agent"}, {Username: "sync@x.example", Profile: "Integration"}}
	org, err := orgsim.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, org: org, token: org.Login("sync@x.example")}
	l := httptest.NewServer(d)
	t.Cleanup(func() { org.Close(); l.Close() })
	err = org.DefineOutboundMessage(orgsim.OutboundMessage{Name: "Case_changed", Object: "Case", Endpoint: l.URL,
		Fields: []string{"Survey_Status__c", "Subject", "Survey_Score__c", "Survey_Sent_At__c", "IsClosed", "LastModifiedById"}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// change updates a case as an agent does.
func (d *desk) change(id, body string) {
	agent := desk{t: d.t, org: d.org, token: d.org.Login("agent@x.example")}
	agent.patch(id, body)
}

func (d *desk) wait() {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), 20*time.Second)
	defer cancel()
	if err := d.org.WaitOutbound(ctx); err != nil {
		d.t.Fatalf("%v: %+v", err, d.org.OutboundStatus())
	}
}

func (d *desk) notifications() []outbound.Notification {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.bad) > 0 {
		d.t.Fatalf("messages that are not as they should be: %v", d.bad)
	}
	return slices.Clone(d.got)
}

func value(n outbound.Notification, name string) string {
	for _, f := range n.Fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// TestLoop goes round: a record changes, a message comes, the record is written, and no message follows,
// because the writer lacks the permission. A nack first makes a retry.
func TestLoop(t *testing.T) {
	d := newDesk(t, orgsim.Options{Delivery: orgsim.Delivery{Speed: 100},
		Overlay: orgsim.Overlay{Permissions: []orgsim.Permissions{{Profile: "Integration", Lacks: []string{orgsim.PermissionSendOutboundMessages}}}}})
	d.fails = 1
	ids, err := d.org.Seed("Case", map[string]any{"Subject": "Tea & <cake>", "Survey_Score__c": 7})
	if err != nil {
		t.Fatal(err)
	}
	d.change(ids[0], `{"Survey_Sent_At__c":"2026-11-20T14:03:00Z"}`)
	d.wait()
	got := d.notifications()
	if len(got) != 1 || got[0].Object != "Case" || got[0].RecordID != ids[0] || value(got[0], "Subject") != "Tea & <cake>" ||
		value(got[0], "Survey_Score__c") != "7.0" || value(got[0], "Survey_Sent_At__c") != "2026-11-20T14:03:00.000Z" || value(got[0], "IsClosed") != "false" {
		t.Fatalf("%+v", got)
	}
	if record, _ := d.org.Record("Case", ids[0]); record["Survey_Status__c"] != "Invitation Sent" {
		t.Errorf("the record holds %v", record)
	}
	if c := d.org.OutboundStatus()[0].Counts; c != (orgsim.OutboundCounts{Queued: 1, Suppressed: 1, Messages: 2, Failures: 1, Delivered: 1}) {
		t.Errorf("%+v", c)
	}
}

// TestLoopWithoutEnd shows what happens without the permission's removal, until the definition is made to end it.
func TestLoopWithoutEnd(t *testing.T) {
	d := newDesk(t, orgsim.Options{})
	ids, err := d.org.Seed("Case", map[string]any{"Subject": "x"})
	if err != nil {
		t.Fatal(err)
	}
	d.change(ids[0], `{}`)
	for len(d.notifications()) < 10 {
		runtime.Gosched()
	}
	m := d.org.Overlay().OutboundMessages[0]
	m.When = []orgsim.Condition{{Field: "Survey_Status__c", Op: "null"}}
	if err := d.org.DefineOutboundMessage(m); err != nil {
		t.Fatal(err)
	}
	d.wait()
	n := len(d.notifications())
	d.change(ids[0], `{}`)
	d.wait()
	if more := len(d.notifications()); more != n {
		t.Errorf("%d messages although the condition does not hold", more-n)
	}
}

// TestReaderUnderstandsDeletes reads both shapes of a notification without data.
func TestReaderUnderstandsDeletes(t *testing.T) {
	for _, keeps := range []bool{false, true} {
		d := newDesk(t, orgsim.Options{Delivery: orgsim.Delivery{Hold: true}, Assumptions: orgsim.Assumptions{DeletedKeepsID: keeps}})
		d.reads = true
		ids, err := d.org.Seed("Case", map[string]any{"Subject": "x"})
		if err != nil {
			t.Fatal(err)
		}
		d.change(ids[0], `{}`)
		if _, err := d.org.Seed("Case", map[string]any{"Id": ids[0], "IsDeleted": true}); err != nil {
			t.Fatal(err)
		}
		if err := d.org.SetDelivery(orgsim.Delivery{}); err != nil {
			t.Fatal(err)
		}
		d.wait()
		want := map[bool]string{true: ids[0]}[keeps]
		if got := d.notifications(); len(got) != 1 || got[0].RecordID != want || len(got[0].Fields) != 0 {
			t.Errorf("%+v", got)
		}
	}
}

// TestBurst changes cases from several goroutines at once while messages go out, some of them twice, and counts that none
// is missing. Each case's last message shows its last change.
func TestBurst(t *testing.T) {
	const writers, cases = 4, 300
	d := newDesk(t, orgsim.Options{Delivery: orgsim.Delivery{Duplicates: 0.2, Speed: 1000, Reorder: orgsim.Duration(10 * time.Second)},
		Overlay: orgsim.Overlay{Permissions: []orgsim.Permissions{{Profile: "Integration", Lacks: []string{orgsim.PermissionSendOutboundMessages}}}}})
	d.fails = 2
	records := make([]map[string]any, cases)
	for i := range records {
		records[i] = map[string]any{"Subject": "0"}
	}
	ids, err := d.org.Seed("Case", records...)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i, id := range ids {
				if i%writers == w {
					d.change(id, `{"Subject":"1"}`)
					d.change(id, `{"Subject":"2"}`)
				}
			}
		})
	}
	wg.Wait()
	d.wait()
	last := map[string]bool{}
	for _, n := range d.notifications() {
		last[n.RecordID] = last[n.RecordID] || value(n, "Subject") == "2"
	}
	for _, id := range ids {
		if !last[id] {
			t.Errorf("no message shows the last change of %s", id)
		}
	}
	if c := d.org.OutboundStatus()[0].Counts; c.Queued+c.Merged != 2*cases || c.Delivered != c.Queued || c.Dropped+c.Overflow != 0 {
		t.Errorf("%+v", c)
	}
}

// A contact's change is told to a listener.
func ExampleOrg_DefineOutboundMessage() {
	org, err := orgsim.New(orgsim.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	defer org.Close()
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for line := range strings.Lines(string(body)) {
			if strings.Contains(line, "sf:LastName") {
				fmt.Println(strings.TrimSpace(line))
			}
		}
		w.Header().Set("Content-Type", "text/xml")
		io.WriteString(w, `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body>
			<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></Body></Envelope>`)
	}))
	defer listener.Close()

	err = org.DefineOutboundMessage(orgsim.OutboundMessage{Name: "Contact_created", Object: "Contact", On: "create",
		Fields: []string{"LastName"}, Endpoint: listener.URL})
	if err != nil {
		log.Fatal(err)
	}
	req, err := http.NewRequest("POST", org.URL()+"/services/data/v67.0/sobjects/Contact", strings.NewReader(`{"LastName": "Lovelace"}`))
	if err != nil {
		log.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+org.Login(""))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	if err := org.WaitOutbound(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(org.OutboundStatus()[0].Counts.Delivered, "delivered")
	// Output:
	// <sf:LastName>Lovelace</sf:LastName>
	// 1 delivered
}
