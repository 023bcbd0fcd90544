package orgsim

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stamp says when each object was last changed, as far as If-Modified-Since is concerned: at now if its
// describe is not the same for every user as in the set-up before.
func (cfg *config) stamp(old *config, now time.Time) {
	now = now.Truncate(time.Second)
	if old != nil {
		cfg.since = old.since
		if !now.After(old.since) {
			now = old.since.Add(time.Second) // HTTP dates count seconds, so two changes in one would look like one
		}
	}
	for _, o := range cfg.objects {
		if o.since = now; old != nil && cfg.describesLike(old, o) {
			o.since = old.object(o.name).since
			continue
		}
		cfg.since = now
	}
}

// describesLike reports whether an object is described to every user as it was.
func (cfg *config) describesLike(old *config, o *object) bool {
	was := old.object(o.name)
	if was == nil || o.described != was.described && !reflect.DeepEqual(o.described, was.described) {
		return false
	}
	key := strings.ToLower(o.name)
	for _, u := range cfg.users {
		a, b := cfg.views[u.Username][key], old.views[u.Username][key]
		if a.hidden != b.hidden || a.mayCreate != b.mayCreate || a.mayEdit != b.mayEdit || a.mayDelete != b.mayDelete ||
			!slices.Equal(a.visible, b.visible) || !slices.Equal(a.canCreate, b.canCreate) || !slices.Equal(a.canUpdate, b.canUpdate) {
			return false
		}
	}
	return true
}

// versions answers GET /services/data/, the one resource without authorization.
func (g *Org) versions(c *call) answer {
	type version struct {
		Label   string `json:"label"`
		URL     string `json:"url"`
		Version string `json:"version"`
	}
	var list []version
	for v := oldestVersion; v <= newestVersion; v++ {
		// Three releases a year; 68 is Winter '27.
		season, year := []string{"Winter", "Spring", "Summer"}[(v+1)%3], (v+1)/3+4
		list = append(list, version{season + " '" + strconv.Itoa(year), "/services/data/v" + strconv.Itoa(v) + ".0", strconv.Itoa(v) + ".0"})
	}
	return jsonAnswer(200, list)
}

// resources answers GET /services/data/vNN.0/.
func (g *Org) resources(c *call) answer {
	base := "/services/data/v" + itoa(c.version) + ".0/"
	out := map[string]string{"identity": c.base + "/id/" + g.id + "/" + c.user.ID}
	for _, name := range []string{"sobjects", "query", "queryAll", "composite", "limits"} {
		out[name] = base + name
	}
	return jsonAnswer(200, out)
}

// notInSummary are the keys of a describe that the list of all objects leaves out.
var notInSummary = []string{"actionOverrides", "childRelationships", "compactLayoutable", "defaultImplementation", "extendedBy", "extendsInterfaces",
	"fields", "implementedBy", "implementsInterfaces", "listviewable", "lookupLayoutable", "namedLayoutInfos", "networkScopeFieldName",
	"recordTypeInfos", "searchLayoutable", "sobjectDescribeOption", "supportedScopes"}

// describeGlobal answers GET /sobjects.
func (g *Org) describeGlobal(c *call) answer {
	if a, ok := c.unchanged(c.cfg.since); ok {
		return a
	}
	list := []any{}
	for _, name := range c.cfg.names {
		if v := c.view(name); v != nil {
			o := v.describeObject(c.version)
			for _, key := range notInSummary {
				delete(o, key)
			}
			list = append(list, o)
		}
	}
	a := jsonAnswer(200, map[string]any{"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": list})
	a.modified = c.cfg.since
	return a
}

// objectInfo answers GET /sobjects/<Type>.
func (g *Org) objectInfo(c *call, v *view) answer {
	return jsonAnswer(200, map[string]any{"objectDescribe": v.describeObject(c.version), "recentItems": []any{}})
}

// describe answers GET /sobjects/<Type>/describe with what the user may see.
func (g *Org) describe(c *call, v *view) answer {
	if a, ok := c.unchanged(v.since); ok {
		return a
	}
	o := v.describeObject(c.version)
	fields := make([]map[string]any, 0, len(v.readable))
	for _, f := range v.readable {
		d := maps.Clone(v.described.fields[f.index])
		delete(d, "displayFormat")
		d["createable"], d["updateable"] = v.mayCreate && v.canCreate[f.index], v.mayEdit && v.canUpdate[f.index]
		fields = append(fields, d)
	}
	o["fields"] = fields
	data, err := json.Marshal(o)
	if err != nil {
		return fail(500, "UNKNOWN_EXCEPTION", "describe cannot be written")
	}
	return answer{status: 200, body: data, modified: v.since}
}

// describeObject is the top level of a describe, with the user's object permissions.
func (v *view) describeObject(version int) map[string]any {
	o := maps.Clone(v.described.object)
	o["createable"], o["updateable"], o["deletable"] = v.mayCreate, v.mayEdit, v.mayDelete
	if urls, ok := o["urls"].(map[string]any); ok {
		urls = maps.Clone(urls)
		for key, u := range urls {
			urls[key] = strings.Replace(text(u), "/vxx.0/", "/v"+itoa(version)+".0/", 1)
		}
		o["urls"] = urls
	}
	return o
}

// unchanged answers the conditional headers of describes: 304, 412, or nothing.
func (c *call) unchanged(at time.Time) (answer, bool) {
	if since, ok := parseHTTPTime(c.header.Get("If-Unmodified-Since")); ok && at.After(since) {
		return answer{status: 412}, true
	}
	if since, ok := parseHTTPTime(c.header.Get("If-Modified-Since")); ok && !at.After(since) {
		return answer{status: 304, modified: at}, true
	}
	return answer{}, false
}

func itoa(n int) string { return strconv.Itoa(n) }
