package schema

import (
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

// Described returns the API names of the objects whose fields are known, sorted.
// Those of the list of all objects are not.
func (s *Schema) Described() []string {
	return slices.DeleteFunc(s.Names(), func(name string) bool { return len(s.Object(name).Fields) == 0 })
}
