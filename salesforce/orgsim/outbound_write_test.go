package orgsim

import (
	"bytes"
	"encoding/xml"
	"flag"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMessage compares a message of two contacts byte by byte.
func TestMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{
			Users: []User{{Username: "admin@x.example", ViewEncryptedData: true}, {Username: "sender@x.example", Profile: "Sender"}},
			Overlay: Overlay{
				Access:  []Access{{Profile: "Sender", Object: "Contact", Hidden: []string{"Phone"}}},
				Sharing: []Sharing{{User: "sender@x.example", Object: "Contact", When: []Condition{{Field: "Department", Op: "=", Value: []byte(`"Secret"`)}}, Level: "none"}},
				OutboundMessages: []OutboundMessage{{Name: "All_kinds", Object: "contact", Endpoint: "http://127.0.0.1:9000/", IntegrationUser: "sender@x.example", APIVersion: 61,
					Fields: []string{"title", "Survey_Consent__c", "NPS_Score__c", "Lifetime_Value__c", "Last_Survey_At__c", "Birthdate", "AccountId", "Id", "Title", "Interests__c",
						"National_Id__c", "Phone", "Preferred_Call_Time__c", "Name", "CreatedDate", "Email", "MailingCity", "NPS_Group__c", "Customer_Comment__c", "LastModifiedById", "Id"}}},
			},
			Delivery: Delivery{Hold: true},
		})
		defer b.Close()
		account := b.seed("Account", M{"Name": "Acme"})
		b.want("POST", "composite/sobjects", rows(
			of("Contact", `"LastName":"Lovelace","FirstName":"Ada","Title":"R&D <lead>","Survey_Consent__c":true,"NPS_Score__c":9,"Lifetime_Value__c":139000000.25,
				"Last_Survey_At__c":"2026-11-20T15:03:00+01:00","Birthdate":"1978-01-01","AccountId":"`+account+`","Interests__c":"Events;Events","National_Id__c":"123-45",
				"Phone":"+49 30 1","Preferred_Call_Time__c":"09:30:00Z","Email":"ada@x.example","MailingCity":"Zürich 😀","Customer_Comment__c":"two\r\nlines \"quoted\" \u0001"`),
			of("Contact", `"LastName":"Babbage"`),
			of("Contact", `"LastName":"Hidden","Department":"Secret"`)), 200, `[{"id"…`)
		b.release()
		b.drain()
		got := []byte(l.deliveries()[0].body)
		if *update {
			if err := os.WriteFile("testdata/outbound.xml", got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile("testdata/outbound.xml")
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("message is\n%s\nwant\n%s", got, want)
		}
	})
}

// TestRecordedMessage compares a message line by line with a recorded one, where it is at hand: all but values
// is the same.
func TestRecordedMessage(t *testing.T) {
	recorded, err := os.ReadFile(filepath.Join(realData(), "outbound", "asplabs_contact_x2.xml"))
	if err != nil {
		t.Skip("no recorded message at hand")
	}
	synctest.Test(t, func(t *testing.T) {
		m := contactMessage
		m.Fields = []string{"Title", "LastName", "FirstName", "Email", "CreatedDate"}
		b, l := newSending(t, Options{Delivery: Delivery{Hold: true}, Overlay: Overlay{OutboundMessages: []OutboundMessage{m}}})
		defer b.Close()
		b.want("POST", "composite/sobjects", rows(
			of("Contact", `"FirstName":"Ada","LastName":"Lovelace","Title":"Countess"`),
			of("Contact", `"FirstName":"Charles","LastName":"Babbage","Title":"Professor","Email":"charles@x.example"`)), 200, `[{"id"…`)
		b.release()
		b.drain()
		shape := func(message string) []string {
			message = strings.TrimPrefix(message, `<?xml version="1.0" encoding="UTF-8"?>`+"\n")
			message = strings.Replace(message, `<SessionId xsi:nil="true"/>`, `<SessionId></SessionId>`, 1)
			message = regexp.MustCompile(`>[^<>\n]+</`).ReplaceAllString(message, "></")
			return strings.Split(strings.TrimSpace(strings.ReplaceAll(message, "\r", "")), "\n")
		}
		if got, want := shape(l.deliveries()[0].body), shape(string(recorded)); !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestEmptySessionID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, l := newSending(t, Options{Assumptions: Assumptions{EmptySessionID: true}})
		defer b.Close()
		b.do("POST", "sobjects/Contact", `{"LastName":"x"}`)
		b.drain()
		if body := l.deliveries()[0].body; !bytes.Contains([]byte(body), []byte("\n   <SessionId></SessionId>\n")) {
			t.Error(body)
		}
	})
}

func TestDoubles(t *testing.T) {
	for _, c := range []struct{ stored, want, plain string }{
		{"39", "39.0", "39.0"},
		{"39.0", "39.0", "39.0"},
		{"0.0", "0.0", "0.0"},
		{"-0.5", "-0.5", "-0.5"},
		{"120000.0", "120000.0", "120000.0"},
		{"9999999.5", "9999999.5", "9999999.5"},
		{"10000000", "1.0E7", "10000000.0"},
		{"-139000000.25", "-1.3900000025E8", "-139000000.25"},
		{"0.001", "0.001", "0.001"},
		{"0.00012", "1.2E-4", "0.00012"},
		{"999999999999999999.0", "1.0E18", "1000000000000000000.0"},
		{"4.35", "4.35", "4.35"},
	} {
		if got, plain := string(appendDouble(nil, c.stored, false)), string(appendDouble(nil, c.stored, true)); got != c.want || plain != c.plain {
			t.Errorf("%s is %s and %s, want %s and %s", c.stored, got, plain, c.want, c.plain)
		}
	}
}

// FuzzEscaped reads text back as a listener does: all is there, but for what XML cannot hold.
func FuzzEscaped(f *testing.F) {
	f.Add("a<b>&\"'c\r\n\t]]>")
	f.Add("\x00\x1f\ufffe\uffff\U0001f600\xff")
	f.Fuzz(func(t *testing.T, s string) {
		var want []rune
		for _, c := range s {
			if c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0xFFFE || c == 0xFFFF {
				c = utf8.RuneError
			}
			want = append(want, c)
		}
		var got string
		if err := xml.Unmarshal(append(appendEscaped([]byte("<a>"), s), "</a>"...), &got); err != nil || got != string(want) {
			t.Errorf("%q is read as %q, %v", s, got, err)
		}
	})
}

// BenchmarkOutbound measures what sending costs the writers of rows, 200 a call: nothing defined, messages whose
// conditions do not hold, and every row's notification sent.
func BenchmarkOutbound(b *testing.B) {
	never := contactMessage
	never.When = []Condition{{Field: "Title", Op: "changed"}}
	for _, c := range []struct {
		name     string
		messages []OutboundMessage
	}{{"none", []OutboundMessage{}}, {"unmet", []OutboundMessage{never}}, {"sent", []OutboundMessage{contactMessage}}} {
		b.Run(c.name, func(b *testing.B) {
			bench, _ := newSending(b, Options{DailyLimit: -1, Overlay: Overlay{OutboundMessages: c.messages}})
			defer bench.Close()
			bench.outbox.client.Transport = acknowledging{}
			var list []string
			for range maxRows {
				list = append(list, of("Contact", `"id":"`+bench.seed("Contact", M{"LastName": "x"})+`","NPS_Score__c":9,"Customer_Comment__c":"Quick and friendly, thank you."`))
			}
			body := rows(list...)
			b.ReportAllocs()
			for b.Loop() {
				if w := bench.do("PATCH", "composite/sobjects", body); w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
			b.ReportMetric(float64(b.N*maxRows)/b.Elapsed().Seconds(), "rows/s")
			bench.drain()
		})
	}
}

// acknowledging is a listener that keeps nothing.
type acknowledging struct{}

func (acknowledging) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/xml"}}, Body: io.NopCloser(strings.NewReader(ackTrue)), Request: r}, nil
}
