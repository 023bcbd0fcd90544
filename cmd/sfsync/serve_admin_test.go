package main

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
)

// Who signs in again does not wait for the hour that the daemon would wait by itself.
func TestServeGoesOnWhenAConnectionIsRenewed(t *testing.T) {
	org := testOrg(t)
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL(), "--save-connection", "production")
	id, err := org.Break(orgsim.Fault{Kind: orgsim.FaultSessionBlocked, Path: "sobjects"})
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := s.event(response("r-1", 9) + "\n" + response("r-2", 8)); status != 202 {
		t.Fatalf("%d %s", status, answer)
	}
	waiting := func() bool {
		out, _ := call(t, "", "runs", "list", "--outcome", "waiting", "--format", "json")
		return strings.Contains(out, `"why":"connection"`)
	}
	eventually(t, "the event waits", waiting)
	org.Heal(id)

	at := readServingFile(os.Getenv(homeVariable))
	if at == nil || !at.answers(t.Context()) {
		t.Fatal("the daemon is not found")
	}
	kv := daemonState{at}
	saved, err := store.GetConnection(t.Context(), kv, "production")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutSchema(t.Context(), kv, store.Schema{Connection: "production", Object: "Nothing"}); err != nil {
		t.Fatal(err)
	}
	if !waiting() {
		t.Error("a schema is no reason to try again")
	}
	if err := store.PutConnection(t.Context(), kv, saved); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the contact has its score", func() bool { return field(org, "Contact", testContact, "NPS_Score__c") == "8" })
}

// Nothing of the store is open to those who do not know the token of its directory.
func TestAdminDemandsTheToken(t *testing.T) {
	org := testOrg(t)
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL(), "--save-connection", "production")
	for _, c := range []struct{ method, path string }{
		{http.MethodGet, "/serving"}, {http.MethodGet, "/runs?ref=x"}, {http.MethodPost, "/runs"}, {http.MethodPost, "/runs/retry"},
		{http.MethodPost, "/runs/discard"}, {http.MethodGet, "/state/entry?key=connection/production"}, {http.MethodPut, "/state/entry"},
		{http.MethodDelete, "/state/entry?key=connection/production&revision=1"}, {http.MethodGet, "/state/entries?prefix="},
	} {
		for name, header := range map[string]string{"none": "", "that of the senders": "Bearer " + testToken} {
			req, err := http.NewRequest(c.method, s.Admin+c.path, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", header)
			if status, answer := s.do(req); status != http.StatusUnauthorized || strings.Contains(answer, "instance") {
				t.Errorf("%s %s with the token %s: %d %s", c.method, c.path, name, status, answer)
			}
		}
	}
	// Too much is refused before it is done.
	at := readServingFile(os.Getenv(homeVariable))
	for path, wish := range map[string]runWish{
		"/runs/discard": {Events: make([]string, maxWishes+1)},
		"/runs/retry":   {Runs: []string{"nothing-of-this-name"}},
	} {
		if err := at.askJSON(t.Context(), http.MethodPost, path, wish, nil); err == nil {
			t.Errorf("%s took it", path)
		}
	}
}
