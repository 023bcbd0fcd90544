package orgsim

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// FuzzOAuth sends strangers' text to every OAuth endpoint: the answer is never the org's own failure, never
// a token, and never shows markup that was sent.
func FuzzOAuth(f *testing.F) {
	f.Add("authorize", "client_id=sfsync-simulated-app&response_type=code&redirect_uri=http://127.0.0.1:1/cb", "", "")
	f.Add("authorize", "", "request=x&do=login&username=a&password=b", "sim_browser=x")
	f.Add("authorize", "client_id=<script>alert(1)</script>&login_hint=\"><script>", "", "")
	f.Add("token", "", "grant_type=authorization_code&client_id=sfsync-simulated-app&code=x&redirect_uri=y&code_verifier=z", "")
	f.Add("token", "", "grant_type=refresh_token&client_id=sfsync-simulated-app&client_secret=x&refresh_token=5Aep861x", "")
	f.Add("token", "", "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.eA", "")
	f.Add("introspect", "", "token=x", "")
	f.Add("revoke", "token=%zz", "", "")
	org, err := New(Options{Seed: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, query, form, cookie string) {
		for _, method := range []string{"GET", "POST"} {
			r := httptest.NewRequest(method, "/services/oauth2/x", strings.NewReader(form))
			r.URL.Path, r.URL.RawQuery, r.URL.RawPath = "/services/oauth2/"+path, query, ""
			r.Header = http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {cookie}}
			w := httptest.NewRecorder()
			org.ServeHTTP(w, r)
			body := w.Body.String()
			if w.Code >= 500 || strings.Contains(body, "access_token\"") || strings.Contains(strings.ToLower(body), "<script") {
				t.Errorf("%s %s?%s %s answers %d %s", method, path, query, form, w.Code, body)
			}
		}
	})
}
