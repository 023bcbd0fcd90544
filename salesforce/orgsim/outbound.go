package orgsim

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// OutboundMessage is the definition of an outbound message together with the rule that triggers
// it: a saved record of the object that meets all conditions queues a notification.
type OutboundMessage struct {
	// Name is an API name: letters, digits and underscores. Case does not tell names apart.
	Name   string `json:"name"`
	Object string `json:"object"`
	// Fields are sent beside Id, which always is. Compound addresses cannot be.
	Fields []string `json:"fields,omitempty"`
	// Endpoint is the listener's URL, on port 80 for http, 443 for https, or from 1024 up. It has to be on
	// this machine unless [Options.AllowRemoteEndpoints] says otherwise.
	Endpoint string `json:"endpoint"`
	// IntegrationUser is the username of the "User to send as", whose permissions decide what data is
	// sent; empty is the org's first user.
	IntegrationUser string `json:"integrationUser,omitempty"`
	On              string `json:"on,omitempty"` // "create", "update", or both when empty
	// When is empty to send on every save, even on one that changes nothing.
	When []Condition `json:"when,omitempty"`
	// APIVersion stands in the message's URLs, as 67 does for 67.0; 0 is the newest.
	APIVersion int `json:"apiVersion,omitempty"`
}

// PermissionSendOutboundMessages is the permission without which a user's writes
// trigger no outbound messages.
const PermissionSendOutboundMessages = "Send Outbound Messages"

// Permissions takes permissions away that users have otherwise.
type Permissions struct {
	User    string   `json:"user,omitempty"`    // username
	Profile string   `json:"profile,omitempty"` // profile name
	Lacks   []string `json:"lacks"`             // of [PermissionSendOutboundMessages] alone
}

// definition is an outbound message prepared for matching and writing records.
type definition struct {
	OutboundMessage
	key    string // lower-case name
	view   *view  // the object as the integration user sees it
	fields []*field
	when   []condition
}

var apiName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,79}$`)

// compileOutbound prepares the overlay's outbound messages and permissions. The views are made.
func (cfg *config) compileOutbound(users []*User) error {
	cfg.outbound, cfg.silent = map[string][]*definition{}, map[string]bool{}
	for _, p := range cfg.overlay.Permissions {
		if p.User != "" && cfg.views[p.User] == nil {
			return fmt.Errorf("overlay names the user %q, who is not in this org", p.User)
		}
		for _, name := range p.Lacks {
			if name != PermissionSendOutboundMessages {
				return fmt.Errorf("overlay names the permission %q; the only one that is modelled is %q", name, PermissionSendOutboundMessages)
			}
			for _, u := range users {
				if u.holdsFor(p.User, p.Profile) {
					cfg.silent[u.Username] = true
				}
			}
		}
	}
	seen := map[string]bool{}
	for _, m := range cfg.overlay.OutboundMessages {
		d, err := cfg.compileMessage(m, cmp.Or(m.IntegrationUser, users[0].Username))
		if err != nil {
			return fmt.Errorf("outbound message %q: %w", m.Name, err)
		}
		if seen[d.key] {
			return fmt.Errorf("outbound message %q is defined twice", m.Name)
		}
		seen[d.key] = true
		cfg.outbound[d.view.name] = append(cfg.outbound[d.view.name], d)
	}
	return nil
}

func (cfg *config) compileMessage(m OutboundMessage, sendAs string) (*definition, error) {
	if !apiName.MatchString(m.Name) {
		return nil, errors.New("its name is not made of letters, digits and underscores, with a letter first")
	}
	o := cfg.object(m.Object)
	if o == nil {
		return nil, unknownObject(m.Object)
	}
	if m.On != "" && m.On != "create" && m.On != "update" {
		return nil, fmt.Errorf("it is sent on %q; that is create or update, or empty for both", m.On)
	}
	if m.APIVersion == 0 {
		m.APIVersion = newestVersion
	}
	if m.APIVersion < oldestVersion || m.APIVersion > newestVersion {
		return nil, fmt.Errorf("API version %d is none of %d to %d", m.APIVersion, oldestVersion, newestVersion)
	}
	views := cfg.views[sendAs]
	if views == nil {
		return nil, fmt.Errorf("overlay names the user %q, who is not in this org", sendAs)
	}
	d := &definition{OutboundMessage: m, key: strings.ToLower(m.Name), view: views[strings.ToLower(o.name)]}
	for _, name := range m.Fields {
		f := o.field(name)
		switch {
		case f == nil:
			return nil, unknownField(o.name, name)
		case f.Type == schema.TypeAddress || f.Type == schema.TypeLocation:
			return nil, fmt.Errorf("the compound field %s cannot be sent, its parts can", f.Name)
		case f != o.id && !slices.Contains(d.fields, f):
			d.fields = append(d.fields, f)
		}
	}
	slices.SortFunc(d.fields, func(a, b *field) int { return strings.Compare(a.Name, b.Name) })
	var err error
	d.when, err = compileConditions(o, m.When)
	return d, err
}

// wants reports whether a write triggers the message; before is nil for a new record.
func (d *definition) wants(before, after []string) bool {
	if d.On == "create" && before != nil || d.On == "update" && before == nil {
		return false
	}
	return holds(d.when, before, after)
}

// ErrRemoteEndpoint is in errors about endpoints that only [Options.AllowRemoteEndpoints] lets be.
var ErrRemoteEndpoint = errors.New("is not on this machine, which has to be allowed first")

// checkEndpoint refuses URLs to which Salesforce would not send, and those that are not on
// this machine unless remote ones are allowed.
func checkEndpoint(endpoint string, remote bool) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("endpoint %q is no http or https URL", endpoint)
	}
	if !remote && !isLoopback(u.Hostname()) {
		return fmt.Errorf("endpoint %q %w", endpoint, ErrRemoteEndpoint)
	}
	if u.Port() == "" {
		return nil
	}
	port, err := strconv.Atoi(u.Port())
	ok := err == nil && (port == 80 && u.Scheme == "http" || port == 443 && u.Scheme == "https" || port >= 1024 && port <= 65535)
	if !ok {
		return fmt.Errorf("endpoint %q has a port that Salesforce does not send to: it is 80 for http, 443 for https, or from 1024 up", endpoint)
	}
	return nil
}

// DefineOutboundMessage adds an outbound message to the org's overlay, or replaces the one of
// that name. What is queued stays queued and goes out by the new definition, unless that is
// of another object.
func (g *Org) DefineOutboundMessage(m OutboundMessage) error {
	g.overlayMu.Lock()
	defer g.overlayMu.Unlock()
	overlay := g.Overlay()
	overlay.OutboundMessages = append(withoutMessage(overlay.OutboundMessages, m.Name), m)
	return g.setOverlay(overlay)
}

// RemoveOutboundMessage takes an outbound message out of the overlay, with everything that is queued for it. It
// is false if there is none of that name.
func (g *Org) RemoveOutboundMessage(name string) bool {
	g.overlayMu.Lock()
	defer g.overlayMu.Unlock()
	overlay := g.Overlay()
	left := withoutMessage(overlay.OutboundMessages, name)
	if len(left) == len(overlay.OutboundMessages) {
		return false
	}
	overlay.OutboundMessages = left
	return g.setOverlay(overlay) == nil // less of an overlay that was right is right
}

func withoutMessage(list []OutboundMessage, name string) []OutboundMessage {
	return slices.DeleteFunc(slices.Clone(list), func(m OutboundMessage) bool { return strings.EqualFold(m.Name, name) })
}
