package lsp

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// Bounds of what is read beside an open rule file.
const (
	maxSiblings = 500
	extension   = ".sfsync"
)

// folder is a directory of rule files that belong together, or a text in no file.
// Its fields belong to the server's mutex.
type folder struct {
	dir        string // "" for a text in no file
	generation int    // counts the changes of its texts
	running    bool   // somebody analyses it
	stale      bool   // files may have changed
	around     *surroundings
	analysis   *analysis
	done       chan struct{} // closed when the next analysis is there
}

// surroundings are what lies beside open rule files. They do not change; reload makes new ones.
type surroundings struct {
	dir      string
	siblings map[string]*sibling // the rule files on disk, by path
	schema   *schema.Schema      // of the directory `schema`; nil without one
	events   []string            // the sample events
	samples  *samples

	schemaStamp, eventsStamp string
	stored                   map[string]*schema.Schema // by connection, where no directory has one
	usual                    string                    // the connection of all files that name one; "" if they differ
	connections              []string
	problem                  string // why the schema or the samples cannot be used, "" if they can
}

// sibling is a rule file on disk.
type sibling struct {
	stamp string
	*text
}

// schemaOf returns the schema of a connection, nil if there is none. A file without one,
// such as a file of tests, has that of the others.
func (a *surroundings) schemaOf(connection string) *schema.Schema {
	if a.schema != nil {
		return a.schema
	}
	if connection == "" {
		connection = a.usual
	}
	return a.stored[connection]
}

// addSiblings adds the rule files on disk to texts that are open, which count instead.
func (a *surroundings) addSiblings(texts map[string]*text) {
	for path, sib := range a.siblings {
		if path = filepath.ToSlash(path); texts[path] == nil {
			texts[path] = sib.text
		}
	}
}

// addStored looks up the schemas of the connections that texts write to. Those that old
// has, which may be nil, are taken from there.
func (a *surroundings) addStored(texts map[string]*text, old *surroundings, stored func(connection string) *schema.Schema) {
	add := func(name string) {
		if _, ok := a.stored[name]; ok || name == "" || a.connections != nil && !slices.Contains(a.connections, name) {
			return // half a name, while it is typed
		}
		if old != nil {
			if known, ok := old.stored[name]; ok {
				a.stored[name] = known
				return
			}
		}
		a.stored[name] = stored(name)
	}
	a.addSiblings(texts)
	named := map[string]bool{}
	for _, t := range texts {
		file := t.read()
		if name := file.Connection.Text; name != "" {
			add(name)
			a.usual, named[name] = name, true
		}
		for _, action := range actionsOf(file) {
			add(action.Using.Text)
		}
	}
	if len(named) > 1 {
		a.usual = ""
	}
}

// reload reads what has changed since old was read, which may be nil. What is not in
// files is only asked for when old is stale.
func (o *Options) reload(dir string, old *surroundings, stale bool) *surroundings {
	if old == nil {
		old, stale = &surroundings{schemaStamp: "unread", eventsStamp: "unread"}, true
	}
	a := &surroundings{
		dir: dir, siblings: map[string]*sibling{}, stored: map[string]*schema.Schema{},
		schema: old.schema, schemaStamp: old.schemaStamp, events: old.events, samples: old.samples, eventsStamp: old.eventsStamp,
	}
	if a.connections = old.connections; o.Connections != nil && stale {
		a.connections = o.Connections()
	}
	if dir == "" {
		a.schema, a.samples = nil, newSamples(nil)
		return a
	}
	a.readSiblings(dir, old)
	var problems []string
	if path := filepath.Join(dir, "schema"); a.schemaStamp != stamp(path) || old.problem != "" {
		a.schemaStamp, a.schema = stamp(path), nil
		if a.schemaStamp != "" {
			read, err := schema.ReadDir(os.DirFS(path))
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s: %s", path, strings.ReplaceAll(err.Error(), "\n", "; ")))
			}
			if read != nil && len(read.Names()) > 0 {
				a.schema = read
			}
		}
	}
	if path := filepath.Join(dir, "events"); a.eventsStamp != stamp(path) || old.problem != "" {
		a.eventsStamp, a.events = stamp(path), nil
		if a.eventsStamp != "" && o.Events != nil {
			events, err := o.Events(path)
			if err != nil {
				problems = append(problems, err.Error())
			}
			a.events = events
		}
		a.samples = newSamples(a.events)
	}
	if a.samples == nil {
		a.samples = newSamples(nil)
	}
	a.problem = strings.Join(problems, "; ")
	return a
}

// readSiblings reads the rule files of a directory, those that have changed.
func (a *surroundings) readSiblings(dir string, old *surroundings) {
	entries, _ := os.ReadDir(dir) // a new file's directory need not be there
	for _, e := range entries {
		if filepath.Ext(e.Name()) != extension || !e.Type().IsRegular() || len(a.siblings) == maxSiblings {
			continue
		}
		info, err := e.Info()
		if err != nil || info.Size() > dsl.MaxSize {
			continue
		}
		path := filepath.Join(dir, e.Name())
		mark := fileStamp(info)
		if before := old.siblings[path]; before != nil && before.stamp == mark {
			a.siblings[path] = before
			continue
		}
		if content, err := os.ReadFile(path); err == nil {
			a.siblings[path] = &sibling{mark, newText(filepath.ToSlash(path), string(content))}
		}
	}
}

// stamp changes when a file of a directory does. It is "" if there is no directory.
func stamp(dir string) string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ""
	}
	var b strings.Builder
	b.WriteString("read")
	for _, e := range entries {
		if info, err := e.Info(); err == nil && !e.IsDir() {
			b.WriteString(fileStamp(info))
		}
	}
	return b.String()
}

func fileStamp(info fs.FileInfo) string {
	return fmt.Sprintf("\x00%s %d %d", info.Name(), info.Size(), info.ModTime().UnixNano())
}
