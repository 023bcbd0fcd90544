package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Connection is what is remembered of a Salesforce org under a name that rules
// use. It holds no secret, and has no field to put one in: the grant that it names is
// sealed elsewhere.
type Connection struct {
	Name        string `json:"name"`
	Environment string `json:"environment,omitempty"` // production, sandbox, scratch, developer
	InstanceURL string `json:"instance_url"`
	OrgID       string `json:"org_id,omitempty"`
	OrgName     string `json:"org_name,omitempty"`
	User        string `json:"user,omitempty"` // the user name that writes are made as
	UserID      string `json:"user_id,omitempty"`
	APIVersion  string `json:"api_version,omitempty"` // "67.0"

	// Flow is web, jwt or client-credentials; empty for a connection whose credentials
	// every command gets from its environment. The fields after it belong to the grant.
	Flow     string `json:"flow,omitempty"`
	LoginURL string `json:"login_url,omitempty"`
	ClientID string `json:"client_id,omitempty"` // the consumer key
	Scope    string `json:"scope,omitempty"`     // with blanks between, as OAuth has them
	// Grant names the sealed grant; it stays the same when the connection is renamed.
	Grant string `json:"grant,omitempty"`
	// SessionSeconds is how long an access token lives, 0 if nobody told.
	SessionSeconds int `json:"session_seconds,omitempty"`

	CreatedAt    time.Time `json:"created_at,omitzero"`
	AuthorizedAt time.Time `json:"authorized_at,omitzero"` // the last sign-in by hand
	RefreshedAt  time.Time `json:"refreshed_at,omitzero"`  // the last new access token
	LastUsed     time.Time `json:"last_used,omitzero"`     // to some minutes

	Quota     *Quota           `json:"quota,omitempty"`
	LastError *ConnectionError `json:"last_error,omitempty"`
	// Stopped is why nothing is asked of the org any more; nil while all is well.
	Stopped *Stop `json:"stopped,omitempty"`
}

// Quota is the org's API calls of the last 24 hours.
type Quota struct {
	Used int       `json:"used"`
	Max  int       `json:"max"`
	At   time.Time `json:"at"`
}

// ConnectionError is trouble with the org as a whole, not with a record.
type ConnectionError struct {
	At      time.Time `json:"at"`
	Cause   string    `json:"cause"`
	Code    string    `json:"code,omitempty"` // Salesforce's own
	Message string    `json:"message"`
	Advice  string    `json:"advice,omitempty"`
}

// Stop is trouble that asking again does not heal.
type Stop struct {
	ConnectionError
	// Authorization is the sign-in that was refused; another one ends the stop.
	Authorization string `json:"authorization"`
	// LookAgain is when to ask once more, in case an admin has changed something in
	// the org; zero if only a new sign-in helps.
	LookAgain time.Time `json:"look_again,omitzero"`
}

// Schema is a cached describe result of one object.
type Schema struct {
	Connection string
	Object     string
	Fetched    time.Time // or found unchanged
	Modified   time.Time // as Salesforce says; zero if it did not
	Describe   []byte    // the answer of Salesforce, as it came
}

// Keys of State. Names are lower-cased where Salesforce ignores case.
//
//	connection/NAME          a Connection as JSON
//	schema/CONNECTION/OBJECT a Schema: its times around its object, a newline, the describe result
const (
	connectionPrefix = "connection/"
	schemaPrefix     = "schema/"
)

// ConnectionOf returns the connection that a key of State is about, "" if it is about
// none: all keys of a connection are KIND/CONNECTION, or KIND/CONNECTION/ and more.
func ConnectionOf(key string) (kind, connection string) {
	kind, rest, _ := strings.Cut(key, "/")
	connection, _, _ = strings.Cut(rest, "/")
	return kind, connection
}

// PutConnection writes c, whatever is there under its name.
func PutConnection(ctx context.Context, kv KV, c Connection) error {
	if c.Name == "" || strings.Contains(c.Name, "/") {
		return fmt.Errorf("%w connection name %q: it must not be empty or contain a slash", ErrInvalid, c.Name)
	}
	// A URL pasted from a browser or a log may carry a session.
	u, err := url.Parse(c.InstanceURL)
	if err != nil || u.Host == "" {
		return fmt.Errorf("%w connection %q: its instance URL is not a URL", ErrInvalid, c.Name)
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("%w connection %q: its instance URL must be only scheme and host, without user, path or query", ErrInvalid, c.Name)
	}
	value, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("cannot encode connection %q: %w", c.Name, err)
	}
	_, err = kv.Put(ctx, Entry{Key: connectionPrefix + c.Name, Value: value, Revision: AnyRevision})
	return err
}

// UpdateConnection changes a connection as it is now, whoever else changes it. The
// change may be called more than once; if it returns false, nothing is written.
func UpdateConnection(ctx context.Context, kv KV, name string, change func(*Connection) bool) error {
	for {
		entry, err := kv.Get(ctx, connectionPrefix+name)
		if errors.Is(err, ErrNotFound) {
			return fmt.Errorf("connection %q %w", name, ErrNotFound)
		}
		if err != nil {
			return err
		}
		c, err := decodeConnection(entry)
		if err != nil || !change(&c) {
			return err
		}
		if entry.Value, err = json.Marshal(c); err != nil {
			return fmt.Errorf("cannot encode connection %q: %w", name, err)
		}
		if _, err = kv.Put(ctx, entry); !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

// RenameConnection gives a connection another name, with its cached schemas. It returns
// ErrConflict if there is another one of that name. A crash on the way may leave it under
// both names; calling it again goes on.
func RenameConnection(ctx context.Context, kv KV, from, to string) error {
	c, err := GetConnection(ctx, kv, from)
	if err != nil {
		return err
	}
	switch other, err := GetConnection(ctx, kv, to); {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return err
	case from == to || other.Grant != c.Grant || !other.CreatedAt.Equal(c.CreatedAt):
		return fmt.Errorf("%w: there is a connection %q already", ErrConflict, to)
	}
	schemas, err := Schemas(ctx, kv, from)
	if err != nil {
		return err
	}
	c.Name = to
	if err := PutConnection(ctx, kv, c); err != nil {
		return err
	}
	for _, s := range schemas {
		s.Connection = to
		if err := PutSchema(ctx, kv, s); err != nil {
			return err
		}
	}
	return DeleteConnection(ctx, kv, from)
}

// GetConnection returns the connection of that name, or ErrNotFound.
func GetConnection(ctx context.Context, kv KV, name string) (Connection, error) {
	entry, err := kv.Get(ctx, connectionPrefix+name)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("connection %q %w", name, ErrNotFound)
		}
		return Connection{}, err
	}
	return decodeConnection(entry)
}

// Connections returns all connections by name.
func Connections(ctx context.Context, kv KV) ([]Connection, error) {
	var all []Connection
	for entry, err := range kv.List(ctx, connectionPrefix) {
		if err != nil {
			return nil, err
		}
		c, err := decodeConnection(entry)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// DeleteConnection forgets a connection and its cached schemas.
func DeleteConnection(ctx context.Context, kv KV, name string) error {
	for entry, err := range kv.List(ctx, schemaKey(name, "")) {
		if err == nil {
			err = kv.Delete(ctx, entry.Key, AnyRevision)
		}
		if err != nil {
			return err
		}
	}
	return kv.Delete(ctx, connectionPrefix+name, AnyRevision)
}

func decodeConnection(entry Entry) (Connection, error) {
	var c Connection
	if err := json.Unmarshal(entry.Value, &c); err != nil {
		return c, fmt.Errorf("%w: cannot decode %s: %w", ErrCorrupt, entry.Key, err)
	}
	return c, nil
}

func schemaKey(connection, object string) string {
	return schemaPrefix + connection + "/" + strings.ToLower(object)
}

// PutSchema caches s, whatever is there for its object.
func PutSchema(ctx context.Context, kv KV, s Schema) error {
	if s.Connection == "" || strings.Contains(s.Connection, "/") || s.Object == "" {
		return fmt.Errorf("%w schema of %q in connection %q", ErrInvalid, s.Object, s.Connection)
	}
	value := make([]byte, 0, 64+len(s.Object)+len(s.Describe))
	value = s.Fetched.UTC().AppendFormat(value, time.RFC3339Nano)
	value = append(value, ' ')
	value = append(value, s.Object...)
	if !s.Modified.IsZero() {
		value = append(value, ' ')
		value = s.Modified.UTC().AppendFormat(value, time.RFC3339Nano)
	}
	value = append(value, '\n')
	value = append(value, s.Describe...)
	_, err := kv.Put(ctx, Entry{Key: schemaKey(s.Connection, s.Object), Value: value, Revision: AnyRevision})
	return err
}

// GetSchema returns the cached schema of an object, or ErrNotFound.
func GetSchema(ctx context.Context, kv KV, connection, object string) (Schema, error) {
	entry, err := kv.Get(ctx, schemaKey(connection, object))
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			err = fmt.Errorf("schema of %s in connection %q %w", object, connection, ErrNotFound)
		}
		return Schema{}, err
	}
	return decodeSchema(entry)
}

// DeleteSchema forgets the cached schema of an object, if there is one.
func DeleteSchema(ctx context.Context, kv KV, connection, object string) error {
	return kv.Delete(ctx, schemaKey(connection, object), AnyRevision)
}

// Schemas returns the cached schemas of a connection by object.
func Schemas(ctx context.Context, kv KV, connection string) ([]Schema, error) {
	var all []Schema
	for entry, err := range kv.List(ctx, schemaKey(connection, "")) {
		if err != nil {
			return nil, err
		}
		s, err := decodeSchema(entry)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func decodeSchema(entry Entry) (Schema, error) {
	head, describe, ok := strings.Cut(string(entry.Value), "\n")
	at, object, ok2 := strings.Cut(head, " ")
	fetched, err := time.Parse(time.RFC3339Nano, at)
	connection, _, ok3 := strings.Cut(strings.TrimPrefix(entry.Key, schemaPrefix), "/")
	object, changed, ok4 := strings.Cut(object, " ")
	var modified time.Time
	if ok4 && err == nil {
		modified, err = time.Parse(time.RFC3339Nano, changed)
	}
	if !ok || !ok2 || !ok3 || err != nil {
		return Schema{}, fmt.Errorf("%w: cannot decode %s", ErrCorrupt, entry.Key)
	}
	return Schema{Connection: connection, Object: object, Fetched: fetched, Modified: modified, Describe: []byte(describe)}, nil
}
