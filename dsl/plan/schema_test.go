package plan

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// exampleSchema is what the org simulator describes to its user, the same that
// `sfsync schema refresh` would fetch.
func exampleSchema(t testing.TB) *schema.Schema {
	t.Helper()
	s, err := describedOrg()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var describedOrg = sync.OnceValues(func() (*schema.Schema, error) {
	org, err := orgsim.New(orgsim.Options{})
	if err != nil {
		return nil, err
	}
	token := org.Login("")
	get := func(path string) []byte {
		r := httptest.NewRequest("GET", "/services/data/v60.0/sobjects"+path, nil)
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		org.ServeHTTP(w, r)
		return w.Body.Bytes()
	}
	var list struct {
		SObjects []struct{ Name string }
	}
	if err := json.Unmarshal(get(""), &list); err != nil {
		return nil, err
	}
	s := schema.New()
	for _, o := range list.SObjects {
		object, err := schema.ParseDescribe(get("/" + o.Name + "/describe"))
		if err != nil {
			return nil, err
		}
		s.Add(object)
	}
	return s, nil
})

// realSchema is the describes of real orgs, where they are at hand.
func realSchema(t testing.TB) *schema.Schema {
	t.Helper()
	dir := os.Getenv("SFSYNC_REAL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data") // beside the repository
	}
	dir = filepath.Join(dir, "describe")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no describes of real orgs at hand")
	}
	s, err := schema.ReadDir(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
