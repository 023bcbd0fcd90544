package orgsim

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const ackTrue = `<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>` +
	`<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse></e:Body></e:Envelope>`

var ackFalse = strings.Replace(ackTrue, "true", "false", 1)

// listener takes the place of the network: it keeps what comes, and answers as it is told.
type listener struct {
	mu      sync.Mutex
	started time.Time
	got     []delivery
	answer  func(n int) (int, string) // of the nth message, from 1
	block   bool                      // until the sender gives up
}

type delivery struct {
	after time.Duration // since the listener was made
	ids   []string
	body  string
}

var notificationID = regexp.MustCompile(`<Id>(04l\w{15})</Id>`)

func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	d := delivery{after: time.Since(l.started), body: string(body)}
	for _, m := range notificationID.FindAllStringSubmatch(d.body, -1) {
		d.ids = append(d.ids, m[1])
	}
	l.mu.Lock()
	l.got = append(l.got, d)
	n, answer, block := len(l.got), l.answer, l.block
	l.mu.Unlock()
	if block {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	status, text := 200, ackTrue
	if answer != nil {
		status, text = answer(n)
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

func (l *listener) deliveries() []delivery {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.got)
}

// contactMessage sends LastName and Title of contacts to a listener that is not there.
var contactMessage = OutboundMessage{Name: "Contact_changed", Object: "Contact", Fields: []string{"Title", "LastName"}, Endpoint: "http://127.0.0.1:9000/soap"}

// newSending makes an org that sends to a listener of the test.
func newSending(t testing.TB, opts Options) (*bench, *listener) {
	if opts.Overlay.OutboundMessages == nil {
		opts.Overlay.OutboundMessages = []OutboundMessage{contactMessage}
	}
	b := newBench(t, opts)
	l := &listener{started: time.Now()}
	b.outbox.client.Transport = l
	return b, l
}

func (b *bench) status() OutboundStatus {
	b.t.Helper()
	list := b.OutboundStatus()
	if len(list) != 1 {
		b.t.Fatalf("%d outbound messages", len(list))
	}
	return list[0]
}

func (b *bench) drain() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 48*time.Hour)
	defer cancel()
	if err := b.WaitOutbound(ctx); err != nil {
		b.t.Fatal(err)
	}
}

func TestRetriesUntilDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Delivery: Delivery{Jitter: -1}})
		defer b.Close()
		l.answer = func(int) (int, string) { return 500, "<oops/>" }
		id := b.seed("Contact", M{"LastName": "Ada"})
		b.want("PATCH", "sobjects/Contact/"+id, `{"Title":"x"}`, 204, "")
		synctest.Wait()
		first := b.status().Notifications[0]
		if first.State != "queued" || first.Attempts != 1 || first.LastError != "HTTP status 500 Internal Server Error" || first.Record != id ||
			!first.NextAttempt.Equal(first.Queued.Add(5*time.Second)) || !first.Expires.Equal(first.Queued.Add(24*time.Hour)) {
			t.Errorf("after one failure: %+v", first)
		}
		b.drain()
		var waits []time.Duration
		last := time.Duration(0)
		for _, d := range l.deliveries() {
			waits = append(waits, (d.after - last).Round(time.Second))
			last = d.after
			if d.ids[0] != first.ID {
				t.Errorf("a retry has the id %s, the first attempt had %s", d.ids[0], first.ID)
			}
		}
		want := []time.Duration{0}
		for wait := 5 * time.Second; wait < 2*time.Hour; wait *= 2 {
			want = append(want, wait)
		}
		for range 10 { // 5s, 10s … 5120s make 2:50:35; ten more times two hours are 22:50:35
			want = append(want, 2*time.Hour)
		}
		if !slices.Equal(waits, want) {
			t.Errorf("attempts came after %v, want %v", waits, want)
		}
		if passed := time.Since(l.started).Round(time.Second); passed != 24*time.Hour {
			t.Errorf("dropped after %s", passed)
		}
		s := b.status()
		if s.Counts != (OutboundCounts{Queued: 1, Messages: len(want), Failures: len(want), Dropped: 1}) || len(s.Notifications) != 1 {
			t.Errorf("in the end: %+v", s)
		}
		if n := s.Notifications[0]; n.State != "dropped" || !n.NextAttempt.IsZero() || n.LastError != first.LastError {
			t.Errorf("in the end: %+v", n)
		}
		l.answer = nil
		if n := b.RetryOutbound(first.ID); n != 1 {
			t.Errorf("%d notifications retried", n)
		}
		b.drain()
		if s := b.status(); s.Counts.Delivered != 1 || len(s.Notifications) != 0 {
			t.Errorf("a dropped notification that is retried ends as %+v", s)
		}
	})
}

// TestSpeed lets a day of retries pass in 24 seconds.
func TestSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Delivery: Delivery{Jitter: -1, Speed: 3600}})
		defer b.Close()
		l.answer = func(int) (int, string) { return 200, ackFalse }
		b.want("POST", "sobjects/Contact", `{"LastName":"x"}`, 201, `{"id"…`)
		b.drain()
		if passed := time.Since(l.started).Round(10 * time.Millisecond); passed != 24*time.Second {
			t.Errorf("24 hours took %s", passed)
		}
		if n := len(l.deliveries()); n != 22 {
			t.Errorf("%d attempts", n)
		}
		if n := b.status().Notifications[0]; n.LastError != problemNack || n.Expires.Sub(n.Queued) != 24*time.Hour {
			t.Errorf("%+v", n)
		}
	})
}

func TestWait(t *testing.T) {
	d, err := Delivery{}.complete()
	if err != nil {
		t.Fatal(err)
	}
	for n := range 30 {
		middle := min(5*time.Second<<min(n, 20), 2*time.Hour)
		for _, random := range []float64{0, 0.5, math.Nextafter(1, 0)} {
			want := min(time.Duration(float64(middle)*(0.8+0.4*random)), 2*time.Hour)
			if got := d.wait(n+1, random); got.Round(time.Millisecond) != want.Round(time.Millisecond) {
				t.Errorf("wait %d at %g is %s, want %s", n+1, random, got, want)
			}
		}
	}
}

// TestCurrentValues holds the sender to what is sent: what the record holds then, once for all changes before, and
// anew for a change after it.
func TestCurrentValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Delivery: Delivery{Hold: true, Jitter: -1}})
		defer b.Close()
		id := b.seed("Contact", M{"LastName": "Ada"})
		path := "sobjects/Contact/" + id
		title := func(s string) { t.Helper(); b.want("PATCH", path, `{"Title":"`+s+`"}`, 204, "") }
		title("a")
		title("b")
		title("c")
		if len(l.deliveries()) != 0 {
			t.Fatal("something is sent though the queue is held")
		}
		l.answer = func(n int) (int, string) { return map[bool]int{true: 503, false: 200}[n == 1], ackTrue }
		b.release()
		synctest.Wait()
		title("d") // the first notification waits for its second attempt
		b.drain()
		var titles []string
		ids := map[string]bool{}
		for _, d := range l.deliveries() {
			titles = append(titles, strings.Join(titlePattern.FindStringSubmatch(d.body)[1:], " "))
			for _, id := range d.ids {
				ids[id] = true
			}
		}
		if want := []string{"c", "d", "d"}; !slices.Equal(titles, want) || len(ids) != 2 {
			t.Errorf("sent %v in %d notifications, want %v in 2", titles, len(ids), want)
		}
		if c := b.status().Counts; c.Queued != 2 || c.Merged != 2 || c.Delivered != 2 {
			t.Errorf("%+v", c)
		}
	})
}

var titlePattern = regexp.MustCompile(`<sf:Title>(.*)</sf:Title>`)

func (b *bench) hold(on bool) {
	b.t.Helper()
	d := b.Delivery()
	d.Hold = on
	if err := b.SetDelivery(d); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) release() { b.t.Helper(); b.hold(false) }

func TestNotificationPerChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Delivery: Delivery{Hold: true}, Assumptions: Assumptions{NotificationPerChange: true}})
		defer b.Close()
		id := b.seed("Contact", M{"LastName": "Ada"})
		for range 3 {
			b.want("PATCH", "sobjects/Contact/"+id, `{}`, 204, "") // a save that changes nothing is a save
		}
		b.release()
		b.drain()
		if got := l.deliveries(); len(got) != 1 || len(got[0].ids) != 3 {
			t.Errorf("%+v", got)
		}
	})
}

func TestDeletedRecordHasNoData(t *testing.T) {
	for keeps, want := range map[bool]string{false: `xmlns:sf="urn:sobject.enterprise.soap.sforce.com"/>`, true: `<sf:Id>%s</sf:Id>` + "\n    </sObject>"} {
		synctest.Test(t, func(t *testing.T) {
			b, l := newSending(t, Options{Delivery: Delivery{Hold: true}, Assumptions: Assumptions{DeletedKeepsID: keeps}})
			defer b.Close()
			id := b.seed("Contact", M{"LastName": "Ada"})
			b.want("PATCH", "sobjects/Contact/"+id, `{"Title":"x"}`, 204, "")
			b.want("DELETE", "sobjects/Contact/"+id, "", 204, "")
			b.release()
			b.drain()
			got := l.deliveries()
			if len(got) != 1 || len(got[0].ids) != 1 || strings.Contains(got[0].body, "Ada") || !strings.Contains(got[0].body, strings.Replace(want, "%s", id, 1)) {
				t.Errorf("sent %+v", got)
			}
		})
	}
}

func TestBatches(t *testing.T) {
	for _, c := range []struct {
		delivery Delivery
		want     []int
	}{
		{Delivery{}, []int{100, 100, 50}},
		{Delivery{Batch: 60}, []int{60, 60, 60, 60, 10}},
		{Delivery{Connections: 1, Reorder: Duration(time.Minute), Interval: Duration(time.Hour)}, []int{100, 100, 50}},
	} {
		synctest.Test(t, func(t *testing.T) {
			c.delivery.Hold = true
			b, l := newSending(t, Options{Delivery: c.delivery})
			defer b.Close()
			for range 5 {
				b.want("POST", "composite/sobjects", rows(slices.Repeat([]string{of("Contact", `"LastName":"x"`)}, 50)...), 200, `[{"id"…`)
			}
			b.release() // a burst
			b.drain()
			var sizes []int
			seen := map[string]bool{}
			for _, d := range l.deliveries() {
				sizes = append(sizes, len(d.ids))
				for _, id := range d.ids {
					seen[id] = true
				}
			}
			slices.SortFunc(sizes, func(a, b int) int { return b - a })
			if !slices.Equal(sizes, c.want) || len(seen) != 250 {
				t.Errorf("messages of %v with %d ids, want %v", sizes, len(seen), c.want)
			}
		})
	}
}

// TestInterval lets the calls of an hour share a message, which goes out on the hour.
func TestInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Delivery: Delivery{Interval: Duration(time.Hour)}})
		defer b.Close()
		for range 3 {
			b.do("POST", "sobjects/Contact", `{"LastName":"x"}`)
			time.Sleep(10 * time.Minute)
		}
		b.drain()
		// The clock begins at 14:03:05.
		if got := l.deliveries(); len(got) != 1 || len(got[0].ids) != 3 || got[0].after.Round(time.Millisecond) != 56*time.Minute+55*time.Second {
			t.Errorf("%+v", got)
		}
	})
}

func TestDuplicatesAndReorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Delivery: Delivery{Duplicates: 1, Reorder: Duration(time.Hour)}})
		defer b.Close()
		for range 20 {
			b.want("POST", "sobjects/Contact", `{"LastName":"x"}`, 201, `{"id"…`)
		}
		b.drain()
		times, order := map[string]int{}, []string{}
		for _, d := range l.deliveries() {
			for _, id := range d.ids {
				if times[id]++; times[id] == 1 {
					order = append(order, id)
				}
			}
		}
		for id, n := range times {
			if n != 2 {
				t.Errorf("%s comes %d times", id, n)
			}
		}
		if len(order) != 20 || slices.IsSorted(order) {
			t.Errorf("%d notifications in the order %v", len(order), order)
		}
		if c := b.status().Counts; c.Delivered != 20 || c.Duplicates != 20 || c.Failures != 0 {
			t.Errorf("%+v", c)
		}
	})
}

func TestWhatTriggers(t *testing.T) {
	users := []User{{Username: "ann@x.example", Profile: "Agent"}, {Username: "bot@x.example", Profile: "Bot"}}
	field := func(name, op, value string) Condition { return Condition{Field: name, Op: op, Value: []byte(value)} }
	message := func(on string, when ...Condition) OutboundMessage {
		m := contactMessage
		m.On, m.When = on, when
		return m
	}
	for _, c := range []struct {
		name    string
		message OutboundMessage
		user    string
		lacks   []Permissions
		body    string // of an update; a create if empty
		queued  int
		muted   int
	}{
		{"create", message(""), "ann@x.example", nil, "", 1, 0},
		{"update", message(""), "ann@x.example", nil, `{"Title":"x"}`, 1, 0},
		{"create only", message("create"), "ann@x.example", nil, `{"Title":"x"}`, 0, 0},
		{"update only", message("update"), "ann@x.example", nil, "", 0, 0},
		{"condition met", message("", field("Title", "=", `"X"`)), "ann@x.example", nil, `{"Title":"x"}`, 1, 0},
		{"condition not met", message("", field("Title", "=", `"y"`)), "ann@x.example", nil, `{"Title":"x"}`, 0, 0},
		{"field changed", message("", field("Title", "changed", "")), "ann@x.example", nil, `{"Title":"x"}`, 1, 0},
		{"other field changed", message("", field("Department", "changed", "")), "ann@x.example", nil, `{"Title":"x"}`, 0, 0},
		{"without permission", message(""), "bot@x.example", []Permissions{{Profile: "Bot", Lacks: []string{PermissionSendOutboundMessages}}}, `{"Title":"x"}`, 0, 1},
		{"another without permission", message(""), "ann@x.example", []Permissions{{User: "bot@x.example", Lacks: []string{PermissionSendOutboundMessages}}}, `{"Title":"x"}`, 1, 0},
		{"everybody without permission", message(""), "ann@x.example", []Permissions{{Lacks: []string{PermissionSendOutboundMessages}}}, "", 0, 1},
		{"refused write", message(""), "ann@x.example", nil, `{"Email":"x"}`, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := newSending(t, Options{Users: users, Delivery: Delivery{Hold: true},
				Overlay: Overlay{OutboundMessages: []OutboundMessage{c.message}, Permissions: c.lacks}})
			id := b.seed("Contact", M{"LastName": "Ada"}) // triggers nothing
			b.token = b.Login(c.user)
			if c.body == "" {
				b.do("POST", "sobjects/Contact", `{"LastName":"Bo"}`)
			} else {
				b.do("PATCH", "sobjects/Contact/"+id, c.body)
			}
			if got := b.status().Counts; got != (OutboundCounts{Queued: c.queued, Suppressed: c.muted}) {
				t.Errorf("%+v, want %d queued, %d suppressed", got, c.queued, c.muted)
			}
		})
	}
}

// TestRolledBackWritesSendNothing writes rows that a later row of the same call takes back.
func TestRolledBackWritesSendNothing(t *testing.T) {
	b, _ := newSending(t, Options{Delivery: Delivery{Hold: true}})
	ok, bad := of("Contact", `"LastName":"x"`), of("Contact", `"FirstName":"x"`)
	b.do("POST", "composite/sobjects", strings.Replace(rows(ok, bad), "false", "true", 1))
	composite := `{"allOrNone":%t,"compositeRequest":[{"method":"POST","url":"/services/data/v67.0/sobjects/Contact","referenceId":"a","body":{"LastName":"x"}},` +
		`{"method":"POST","url":"/services/data/v67.0/sobjects/Contact","referenceId":"b","body":{}}]}`
	b.do("POST", "composite", fmt.Sprintf(composite, true))
	if n := b.status().Counts.Queued; n != 0 {
		t.Errorf("%d notifications of records that are not there", n)
	}
	b.do("POST", "composite", fmt.Sprintf(composite, false))
	b.do("POST", "composite/sobjects", rows(ok, bad))
	if n := b.status().Counts.Queued; n != 2 {
		t.Errorf("%d notifications of two new records", n)
	}
}

func TestQueueIsBounded(t *testing.T) {
	b, _ := newSending(t, Options{Delivery: Delivery{Hold: true, MaxQueue: 3}})
	for range 5 {
		b.do("POST", "sobjects/Contact", `{"LastName":"x"}`)
	}
	if s := b.status(); s.Counts.Queued != 3 || s.Counts.Overflow != 2 || len(s.Notifications) != 3 {
		t.Errorf("%+v", s)
	}
}

func TestRetryAndDeleteNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Delivery: Delivery{FirstRetry: Duration(time.Hour), Batch: 1}})
		defer b.Close()
		l.answer = func(int) (int, string) { return 200, "" }
		for range 3 {
			b.do("POST", "sobjects/Contact", `{"LastName":"x"}`)
		}
		synctest.Wait()
		list := b.status().Notifications
		if len(list) != 3 || list[0].LastError != problemNotXML {
			t.Fatalf("%+v", list)
		}
		l.answer = nil
		if n := b.RetryOutbound(list[1].ID, "nobody"); n != 1 {
			t.Errorf("%d retried", n)
		}
		synctest.Wait()
		if got := l.deliveries(); len(got) != 4 || got[3].ids[0] != list[1].ID || got[3].after != 0 {
			t.Errorf("%+v", got)
		}
		if n := b.DeleteOutbound(list[0].ID); n != 1 {
			t.Errorf("%d deleted", n)
		}
		if left := b.status().Notifications; len(left) != 1 || left[0].ID != list[2].ID {
			t.Errorf("left is %+v", left)
		}
		l.block = true
		b.RetryOutbound()
		synctest.Wait()
		if s := b.status().Notifications[0]; s.State != "sending" || s.Attempts != 2 {
			t.Errorf("%+v", s)
		}
		if n := b.DeleteOutbound(); n != 1 {
			t.Errorf("%d deleted while under way", n)
		}
		b.drain() // after the time-out
		if s := b.status(); len(s.Notifications) != 0 || len(l.deliveries()) != 5 {
			t.Errorf("a deleted notification came back: %+v", s)
		}
	})
}

func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Delivery: Delivery{Speed: 1000}}) // which time-outs do not follow
		defer b.Close()
		l.block = true
		b.do("POST", "sobjects/Contact", `{"LastName":"x"}`)
		synctest.Wait()
		time.Sleep(time.Minute - 1)
		synctest.Wait()
		if s := b.status(); s.Counts.Failures != 0 || s.Notifications[0].State != "sending" {
			t.Errorf("too early: %+v", s)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if s := b.status(); s.Counts.Failures != 1 || s.Notifications[0].LastError != "no answer within 1m0s" {
			t.Errorf("after a minute: %+v", s)
		}
	})
}

// TestCloseEndsEverything would not return if a goroutine of the sender stayed.
func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{})
		l.block = true
		b.do("POST", "sobjects/Contact", `{"LastName":"x"}`)
		synctest.Wait()
		begun := time.Now()
		if err := b.Close(); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 2*time.Second {
			t.Errorf("a message under way got %s to end", took)
		}
		if n := b.status().Notifications; len(n) != 1 || n[0].LastError != "the org was closed before the answer came" {
			t.Errorf("%+v", n)
		}
		b.do("POST", "sobjects/Contact", `{"LastName":"y"}`)
		time.Sleep(time.Minute)
		if n := len(l.deliveries()); n != 1 {
			t.Errorf("a closed org sent %d messages", n)
		}
	})
}

// TestDefinitionsChange redefines, moves and removes a message while notifications are queued.
func TestDefinitionsChange(t *testing.T) {
	b, _ := newSending(t, Options{Delivery: Delivery{Hold: true}})
	action := b.status().ActionID
	if !strings.HasPrefix(action, "04k") {
		t.Errorf("action id %s", action)
	}
	b.do("POST", "sobjects/Contact", `{"LastName":"x"}`)
	m := contactMessage
	m.Name, m.Endpoint = "contact_CHANGED", "http://localhost:9001/"
	define := func() {
		t.Helper()
		if err := b.DefineOutboundMessage(m); err != nil {
			t.Fatal(err)
		}
	}
	define()
	if s := b.status(); s.ActionID != action || len(s.Notifications) != 1 || s.Endpoint != m.Endpoint {
		t.Errorf("redefined: %+v", s)
	}
	m.Object, m.Fields = "Case", nil
	define()
	if s := b.status(); s.ActionID != action || len(s.Notifications) != 0 {
		t.Errorf("of another object: %+v", s)
	}
	b.do("POST", "sobjects/Case", `{}`)
	if s := b.status(); len(s.Notifications) != 1 {
		t.Errorf("of another object: %+v", s)
	}
	b.Reset()
	if s := b.status(); len(s.Notifications) != 0 || s.Counts != (OutboundCounts{}) {
		t.Errorf("after a reset: %+v", s)
	}
	if !b.RemoveOutboundMessage(contactMessage.Name) || b.RemoveOutboundMessage(m.Name) || len(b.OutboundStatus()) != 0 {
		t.Errorf("removed: %+v", b.OutboundStatus())
	}
}

func TestOutboundMistakes(t *testing.T) {
	for overlay, want := range map[string]string{
		`{"outboundMessages":[{"name":"A b","object":"Lead","endpoint":"http://127.0.0.1/"}]}`:                                                           `"A b": its name`,
		`{"outboundMessages":[{"name":"A","object":"Leed","endpoint":"http://127.0.0.1/"}]}`:                                                             `the object "Leed"`,
		`{"outboundMessages":[{"name":"A","object":"Lead","fields":["X"],"endpoint":"http://127.0.0.1/"}]}`:                                              `the field "X"`,
		`{"outboundMessages":[{"name":"A","object":"Contact","fields":["MailingAddress"],"endpoint":"http://127.0.0.1/"}]}`:                              `compound field MailingAddress`,
		`{"outboundMessages":[{"name":"A","object":"Lead","integrationUser":"x","endpoint":"http://127.0.0.1/"}]}`:                                       `the user "x"`,
		`{"outboundMessages":[{"name":"A","object":"Lead","on":"delete","endpoint":"http://127.0.0.1/"}]}`:                                               `"delete"; that is create or update`,
		`{"outboundMessages":[{"name":"A","object":"Lead","apiVersion":30,"endpoint":"http://127.0.0.1/"}]}`:                                             `API version 30`,
		`{"outboundMessages":[{"name":"A","object":"Lead","when":[{"field":"Title","op":"is"}],"endpoint":"http://127.0.0.1"}]}`:                         `no operator "is"`,
		`{"outboundMessages":[{"name":"A","object":"Lead"}]}`:                                                                                            `no http or https URL`,
		`{"outboundMessages":[{"name":"A","object":"Lead","endpoint":"ftp://127.0.0.1/"}]}`:                                                              `no http or https URL`,
		`{"outboundMessages":[{"name":"A","object":"Lead","endpoint":"http://listener.example/"}]}`:                                                      `not on this machine`,
		`{"outboundMessages":[{"name":"A","object":"Lead","endpoint":"http://10.0.0.1/"}]}`:                                                              `not on this machine`,
		`{"outboundMessages":[{"name":"A","object":"Lead","endpoint":"https://127.0.0.1:80/"}]}`:                                                         `a port that Salesforce does not send to`,
		`{"outboundMessages":[{"name":"A","object":"Lead","endpoint":"http://127.0.0.1:1023/"}]}`:                                                        `a port that Salesforce does not send to`,
		`{"outboundMessages":[{"name":"A","object":"Lead","endpoint":"http://127.0.0.1/"},{"name":"a","object":"Case","endpoint":"http://127.0.0.1/"}]}`: `"a" is defined twice`,
		`{"permissions":[{"user":"x","lacks":["Send Outbound Messages"]}]}`:                                                                              `the user "x"`,
		`{"permissions":[{"lacks":["Send E-mail"]}]}`:                                                                                                    `the permission "Send E-mail"`,
	} {
		v, err := ParseOverlay([]byte(overlay))
		if err == nil {
			_, err = New(Options{Overlay: v})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", overlay, err, want)
		}
	}
	remote := contactMessage
	remote.Endpoint = "https://listener.example/soap"
	if _, err := New(Options{Overlay: Overlay{OutboundMessages: []OutboundMessage{remote}}, AllowRemoteEndpoints: true}); err != nil {
		t.Errorf("a remote endpoint that is allowed: %v", err)
	}
	for want, d := range map[string]Delivery{
		"negative": {FirstRetry: -1}, "as batch": {Batch: 101}, "as connections": {Connections: -1}, "as maxQueue": {MaxQueue: -5},
		"jitter": {Jitter: 1.5}, "duplicates": {Duplicates: -0.1}, "speed": {Speed: math.NaN()}, "a year": {Lifetime: math.MaxInt64},
	} {
		if _, err := New(Options{Delivery: d}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", d, err, want)
		}
	}
}
