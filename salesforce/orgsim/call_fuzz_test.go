package orgsim

import (
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Whatever a client asks, it gets an answer of the API, and what is called JSON is.
func FuzzCall(f *testing.F) {
	f.Add("POST", "sobjects/Contact", `{"LastName":"x","Account":{"Name":"y"}}`)
	f.Add("PATCH", "sobjects/Contact/Loyalty_Id__c/1", `{"LastName":"x"}`)
	f.Add("PATCH", "composite/sobjects", `{"records":[{"attributes":{"type":"Contact"},"id":"003Sm0000000001IAA","NPS_Score__c":1e5}]}`)
	f.Add("PATCH", "composite/sobjects/Contact/Loyalty_Id__c", `{"allOrNone":true,"records":[{"attributes":{"type":"Contact"},"Loyalty_Id__c":"1"}]}`)
	f.Add("POST", "composite", `{"allOrNone":true,"compositeRequest":[{"method":"POST","url":"/services/data/v67.0/sobjects/Contact","referenceId":"a","body":{"LastName":"x"}},`+
		`{"method":"PATCH","url":"/services/data/v67.0/sobjects/Contact/@{a.id}","referenceId":"b","body":{"LastName":"x"}}]}`)
	f.Add("POST", "composite/batch", `{"batchRequests":[{"method":"GET","url":"v67.0/limits"}]}`)
	f.Add("GET", "query?q=SELECT+Id,Account.Name+FROM+Contact+WHERE+LastName+LIKE+'%25x'+AND+(NPS_Score__c+>+1+OR+NOT+Email+=+null)+ORDER+BY+LastName+DESC+NULLS+LAST+LIMIT+5+OFFSET+1", "")
	f.Add("DELETE", "composite/sobjects?ids=003Sm0000000001IAA", "")
	f.Add("GET", "sobjects/Contact/003Sm0000000001IAA?fields=Id,MailingAddress,Name", "")
	org, err := New(Options{Seed: 7})
	if err != nil {
		f.Fatal(err)
	}
	token := org.Login("")
	f.Fuzz(func(t *testing.T, method, path, body string) {
		u, err := url.Parse("http://127.0.0.1/services/data/v67.0/" + path)
		if err != nil || strings.Trim(method, "ACDEGHILOPSTU") != "" {
			return // nothing that a client can send
		}
		r := httptest.NewRequest("GET", "http://127.0.0.1/", strings.NewReader(body))
		r.Method, r.URL, r.RequestURI = method, u, u.RequestURI()
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		org.ServeHTTP(w, r)
		if w.Code < 200 || w.Code > 415 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if kind := w.Header().Get("Content-Type"); strings.HasPrefix(kind, "application/json") && w.Header().Get("Content-Encoding") == "" && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("this is no JSON: %s", w.Body)
		}
	})
}
