package orgsim

import (
	"net/http"
	"slices"
	"strings"
)

// SetAccess changes at run time what a user, or the users of a profile, may do with an object: it takes the place of
// what the overlay says of the same user, profile and object.
func (g *Org) SetAccess(a Access) error {
	return g.reconfigure(func(s *setup) error {
		s.overlay.Access = append(slices.DeleteFunc(slices.Clone(s.overlay.Access), func(old Access) bool {
			return old.User == a.User && old.Profile == a.Profile && strings.EqualFold(old.Object, a.Object)
		}), a)
		return nil
	})
}

// alterRoutes serves the part of the admin interface by which the schema drifts.
func (g *Org) alterRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /sim/schema/{object}", func(w http.ResponseWriter, r *http.Request) {
		var field map[string]any
		if adminBody(w, r, &field) {
			adminDone(w, "added", g.AddField(r.PathValue("object"), field))
		}
	})
	mux.HandleFunc("PATCH /sim/schema/{object}/{field}", func(w http.ResponseWriter, r *http.Request) {
		var set map[string]any
		if adminBody(w, r, &set) {
			adminDone(w, "changed", g.ChangeField(r.PathValue("object"), r.PathValue("field"), set))
		}
	})
	mux.HandleFunc("DELETE /sim/schema/{object}/{field}", func(w http.ResponseWriter, r *http.Request) {
		adminDone(w, "removed", g.RemoveField(r.PathValue("object"), r.PathValue("field")))
	})
	mux.HandleFunc("PUT /sim/access", func(w http.ResponseWriter, r *http.Request) {
		var a Access
		if adminBody(w, r, &a) {
			adminDone(w, "set", g.SetAccess(a))
		}
	})
}
