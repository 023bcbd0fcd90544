package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Schema is a set of described objects of one org. Fill it first, then use it:
// reading is safe from many goroutines, [Schema.Add] is not.
type Schema struct {
	// FetchedAt is when the oldest of the describes was fetched; zero if unknown.
	FetchedAt time.Time

	objects  map[string]*Object // by the name as Salesforce spells it
	byPrefix map[string]*Object
}

// New returns a schema of the objects.
func New(objects ...*Object) *Schema {
	s := &Schema{objects: make(map[string]*Object), byPrefix: make(map[string]*Object)}
	for _, o := range objects {
		s.Add(o)
	}
	return s
}

// Add puts an object into the schema, in place of one of the same name. An
// object belongs to one schema, through which its lookup fields know the key
// prefixes of other objects.
func (s *Schema) Add(o *Object) {
	if old := s.Object(o.Name); old != nil {
		delete(s.objects, old.Name)
		if s.byPrefix[old.KeyPrefix] == old {
			delete(s.byPrefix, old.KeyPrefix)
		}
	}
	o.schema = s
	o.link()
	s.objects[o.Name] = o
	if o.KeyPrefix != "" {
		s.byPrefix[o.KeyPrefix] = o
	}
}

// Object returns the object with the API name, or nil. Case does not matter. A
// nil schema has no objects.
func (s *Schema) Object(name string) *Object {
	if s == nil {
		return nil
	}
	if o := s.objects[name]; o != nil {
		return o
	}
	for _, o := range s.objects {
		if strings.EqualFold(o.Name, name) {
			return o
		}
	}
	return nil
}

// Partial returns the API names of the objects that are only partly known, sorted.
func (s *Schema) Partial() []string {
	return slices.DeleteFunc(s.Names(), func(name string) bool { return !s.Object(name).Partial })
}

// ByKeyPrefix returns the object whose record ids begin with the prefix, or nil.
func (s *Schema) ByKeyPrefix(prefix string) *Object {
	if s == nil {
		return nil
	}
	return s.byPrefix[prefix]
}

// Names returns the API names of all objects, sorted.
func (s *Schema) Names() []string {
	if s == nil {
		return nil
	}
	names := make([]string, 0, len(s.objects))
	for _, o := range s.objects {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	return names
}

// ReadDir reads every *.json file of a directory as the describe of one object.
// Files that cannot be read are left out and named in the error, beside which
// the schema of the others is returned. FetchedAt is the oldest file's time.
func ReadDir(fsys fs.FS) (*Schema, error) {
	s := New()
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return s, fmt.Errorf("cannot read the schema directory: %w", err)
	}
	var bad []error
	from := make(map[string]string)
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.EqualFold(filepath.Ext(name), ".json") {
			continue
		}
		o, at, err := readFile(fsys, name)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if first, ok := from[o.Name]; ok {
			bad = append(bad, fmt.Errorf("%s: describes %s, as %s does already", name, o.Name, first))
			continue
		}
		from[o.Name] = name
		s.Add(o)
		if !at.IsZero() && (s.FetchedAt.IsZero() || at.Before(s.FetchedAt)) {
			s.FetchedAt = at
		}
	}
	return s, errors.Join(bad...)
}

func readFile(fsys fs.FS, name string) (*Object, time.Time, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, time.Time{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, time.Time{}, err
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxDescribe+1))
	if err != nil {
		return nil, time.Time{}, err
	}
	o, err := ParseDescribe(data)
	return o, info.ModTime(), err
}

// WriteDir writes the describe of every object to <Object>.json in a directory,
// which it makes if it must: the snapshot that [ReadDir] reads. The text is what
// Salesforce sent, indented so that changes show line by line in version control.
func (s *Schema) WriteDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the schema directory: %w", err)
	}
	for _, name := range s.Names() {
		raw := s.Object(name).raw
		if raw == nil {
			var err error
			if raw, err = json.Marshal(s.Object(name)); err != nil {
				return fmt.Errorf("cannot write the describe of %s: %w", name, err)
			}
		}
		if !validName(name) {
			return fmt.Errorf("cannot write the describe of %q: it is no API name", name)
		}
		var out bytes.Buffer
		if err := json.Indent(&out, raw, "", "  "); err != nil {
			return fmt.Errorf("cannot write the describe of %s: %w", name, err)
		}
		out.WriteByte('\n')
		if err := os.WriteFile(filepath.Join(dir, name+".json"), out.Bytes(), 0o644); err != nil {
			return fmt.Errorf("cannot write the describe of %s: %w", name, err)
		}
	}
	return nil
}
