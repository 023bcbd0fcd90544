package store_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

func open(t testing.TB, dir string) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// TestPartition fixes the function: another one would lose the events of every
// store there is.
func TestPartition(t *testing.T) {
	for key, want := range map[string]uint16{
		"": 1, "a": 0, "org/Case/5003000000D8cuI": 45, "org/Case/5003000000D8cuJ": 56, "ä": 5,
	} {
		if got := store.Partition(key); got != want {
			t.Errorf("partition of %q is %d, want %d", key, got, want)
		}
	}
	var counts [store.Partitions]int
	for i := range 64_000 {
		counts[store.Partition(fmt.Sprintf("00D000000000001/Contact/0030000000%05d", i))]++
	}
	for p, n := range counts {
		if n < 800 || n > 1200 {
			t.Errorf("partition %d has %d of 64,000 keys", p, n)
		}
	}
}

func TestConnections(t *testing.T) {
	ctx := t.Context()
	kv := open(t, t.TempDir()).State()
	at := time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)
	sandbox := store.Connection{Name: "sandbox", Environment: "sandbox", InstanceURL: "https://acme--uat.sandbox.my.salesforce.com",
		OrgID: "00D000000000001EAA", User: "sync@acme.example", APIVersion: "67.0", CreatedAt: at, LastUsed: at.Add(time.Hour)}
	production := store.Connection{Name: "production", InstanceURL: "https://acme.my.salesforce.com"}
	for _, c := range []store.Connection{sandbox, production, sandbox} {
		if err := store.PutConnection(ctx, kv, c); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := store.GetConnection(ctx, kv, "sandbox"); err != nil || got != sandbox {
		t.Errorf("sandbox: %+v, %v", got, err)
	}
	if all, err := store.Connections(ctx, kv); err != nil || !cmp.Equal(all, []store.Connection{production, sandbox}) {
		t.Errorf("all: %+v, %v", all, err)
	}
	if _, err := store.GetConnection(ctx, kv, "none"); !errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), `"none"`) {
		t.Errorf("none: %v", err)
	}

	schema := store.Schema{Connection: "sandbox", Object: "Survey_Response__c", Fetched: at, Describe: []byte("{\n\"name\": \"x\"}\n")}
	for _, c := range []string{"sandbox", "production"} {
		schema.Connection = c
		if c == "production" {
			schema.Modified = at.Add(-time.Hour)
		}
		if err := store.PutSchema(ctx, kv, schema); err != nil {
			t.Fatal(err)
		}
	}
	// Salesforce's names have no case.
	if got, err := store.GetSchema(ctx, kv, "production", "survey_response__C"); err != nil || !cmp.Equal(got, schema) {
		t.Errorf("schema: %+v, %v", got, err)
	}
	if err := store.DeleteConnection(ctx, kv, "sandbox"); err != nil {
		t.Fatal(err)
	}
	if _, err := store.GetSchema(ctx, kv, "sandbox", "Survey_Response__c"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the schema of a deleted connection: %v", err)
	}
	if all, err := store.Schemas(ctx, kv, "production"); err != nil || len(all) != 1 {
		t.Errorf("the schemas of another connection: %+v, %v", all, err)
	}
	for range 2 { // also when there is none any more
		if err := store.DeleteSchema(ctx, kv, "production", "SURVEY_response__c"); err != nil {
			t.Errorf("delete a schema: %v", err)
		}
	}
	if all, err := store.Schemas(ctx, kv, "production"); err != nil || len(all) != 0 {
		t.Errorf("a deleted schema: %+v, %v", all, err)
	}
	if all, err := store.Connections(ctx, kv); err != nil || len(all) != 1 {
		t.Errorf("connections left: %+v, %v", all, err)
	}
}

// TestNoSecrets: what may carry one is refused, and not a byte of it is written.
func TestNoSecrets(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	const secret = "00Dxx0000001gPF!AQEAQI9cZn"
	for _, url := range []string{
		"https://user:" + secret + "@acme.my.salesforce.com",
		"https://acme.my.salesforce.com/secur/frontdoor.jsp?sid=" + secret,
		"https://acme.my.salesforce.com/#access_token=" + secret,
		"https://acme.my.salesforce.com/" + secret,
		secret,
		"http://%zz" + secret,
	} {
		err := store.PutConnection(t.Context(), s.State(), store.Connection{Name: "c", InstanceURL: url})
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", url, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats the secret: %v", err)
		}
	}
	if err := store.PutConnection(t.Context(), s.State(), store.Connection{Name: "c", InstanceURL: "https://acme.my.salesforce.com/"}); err != nil {
		t.Errorf("a plain URL: %v", err)
	}
	s.Close()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files: %v, %v", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), secret) {
			t.Errorf("%s holds the secret", name)
		}
	}
}

func TestConnectionNames(t *testing.T) {
	kv := open(t, t.TempDir()).State()
	for _, name := range []string{"", "a/b", strings.Repeat("x", store.MaxName)} {
		err := store.PutConnection(t.Context(), kv, store.Connection{Name: name, InstanceURL: "https://acme.my.salesforce.com"})
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("name %q: %v, want ErrInvalid", name, err)
		}
		if err := store.PutSchema(t.Context(), kv, store.Schema{Connection: name, Object: "Case"}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("schema of connection %q: %v, want ErrInvalid", name, err)
		}
	}
}

func TestDamagedConnection(t *testing.T) {
	kv := open(t, t.TempDir()).State()
	for _, key := range []string{"connection/a", "schema/a/case"} {
		if _, err := kv.Put(t.Context(), store.Entry{Key: key, Value: []byte("nonsense")}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Connections(t.Context(), kv); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("connection: %v, want ErrCorrupt", err)
	}
	if _, err := store.Schemas(t.Context(), kv, "a"); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("schema: %v, want ErrCorrupt", err)
	}
}
