package orgsim

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"
)

// describedAt is when the org's objects were last changed, as far as
// If-Modified-Since is concerned: describes differ between users and set-ups, so
// all count as changed whenever anything in the set-up did.
func (g *Org) describedAt() time.Time { return g.config.Load().since }

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
	if a, ok := c.unchanged(); ok {
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
	a.modified = g.describedAt()
	return a
}

// objectInfo answers GET /sobjects/<Type>.
func (g *Org) objectInfo(c *call, v *view) answer {
	return jsonAnswer(200, map[string]any{"objectDescribe": v.describeObject(c.version), "recentItems": []any{}})
}

// describe answers GET /sobjects/<Type>/describe with what the user may see.
func (g *Org) describe(c *call, v *view) answer {
	if a, ok := c.unchanged(); ok {
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
	return answer{status: 200, body: data, modified: g.describedAt()}
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

// unchanged answers If-Modified-Since on describes.
func (c *call) unchanged() (answer, bool) {
	at := c.org.describedAt().Truncate(time.Second)
	if since, ok := parseHTTPTime(c.header.Get("If-Modified-Since")); ok && !at.After(since) {
		return answer{status: 304, modified: at}, true
	}
	return answer{}, false
}

func itoa(n int) string { return strconv.Itoa(n) }
