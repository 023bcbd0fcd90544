package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// fetchedFile says when each describe of a directory was fetched, a line each. The
// times of the files do not: a checkout makes them new.
const fetchedFile = "fetched.txt"

// ReadDir reads every *.json file of a directory as the describe of one object.
// Files that cannot be read are left out and named in the error, beside which
// the schema of the others is returned. FetchedAt is known of what [Schema.WriteDir] wrote.
func ReadDir(fsys fs.FS) (*Schema, error) {
	s := New()
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return s, fmt.Errorf("cannot read the schema directory: %w", err)
	}
	var bad []error
	from := make(map[string]string)
	fetched := readFetched(fsys)
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.EqualFold(filepath.Ext(name), ".json") {
			continue
		}
		o, err := readFile(fsys, name)
		if err != nil {
			bad = append(bad, fmt.Errorf("%s: %w", name, err))
			continue
		}
		if first, ok := from[o.Name]; ok {
			bad = append(bad, fmt.Errorf("%s: describes %s, as %s does already", name, o.Name, first))
			continue
		}
		from[o.Name] = name
		o.FetchedAt = fetched[o.Name]
		s.Add(o)
		if at := o.FetchedAt; !at.IsZero() && (s.FetchedAt.IsZero() || at.Before(s.FetchedAt)) {
			s.FetchedAt = at
		}
	}
	return s, errors.Join(bad...)
}

func readFile(fsys fs.FS, name string) (*Object, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxDescribe+1))
	if err != nil {
		return nil, err
	}
	return ParseDescribe(data)
}

// readFetched reads when the objects were fetched. A file that is not there, or not
// readable, says nothing.
func readFetched(fsys fs.FS) map[string]time.Time {
	fetched := map[string]time.Time{}
	f, err := fsys.Open(fetchedFile)
	if err != nil {
		return fetched
	}
	defer f.Close()
	data, _ := io.ReadAll(io.LimitReader(f, 1<<20))
	for line := range strings.Lines(string(data)) {
		at, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if t, err := time.Parse(time.RFC3339, at); err == nil {
			fetched[name] = t
		}
	}
	return fetched
}

// writeFetched notes when the objects of a schema were fetched, beside those that
// the directory knows already.
func (s *Schema) writeFetched(dir string) error {
	fetched := readFetched(os.DirFS(dir))
	for _, name := range s.Described() {
		delete(fetched, name)
		if at := s.Object(name).FetchedAt; !at.IsZero() {
			fetched[name] = at
		}
	}
	if len(fetched) == 0 {
		return nil
	}
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(fetched)) {
		fmt.Fprintln(&out, fetched[name].UTC().Format(time.RFC3339), name)
	}
	if err := os.WriteFile(filepath.Join(dir, fetchedFile), out.Bytes(), 0o644); err != nil {
		return fmt.Errorf("cannot note when the schema was fetched: %w", err)
	}
	return nil
}

// WriteDir writes the describe of every object whose fields are known to <Object>.json in a directory,
// which it makes if it must: the snapshot that [ReadDir] reads. The text is what
// Salesforce sent, indented so that changes show line by line in version control. When it was fetched
// stands beside it, in fetched.txt.
func (s *Schema) WriteDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the schema directory: %w", err)
	}
	for _, name := range s.Described() {
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
	return s.writeFetched(dir)
}
