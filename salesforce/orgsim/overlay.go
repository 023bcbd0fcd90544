package orgsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Overlay is what an admin would have set up in this org beyond its describes. Every
// part of it that names a User or a Profile holds for that user or for all users of
// that profile; with neither it holds for everybody.
type Overlay struct {
	// Describe changes keys of described fields: {"nillable": false} makes a field
	// required, {"unique": true} unique, {"restrictedPicklist": true} strict.
	Describe []DescribeChange `json:"describe,omitempty"`
	// Access is object permissions and field-level security.
	Access []Access `json:"access,omitempty"`
	// FieldRules make fields writable only while a record is in some state.
	FieldRules []FieldRule `json:"fieldRules,omitempty"`
	// Sharing takes records away from users.
	Sharing []Sharing `json:"sharing,omitempty"`
	// ValidationRules refuse records on which their conditions hold.
	ValidationRules []ValidationRule `json:"validationRules,omitempty"`
	// DuplicateRules refuse records that look like another one.
	DuplicateRules []DuplicateRule `json:"duplicateRules,omitempty"`
	// Assignment gives, by object (Account, Case, Lead), the id of the user that the active
	// assignment rule makes owner of a written record, unless the caller sends
	// "Sforce-Auto-Assign: FALSE".
	Assignment map[string]string `json:"assignment,omitempty"`
	// OutboundMessages are sent when records change; Permissions may keep users' writes from it.
	OutboundMessages []OutboundMessage `json:"outboundMessages,omitempty"`
	Permissions      []Permissions     `json:"permissions,omitempty"`
	// MaxRecords is the number of records that fit into the org's data storage; 0 is no cap.
	MaxRecords int `json:"maxRecords,omitempty"`
}

// DescribeChange replaces keys in the describe of one field. Name and type stay.
type DescribeChange struct {
	Object string         `json:"object"`
	Field  string         `json:"field"`
	Set    map[string]any `json:"set"`
}

// Access limits what a user may do with an object and its fields.
type Access struct {
	User    string `json:"user,omitempty"`    // username
	Profile string `json:"profile,omitempty"` // profile name
	Object  string `json:"object"`
	// Level is "none" (the object does not exist for the user), "read", "edit" (no
	// create, no delete) or "full", which is also what an empty level means.
	Level string `json:"level,omitempty"`
	// Can says the same in single permissions, as a permission set does: of "create", "read", "edit" and "delete" the
	// user has these and no others. All need "read", and "delete" needs "edit".
	Can      []string `json:"can,omitempty"`
	Hidden   []string `json:"hidden,omitempty"`   // fields without read access
	ReadOnly []string `json:"readOnly,omitempty"` // fields without edit access
	// Readable and Editable, if given, turn it round: these fields and no others can be read, or written. Fields that have
	// no permissions of their own, such as Id and those that are required, stay as they are.
	Readable []string `json:"readable,omitempty"`
	Editable []string `json:"editable,omitempty"`
}

// Sharing limits access to some records of an object: those with the ids, or
// those on which all conditions hold.
type Sharing struct {
	User    string      `json:"user,omitempty"`
	Profile string      `json:"profile,omitempty"`
	Object  string      `json:"object"`
	Records []string    `json:"records,omitempty"`
	When    []Condition `json:"when,omitempty"`
	Level   string      `json:"level"` // "none" or "read"
}

// ParseOverlay reads an overlay from JSON. Keys that do not exist are errors, so that a
// misspelt one does not silently set nothing up.
func ParseOverlay(data []byte) (Overlay, error) {
	var v Overlay
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&v); err != nil {
		return Overlay{}, fmt.Errorf("overlay is not readable: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Overlay{}, errors.New("overlay has something behind its closing brace")
	}
	return v, nil
}

// setup is all that a config is made of.
type setup struct {
	described []*description
	overlay   Overlay
	users     []*User
	apps      []*App
}

// config is one state of the org's set-up. It never changes: a new overlay makes a
// new config, and calls under way finish with the one they began with.
type config struct {
	setup
	objects  map[string]*object // by lower-case name
	names    []string           // of all listed objects, sorted
	byPrefix map[string]*object
	views    map[string]map[string]*view // by username, then lower-case object name
	rules    map[string]*rules           // by object name
	outbound map[string][]*definition    // by object name
	silent   map[string]bool             // usernames whose writes send no outbound messages
	since    time.Time                   // when the describe of any object last changed
}

func newConfig(s setup) (*config, error) {
	cfg := &config{setup: s, objects: map[string]*object{}, byPrefix: map[string]*object{},
		views: map[string]map[string]*view{}, rules: map[string]*rules{}}
	changed, err := changeDescribes(s.described, s.overlay.Describe)
	if err != nil {
		return nil, err
	}
	for i, d := range changed {
		o, err := compile(d, i)
		if err != nil {
			return nil, err
		}
		if cfg.objects[strings.ToLower(o.name)] != nil {
			return nil, fmt.Errorf("object %s is described twice", o.name)
		}
		if other := cfg.byPrefix[o.prefix]; other != nil {
			return nil, fmt.Errorf("objects %s and %s have the same key prefix %s", other.name, o.name, o.prefix)
		}
		cfg.objects[strings.ToLower(o.name)] = o
		cfg.byPrefix[o.prefix] = o
		if !d.unlisted {
			cfg.names = append(cfg.names, o.name)
		}
	}
	slices.Sort(cfg.names)
	if err := cfg.compileRules(); err != nil {
		return nil, err
	}
	for _, user := range s.users {
		views := make(map[string]*view, len(cfg.objects))
		for key, o := range cfg.objects {
			v, err := newView(o, user, s.overlay)
			if err != nil {
				return nil, err
			}
			views[key] = v
		}
		cfg.views[user.Username] = views
	}
	if err := cfg.compileOutbound(s.users); err != nil {
		return nil, err
	}
	return cfg, cfg.checkNames(s.users)
}

// changeDescribes applies the overlay's changes to copies of the describes.
func changeDescribes(described []*description, changes []DescribeChange) ([]*description, error) {
	out := slices.Clone(described)
	for _, change := range changes {
		if change.Set["name"] != nil || change.Set["type"] != nil {
			return nil, fmt.Errorf("overlay cannot change the name or type of %s.%s", change.Object, change.Field)
		}
		i := slices.IndexFunc(out, func(d *description) bool { return strings.EqualFold(text(d.object["name"]), change.Object) })
		if i < 0 {
			return nil, unknownObject(change.Object)
		}
		j := slices.IndexFunc(out[i].fields, func(f map[string]any) bool { return strings.EqualFold(text(f["name"]), change.Field) })
		if j < 0 {
			return nil, unknownField(change.Object, change.Field)
		}
		if out[i] == described[i] {
			copied := *described[i]
			copied.fields = slices.Clone(copied.fields)
			out[i] = &copied
		}
		f := maps.Clone(out[i].fields[j])
		for key, value := range change.Set {
			if _, ok := fieldKeys[key]; !ok {
				return nil, fmt.Errorf("overlay sets %q on %s.%s, which is no key of a describe", key, change.Object, change.Field)
			}
			f[key] = value
		}
		expandField(f) // completes picklist values written in the short form
		out[i].fields[j] = f
	}
	return out, nil
}

// checkNames finds names in the overlay that nothing in the org bears.
func (cfg *config) checkNames(users []*User) error {
	username := func(name string) error {
		if name != "" && !slices.ContainsFunc(users, func(u *User) bool { return u.Username == name }) {
			return fmt.Errorf("overlay names the user %q, who is not in this org", name)
		}
		return nil
	}
	for _, a := range cfg.overlay.Access {
		o := cfg.objects[strings.ToLower(a.Object)]
		if o == nil {
			return unknownObject(a.Object)
		}
		for _, name := range slices.Concat(a.Hidden, a.ReadOnly, a.Readable, a.Editable) {
			if o.field(name) == nil {
				return unknownField(a.Object, name)
			}
		}
		if err := username(a.User); err != nil {
			return err
		}
	}
	for _, r := range cfg.overlay.FieldRules {
		if cfg.objects[strings.ToLower(r.Object)] == nil {
			return unknownObject(r.Object)
		}
		if err := username(r.User); err != nil {
			return err
		}
	}
	for _, s := range cfg.overlay.Sharing {
		if cfg.objects[strings.ToLower(s.Object)] == nil {
			return unknownObject(s.Object)
		}
		if err := username(s.User); err != nil {
			return err
		}
	}
	for name := range cfg.overlay.Assignment {
		if cfg.objects[strings.ToLower(name)] == nil {
			return unknownObject(name)
		}
	}
	return nil
}

func unknownObject(name string) error {
	return fmt.Errorf("overlay names the object %q, which this org does not have", name)
}

func unknownField(object, name string) error {
	return fmt.Errorf("overlay names the field %q, which %s does not have", name, object)
}

// object returns the object with the name, in any case, or nil.
func (cfg *config) object(name string) *object {
	if o := cfg.objects[name]; o != nil {
		return o
	}
	return cfg.objects[strings.ToLower(name)]
}

// hostPattern bounds what is taken from a Host header into answers.
var hostPattern = regexp.MustCompile(`^[A-Za-z0-9.:\[\]-]{1,255}$`)
