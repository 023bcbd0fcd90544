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
// use. It holds no secret, and has no field to put one in: tokens live elsewhere.
type Connection struct {
	Name        string    `json:"name"`
	Environment string    `json:"environment,omitempty"` // production, sandbox, scratch, simulator
	InstanceURL string    `json:"instance_url"`
	OrgID       string    `json:"org_id,omitempty"`
	User        string    `json:"user,omitempty"`        // the user name that writes are made as
	APIVersion  string    `json:"api_version,omitempty"` // "67.0"
	CreatedAt   time.Time `json:"created_at,omitzero"`
	LastUsed    time.Time `json:"last_used,omitzero"`
}

// Schema is a cached describe result of one object.
type Schema struct {
	Connection string
	Object     string
	Fetched    time.Time
	Describe   []byte // the answer of Salesforce, as it came
}

// Keys of State. Names are lower-cased where Salesforce ignores case.
//
//	connection/NAME          a Connection as JSON
//	schema/CONNECTION/OBJECT a Schema: its time, a newline, the describe result
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
	if !ok || !ok2 || !ok3 || err != nil {
		return Schema{}, fmt.Errorf("%w: cannot decode %s", ErrCorrupt, entry.Key)
	}
	return Schema{Connection: connection, Object: object, Fetched: fetched, Describe: []byte(describe)}, nil
}
