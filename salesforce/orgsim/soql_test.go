package orgsim

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestQuery(t *testing.T) {
	b := newBench(t, Options{})
	acme := b.seed("Account", M{"Name": "Acme", "Crm_Key__c": "k"})
	for i, name := range []string{"Ada", "bob", "Cy", "O'Neil"} {
		fields := M{"LastName": name, "NPS_Score__c": i * 3, "DoNotCall": i%2 == 0, "Interests__c": []string{"Events;Training", "Events", "", "Newsletter"}[i]}
		if i < 2 {
			fields["AccountId"] = acme
			fields["Last_Survey_At__c"] = fmt.Sprintf("2026-11-2%dT10:00:00Z", i)
		}
		b.seed("Contact", fields)
	}
	b.seed("Contact", M{"LastName": "Gone", "IsDeleted": true})
	for _, c := range []struct{ where, want string }{
		{"", "Ada bob Cy O'Neil"},
		{"WHERE LastName = 'BOB'", "bob"},
		{`WHERE LastName = 'O\'Neil'`, "O'Neil"},
		{"WHERE NPS_Score__c >= 3 AND NPS_Score__c < 9", "bob Cy"},
		{"WHERE NPS_Score__c = 0 OR (NPS_Score__c > 3 AND NOT LastName LIKE 'o_%')", "Ada Cy"},
		{"WHERE LastName LIKE '%y'", "Cy"},
		{"WHERE LastName IN ('ada', 'cy') ORDER BY LastName DESC", "Cy Ada"},
		{"WHERE LastName NOT IN ('ada', 'cy')", "bob O'Neil"},
		{"WHERE DoNotCall = true", "Ada Cy"},
		{"WHERE AccountId != null", "Ada bob"},
		{"WHERE Account.Name = 'acme' ORDER BY NPS_Score__c DESC NULLS LAST LIMIT 1", "bob"},
		{"WHERE Account.Owner.Name LIKE 'Survey%'", "Ada bob"},
		{"WHERE AccountId = '" + acme[:15] + "'", "Ada bob"},
		{"WHERE Last_Survey_At__c > 2026-11-20T11:00:00+01:00", "bob"},
		{"WHERE Interests__c INCLUDES ('Events;Training', 'Newsletter')", "Ada O'Neil"},
		{"WHERE Interests__c EXCLUDES ('Events')", "Cy O'Neil"},
		{"ORDER BY Last_Survey_At__c, LastName", "Cy O'Neil Ada bob"},
		{"ORDER BY Last_Survey_At__c DESC NULLS LAST, LastName DESC OFFSET 1", "Ada O'Neil Cy"},
	} {
		w := b.do("GET", "query?q="+url.QueryEscape("SELECT LastName FROM Contact "+c.where), "")
		var names []string
		for _, r := range decodeBody[struct{ Records []M }](t, w).Records {
			names = append(names, r["LastName"].(string))
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s: got %q, want %q (%s)", c.where, got, c.want, w.Body)
		}
	}
	b.want("GET", "query?q="+url.QueryEscape("select Name, account.Name, Account.Owner.Username from contact where LastName in ('ada','cy')"), "", 200,
		`{"totalSize":2,"done":true,"records":[{"attributes":{"type":"Contact","url":"/services/data/v67.0/sobjects/Contact/003Sm0000000001IAA"},"Name":"Ada","Account":`+
			`{"attributes":{"type":"Account","url":"/services/data/v67.0/sobjects/Account/`+acme+`"},"Name":"Acme","Owner":`+
			`{"attributes":{"type":"User","url":"/services/data/v67.0/sobjects/User/`+b.config.Load().users[0].ID+`"},"Username":"`+DefaultUsername+`"}}},`+
			`{"attributes":{"type":"Contact","url":"/services/data/v67.0/sobjects/Contact/003Sm0000000003IAA"},"Name":"Cy","Account":null}]}`)
	b.want("GET", "query?q="+url.QueryEscape("SELECT COUNT() FROM Contact"), "", 200, `{"totalSize":4,"done":true,"records":[]}`)
	b.want("GET", "queryAll?q="+url.QueryEscape("SELECT COUNT() FROM Contact"), "", 200, `{"totalSize":5,"done":true,"records":[]}`)
	b.want("GET", "query?q="+url.QueryEscape("SELECT FIELDS(ALL) FROM Contact LIMIT 1"), "", 200, `{"totalSize":1,"done":true,"records":[{"attributes"…`)
}

func TestQueryErrors(t *testing.T) {
	b := newBench(t, Options{})
	for q, want := range map[string]string{
		"SELECT Nme FROM Contact":                              `[{"message":"\nSELECT Nme FROM Contact\n       ^\nERROR at Row:1:Column:8\nNo such column 'Nme' on entity 'Contact'. …`,
		"SELECT Id FROM Accout":                                `[{"message":"\nSELECT Id FROM Accout\n               ^\nERROR at Row:1:Column:16\nsObject type 'Accout' is not supported. …`,
		"SELECT FROM Contact":                                  `[{"message":"…`,
		"SELECT Id, Id FROM Contact":                           `[{"message":"…`,
		"SELECT Id FROM Contact WHERE LastName = x":            `[{"message":"…`,
		"SELECT Id FROM Contact WHERE LastName = 'x":           `[{"message":"…`,
		"SELECT Id FROM Contact WHERE NPS_Score__c = 'x'":      `[{"message":"…`,
		"SELECT Id FROM Contact WHERE Birthdate = TODAY":       `[{"message":"…`,
		"SELECT Id FROM Contact GROUP BY Id":                   `[{"message":"…`,
		"SELECT Nope__r.Id FROM Contact":                       `[{"message":"…`,
		"SELECT MAX(Id) FROM Contact":                          `[{"message":"…`,
		"SELECT Id FROM Contact WHERE " + nested(60):           `[{"message":"…`,
		"SELECT Id FROM Contact WHERE AccountId = 'zz'":        `[{"message":"…`,
		"SELECT Id FROM Contact ORDER BY Nope":                 `[{"message":"…`,
		"SELECT Id FROM Contact LIMIT -1":                      `[{"message":"…`,
		"SELECT Id FROM Contact WHERE Title = 'é" + "' AND ; ": `[{"message":"…`,
		"": `[{"message":"…`,
	} {
		b.want("GET", "query?q="+url.QueryEscape(q), "", 400, want)
	}
}

func nested(n int) string { return strings.Repeat("(", n) + "Id = null" + strings.Repeat(")", n) }

func TestQueryBatches(t *testing.T) {
	b := newBench(t, Options{})
	var list []map[string]any
	for i := range 450 {
		list = append(list, M{"LastName": fmt.Sprint(i)})
	}
	if _, err := b.Seed("Contact", list...); err != nil {
		t.Fatal(err)
	}
	b.header["Sforce-Query-Options"] = "batchSize=200"
	type page struct {
		TotalSize      int
		Done           bool
		NextRecordsURL string
		Records        []M
	}
	next, seen := "/services/data/v67.0/query?q="+url.QueryEscape("SELECT LastName FROM Contact"), 0
	for i := 0; next != ""; i++ {
		p := decodeBody[page](t, b.do("GET", next, ""))
		for _, r := range p.Records {
			if r["LastName"] != fmt.Sprint(seen) {
				t.Fatalf("record %d is %v", seen, r)
			}
			seen++
		}
		if p.TotalSize != 450 || p.Done != (i == 2) {
			t.Fatalf("page %d is %d done %v", i, p.TotalSize, p.Done)
		}
		next = p.NextRecordsURL
	}
	if seen != 450 {
		t.Errorf("%d of 450 records came", seen)
	}
	b.want("GET", "query/01gnone-200", "", 400, `[{"message":"invalid query locator"…`)
}

// FuzzQuery: a query is answered or refused with a place inside it; nothing else.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{"SELECT Id FROM Contact", "SELECT Name, Account.Name FROM Contact WHERE (NPS_Score__c > 3 OR NOT Title = 'x\\'') AND Birthdate <= 2020-01-01 ORDER BY Name DESC LIMIT 3",
		"SELECT COUNT() FROM Case", "SELECT Id FROM Contact WHERE Interests__c INCLUDES ('a;b','c')", "'", "SELECT", ""} {
		f.Add(q)
	}
	org, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	b := &bench{Org: org, t: f, token: org.Login("")}
	b.seed("Contact", M{"LastName": "Ada", "NPS_Score__c": 4})
	f.Fuzz(func(t *testing.T, q string) {
		b := &bench{Org: org, t: t, token: b.token}
		w := b.do("GET", "query?q="+url.QueryEscape(q), "")
		switch w.Code {
		case 200:
			decodeBody[struct{ Records []M }](t, w)
		case 400:
			list := decodeBody[[]struct{ ErrorCode, Message string }](t, w)
			if len(list) != 1 || list[0].ErrorCode == "" {
				t.Errorf("%q: %s", q, w.Body)
			}
		default:
			t.Errorf("%q: %d", q, w.Code)
		}
	})
}
