package orgsim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// adminHandler serves /sim/, by which the user of a simulated org sets it up, breaks it and
// looks into it. It is not part of Salesforce and needs no login, so other sites' pages in a browser
// are kept out.
func (g *Org) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sim/{$}", g.adminHelp)
	mux.HandleFunc("GET /sim", g.adminHelp)
	mux.HandleFunc("POST /sim/seed", g.adminSeed)
	mux.HandleFunc("GET /sim/records/{object}", func(w http.ResponseWriter, r *http.Request) {
		list := g.Records(r.PathValue("object"))
		if list == nil {
			adminError(w, 404, fmt.Errorf("there is no object %q in this org", r.PathValue("object")))
			return
		}
		adminJSON(w, list)
	})
	mux.HandleFunc("GET /sim/records/{object}/{id}", func(w http.ResponseWriter, r *http.Request) {
		record, ok := g.Record(r.PathValue("object"), r.PathValue("id"))
		if !ok {
			adminError(w, 404, fmt.Errorf("there is no %s with the id %s", r.PathValue("object"), r.PathValue("id")))
			return
		}
		adminJSON(w, record)
	})
	mux.HandleFunc("GET /sim/history/{id}", func(w http.ResponseWriter, r *http.Request) { adminJSON(w, orEmpty(g.History(r.PathValue("id")))) })
	mux.HandleFunc("GET /sim/stats", func(w http.ResponseWriter, _ *http.Request) { adminJSON(w, g.Stats()) })
	mux.HandleFunc("GET /sim/calls", g.adminCalls)
	mux.HandleFunc("GET /sim/faults", func(w http.ResponseWriter, _ *http.Request) { adminJSON(w, g.Faults()) })
	mux.HandleFunc("POST /sim/break", g.adminBreak)
	mux.HandleFunc("POST /sim/heal", g.adminHeal)
	mux.HandleFunc("GET /sim/overlay", func(w http.ResponseWriter, _ *http.Request) { adminJSON(w, g.Overlay()) })
	mux.HandleFunc("PUT /sim/overlay", g.adminOverlay)
	mux.HandleFunc("PUT /sim/limits", g.adminLimits)
	mux.HandleFunc("POST /sim/reset", func(w http.ResponseWriter, _ *http.Request) {
		g.Reset()
		adminJSON(w, map[string]bool{"reset": true})
	})
	g.outboundRoutes(mux)
	g.oauthRoutes(mux)
	g.alterRoutes(mux)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (g *Org) adminHelp(w http.ResponseWriter, _ *http.Request) {
	cfg := g.config.Load()
	fmt.Fprintf(w, `A simulated Salesforce org, %s, on API versions %d.0 to %d.0.

Objects: %v

GET  /sim/records/OBJECT[/ID]   records as they are
GET  /sim/history/ID            writes to a record, each field before and after
GET  /sim/calls?limit=20        last calls, newest first
GET  /sim/stats                 counts of calls, rows, errors and records
POST /sim/seed                  {"Contact": [{"LastName": "Ada"}]}
POST /sim/break                 {"kind": "row_lock", "record": "003...", "times": 3}
GET  /sim/faults                what is broken
POST /sim/heal                  {"id": "fault-1"}, or nothing for all
PUT  /sim/overlay               permissions and rules; GET shows them
PUT  /sim/access                {"profile": "Sales", "object": "Case", "can": ["read", "edit"], "hidden": ["Reason"]}
POST /sim/schema/OBJECT         {"name": "Segment__c", "type": "string", "length": 40}
PATCH /sim/schema/OBJECT/FIELD  {"name": "Tier__c"}, {"picklistValues": ["A", "B"]}; DELETE removes it
PUT  /sim/limits                {"max": 15000, "used": 14990}
PUT  /sim/outbound/NAME         {"object": "Case", "fields": ["Status"], "endpoint": "http://127.0.0.1:9000/"}; DELETE removes it
GET  /sim/outbound              outbound messages and what of them is queued, under way or dropped
POST /sim/outbound/retry        {"id": "04l..."}, or nothing for all
POST /sim/outbound/delete       {"id": "04l..."}, or nothing for all
PATCH /sim/delivery             {"speed": 3600, "duplicates": 0.1, "hold": true}; GET shows all settings
GET  /sim/users                 who can log in
PATCH /sim/users/NAME           {"frozen": true}, {"profile": "Sales"}
GET  /sim/apps                  what can be logged in with
PATCH /sim/apps/ID              {"rotate": true, "sessionTTL": "15m"}
GET  /sim/grants                refresh tokens by user and app, how often used and reused
POST /sim/grants/revoke         {"id": "grant-1"}, or nothing for all
POST /sim/revoke                end the sessions of {"user": "a@b.example"}, or all
PATCH /sim/clock                {"advance": "2h"}, {"speed": 96}; GET shows it
POST /sim/reset                 take away records, faults and counts; the set-up stays

Kinds of faults of calls: %v
Kinds of faults of rows:  %v
`, g.id, oldestVersion, newestVersion, cfg.names, callFaults, rowFaults)
}

func (g *Org) adminSeed(w http.ResponseWriter, r *http.Request) {
	var in map[string][]map[string]any
	if !adminBody(w, r, &in) {
		return
	}
	out := make(map[string][]string)
	// Parents are usually named earlier in the alphabet than their children; ids that
	// records name need not exist in any case.
	for _, object := range slices.Sorted(maps.Keys(in)) {
		ids, err := g.Seed(object, in[object]...)
		if err != nil {
			adminError(w, 400, err)
			return
		}
		out[object] = ids
	}
	adminJSON(w, out)
}

func (g *Org) adminCalls(w http.ResponseWriter, r *http.Request) {
	calls := g.Calls()
	slices.Reverse(calls)
	if s := r.URL.Query().Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			adminError(w, 400, fmt.Errorf("limit %q is no number", s))
			return
		}
		calls = calls[:min(n, len(calls))]
	}
	adminJSON(w, orEmpty(calls))
}

func (g *Org) adminBreak(w http.ResponseWriter, r *http.Request) {
	var f Fault
	if !adminBody(w, r, &f) {
		return
	}
	id, err := g.Break(f)
	if err != nil {
		adminError(w, 400, err)
		return
	}
	adminJSON(w, map[string]string{"id": id})
}

func (g *Org) adminHeal(w http.ResponseWriter, r *http.Request) {
	g.adminByID(w, r, "healed", g.Heal)
}

func (g *Org) adminOverlay(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		var overlay Overlay
		if overlay, err = ParseOverlay(data); err == nil {
			err = g.SetOverlay(overlay)
		}
	}
	if err != nil {
		adminError(w, 400, err)
		return
	}
	adminJSON(w, g.Overlay())
}

func (g *Org) adminLimits(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Max  int `json:"max"`
		Used int `json:"used"`
	}
	if !adminBody(w, r, &in) {
		return
	}
	g.SetDailyLimit(in.Max, in.Used)
	adminJSON(w, in)
}

// adminBody reads a JSON body strictly; it has answered if it returns false.
func adminBody(w http.ResponseWriter, r *http.Request, into any) bool {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.DisallowUnknownFields()
		if err = dec.Decode(into); err == io.EOF {
			err = errors.New("the body is empty")
		}
	}
	if err != nil {
		adminError(w, 400, fmt.Errorf("cannot read the request: %w", err))
		return false
	}
	return true
}

func adminError(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}

func adminJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.Encode(v)
}

// orEmpty makes an empty list of a nil one, which JSON would spell null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
