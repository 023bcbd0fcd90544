package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is a sender that keeps what it is given, and fails as often as told.
type recorder struct {
	messages []*Message
	at       []time.Time
	fail     int
}

func (r *recorder) Name() string { return "recorder" }

func (r *recorder) Send(_ context.Context, m *Message) error {
	if r.fail != 0 {
		r.fail--
		return errors.New("no answer")
	}
	r.messages, r.at = append(r.messages, m), append(r.at, time.Now())
	return nil
}

// bubble runs a test of an alerter on a clock of its own.
func bubble(t *testing.T, r *recorder, test func(a *Alerter, stop func())) {
	synctest.Test(t, func(t *testing.T) {
		a := New(Config{Senders: []Sender{r}, Source: "sfsync on test"})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { a.Run(ctx); close(ended) }()
		test(a, func() { cancel(); <-ended })
		cancel()
		<-ended
	})
}

func failure(cause string) Alert {
	return Alert{Kind: Failure, Subject: cause, Message: "events fail: " + cause, Help: "look at the run log"}
}

func TestGroups(t *testing.T) {
	r := &recorder{}
	bubble(t, r, func(a *Alerter, _ func()) {
		begun := time.Now()
		for range 1000 {
			a.Raise(failure("no_permission"))
		}
		pass(2 * time.Second)
		a.Raise(failure("duplicate"))
		a.Raise(Alert{Kind: Auth, Message: "signed out"})
		pass(time.Minute)
		if len(r.messages) != 1 {
			t.Fatalf("%d messages", len(r.messages))
		}
		if got := r.at[0].Sub(begun); got != 10*time.Second {
			t.Errorf("told after %s", got)
		}
		m := r.messages[0]
		if len(m.Alerts) != 3 || m.Alerts[0].Count != 1000 || m.Alerts[0].Subject != "no_permission" {
			t.Errorf("%+v", m.Alerts)
		}
		for _, want := range []string{"sfsync on test", "1000 times", "signed out", "What to do: look at the run log"} {
			if !strings.Contains(m.Text(), want) {
				t.Errorf("%q is not in:\n%s", want, m.Text())
			}
		}
	})
}

func TestMessagesKeepADistance(t *testing.T) {
	r := &recorder{}
	bubble(t, r, func(a *Alerter, _ func()) {
		for i := range 600 { // a new cause every second, for ten minutes
			a.Raise(failure(fmt.Sprint("cause ", i%150)))
			pass(time.Second)
		}
		for i := 1; i < len(r.at); i++ {
			if d := r.at[i].Sub(r.at[i-1]); d < 5*time.Minute {
				t.Errorf("two messages within %s", d)
			}
		}
		if len(r.messages) != 2 {
			t.Errorf("%d messages", len(r.messages))
		}
	})
}

func TestRepeats(t *testing.T) {
	r := &recorder{}
	bubble(t, r, func(a *Alerter, _ func()) {
		for range 13 * 60 { // once a minute, for thirteen hours
			a.Raise(failure("network"))
			pass(time.Minute)
		}
		if len(r.messages) != 3 {
			t.Fatalf("%d messages in thirteen hours", len(r.messages))
		}
		// What came between the first and the second message is counted in the second.
		if n := r.messages[1].Alerts[0].Count; n < 359 || n > 361 {
			t.Errorf("the second message counts %d", n)
		}
	})
}

func TestKeepsWhatCannotBeSent(t *testing.T) {
	r := &recorder{fail: attempts}
	bubble(t, r, func(a *Alerter, _ func()) {
		a.Raise(failure("network"))
		pass(4 * time.Minute)
		if len(r.messages) != 0 {
			t.Fatal("sent although it failed")
		}
		a.Raise(failure("network"))
		pass(10 * time.Minute)
		if len(r.messages) != 1 || r.messages[0].Alerts[0].Count != 2 {
			t.Fatalf("%+v", r.messages)
		}
	})
}

func TestTellsAtTheEnd(t *testing.T) {
	r := &recorder{}
	bubble(t, r, func(a *Alerter, stop func()) {
		a.Raise(failure("network"))
		synctest.Wait()
		stop()
		if len(r.messages) != 1 {
			t.Fatalf("%d messages", len(r.messages))
		}
	})
}

// deaf is a sender whose messages never arrive.
type deaf struct{}

func (deaf) Name() string { return "deaf" }
func (deaf) Send(ctx context.Context, _ *Message) error {
	<-ctx.Done()
	return ctx.Err()
}

// timely is a recorder that can do nothing after its time.
type timely struct{ recorder }

func (r *timely) Send(ctx context.Context, m *Message) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return r.recorder.Send(ctx, m)
}

// At the end, too, one who does not listen keeps nobody else from hearing, and the program
// ends soon.
func TestTellsAtTheEndBesideTheDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &timely{}
		a := New(Config{Senders: []Sender{deaf{}, r}})
		ctx, cancel := context.WithCancel(t.Context())
		a.Raise(failure("no_permission"))
		cancel()
		begun := time.Now()
		a.Run(ctx)
		if len(r.messages) != 1 || time.Since(begun) > 10*time.Second {
			t.Errorf("%d messages after %v", len(r.messages), time.Since(begun))
		}
	})
}

func TestBounded(t *testing.T) {
	r := &recorder{}
	bubble(t, r, func(a *Alerter, _ func()) {
		for i := range 3 * maxSubjects {
			a.Raise(failure(fmt.Sprint(i)))
		}
		pass(time.Minute)
		m := r.messages[0]
		if len(m.Alerts) != maxSubjects || m.LeftOut != 2*maxSubjects {
			t.Errorf("%d alerts, %d left out", len(m.Alerts), m.LeftOut)
		}
		pass(7 * time.Hour)
		a.Raise(failure("new"))
		pass(time.Hour)
		if len(r.messages) != 2 || r.messages[1].LeftOut != 0 {
			t.Errorf("%d messages", len(r.messages))
		}
	})
}

func TestNobodyToTell(t *testing.T) {
	a := New(Config{})
	a.Raise(failure("network"))
	if len(a.known) != 0 {
		t.Error("kept what nobody will be told")
	}
}

func TestLogsFailures(t *testing.T) {
	var log bytes.Buffer
	var told []error
	synctest.Test(t, func(t *testing.T) {
		a := New(Config{Senders: []Sender{&recorder{fail: 1}}, Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Sent: func(_ string, err error) { told = append(told, err) }})
		ctx, cancel := context.WithCancel(t.Context())
		go a.Run(ctx)
		a.Raise(failure("network"))
		pass(time.Minute)
		cancel()
		synctest.Wait()
	})
	if !strings.Contains(log.String(), "no answer") || len(told) != 2 || told[0] == nil || told[1] != nil {
		t.Error(log.String(), told)
	}
}

func TestText(t *testing.T) {
	m := &Message{Source: "s", Alerts: []Told{{Kind: Failure, Message: "a\r\nBcc: x@y.z\x1b[31m" + strings.Repeat("é", 600), Count: 1}}, LeftOut: 3}
	title := m.Title()
	if strings.ContainsAny(title, "\r\n\x1b") || len(title) > maxLine+10 {
		t.Errorf("%q", title)
	}
	if !strings.Contains(m.Text(), "3 more alerts") {
		t.Error(m.Text())
	}
	m.Alerts = append(m.Alerts, Told{Message: "b", Count: 1})
	if !strings.Contains(m.Title(), "2 alerts") {
		t.Error(m.Title())
	}
}

// pass lets time go by, and whatever it brings happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
