package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/salesforce"
)

// startedOrg is an `sfsync org start` that runs in this process until the test ends.
type startedOrg struct {
	URL    string `json:"instance_url"`
	ID     string `json:"organization_id"`
	Client string `json:"client_id"`
	Secret string `json:"client_secret"`
	User   string `json:"username"`
}

func startOrg(t *testing.T, args ...string) *startedOrg {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	log := &safeBuffer{}
	c := &console{in: strings.NewReader(""), out: w, err: log, width: defaultWidth}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.exit(execute(ctx, c, append([]string{"sfsync", "org", "start", "--addr", "127.0.0.1:0", "--format", "json"}, args...)))
		w.Close()
	}()
	t.Cleanup(func() { cancel(); <-ended })
	out := new(startedOrg)
	if err := json.NewDecoder(r).Decode(out); err != nil {
		t.Fatalf("it does not start: %v\n%s", err, log)
	}
	go io.Copy(io.Discard, r)
	return out
}

func (o *startedOrg) ask(t *testing.T, method, path, body string) string {
	t.Helper()
	req, err := http.NewRequest(method, o.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%s %s: %s %s (%v)", method, path, res.Status, data, err)
	}
	return string(data)
}

func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What flags and the file of --options say, the org does.
func TestOrgOptions(t *testing.T) {
	options := writeFile(t, "options.json", `{
		"users": [{"username": "robot@example.com", "name": "Robot"}],
		"apps": [{"clientID": "my-app", "clientSecret": "my-secret", "runAs": "robot@example.com"}],
		"delivery": {"duplicates": 0.5, "maxRetry": "10m", "speed": 2},
		"assumptions": {"numberTextAccepted": true}}`)
	org := startOrg(t, "--options", options, "--delivery-speed", "3600", "--clock-speed", "60", "--environment", "sandbox",
		"--org-id", "00D000000000077", "--daily-limit", "77", "--session", "1h", "--jitter", "1ms")
	if org.Client != "my-app" || org.Secret != "my-secret" || org.User != "robot@example.com" || !strings.HasPrefix(org.ID, "00D000000000077") {
		t.Errorf("it says %+v", org)
	}
	delivery := org.ask(t, "GET", "/sim/delivery", "")
	for _, want := range []string{`"duplicates": 0.5`, `"maxRetry": "10m0s"`, `"speed": 3600`} {
		if !strings.Contains(delivery, want) {
			t.Errorf("%s is not in %s", want, delivery)
		}
	}
	if clock := org.ask(t, "GET", "/sim/clock", ""); !strings.Contains(clock, `"speed": 60`) {
		t.Error(clock)
	}
	if stats := org.ask(t, "GET", "/sim/stats", ""); !strings.Contains(stats, `"apiMax": 77`) {
		t.Error(stats)
	}
	source, err := salesforce.ClientCredentials(org.URL, org.Client, org.Secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := salesforce.New(salesforce.Config{InstanceURL: org.URL, Token: source})
	if err != nil {
		t.Fatal(err)
	}
	if r := client.Create(t.Context(), salesforce.Row{Object: "Contact", Body: []byte(`{"LastName":"Text","NPS_Score__c":"7"}`)}); r.Err != nil {
		t.Errorf("a number as text is refused, against the assumption: %v", r.Err)
	}
}

// An org with a client certificate sends messages to a daemon that asks for one, and
// the daemon's answer counts: the loop of two terminals, with TLS.
func TestOrgSendsWithCertificate(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificate(t, dir, "server")
	clientCert, clientKey := certificate(t, dir, "client")
	org := startOrg(t, "--client-cert", clientCert, "--client-key", clientKey, "--endpoint-ca", cert, "--delivery-speed", "1000",
		"--seed", "../../examples/survey/org/seed.json")
	t.Setenv(idVariable, org.Client)
	t.Setenv(secretVariable, org.Secret)
	t.Setenv(eventsTokenVariable, testToken)
	t.Setenv(homeVariable, t.TempDir())
	s := startServe(t, rulesDir(t, caseRules), "--instance", org.URL, "--tls-cert", cert, "--tls-key", key, "--soap-client-ca", clientCert)
	org.ask(t, "PUT", "/sim/outbound/Case_saved", fmt.Sprintf(`{"object": "Case", "fields": ["ContactId"], "endpoint": %q}`, s.Soap["production"]))
	source, err := salesforce.ClientCredentials(org.URL, org.Client, org.Secret, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := salesforce.New(salesforce.Config{InstanceURL: org.URL, Token: source})
	if err != nil {
		t.Fatal(err)
	}
	if r := client.Update(t.Context(), salesforce.Row{Object: "Case", ID: testCase, Body: []byte(`{"Status":"Closed"}`)}); r.Err != nil {
		t.Fatal(r.Err)
	}
	eventually(t, "the message is acknowledged", func() bool { return strings.Contains(org.ask(t, "GET", "/sim/outbound", ""), `"delivered": 1`) })
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(cert)
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	secure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}}
	defer secure.CloseIdleConnections()
	req, err := http.NewRequest(http.MethodPost, s.Distributions, strings.NewReader(`{"of": "`+testCase+`", "status": "Failed"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+testToken)
	req.Header.Set("Content-Type", "application/json")
	res, err := secure.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 202 {
		t.Error(res.Status)
	}
	eventually(t, "the status is on the case", func() bool {
		return strings.Contains(org.ask(t, "GET", "/sim/records/Case/"+testCase, ""), `"Survey_Status__c": "FAILED"`)
	})
}
