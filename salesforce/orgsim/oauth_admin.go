package orgsim

import (
	"fmt"
	"net/http"
	"time"
)

// oauthRoutes serves the part of the admin interface that is about users, apps and who is logged in.
func (g *Org) oauthRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sim/users", func(w http.ResponseWriter, _ *http.Request) {
		list := g.Users()
		for i := range list {
			list[i].Password = ""
		}
		adminJSON(w, list)
	})
	mux.HandleFunc("PATCH /sim/users/{username}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("username")
		u := g.config.Load().user(name)
		if u == nil {
			adminError(w, 404, fmt.Errorf("there is no user %q in this org", name))
			return
		}
		changed := *u
		if adminBody(w, r, &changed) {
			adminDone(w, "changed", g.UpdateUser(name, func(u *User) { *u = changed }))
		}
	})
	mux.HandleFunc("GET /sim/apps", func(w http.ResponseWriter, _ *http.Request) {
		list := g.Apps()
		for i := range list {
			list[i].ClientSecret = ""
		}
		adminJSON(w, list)
	})
	mux.HandleFunc("PATCH /sim/apps/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		a := g.config.Load().appByID(id)
		if a == nil {
			adminError(w, 404, fmt.Errorf("there is no app %q in this org", id))
			return
		}
		changed := *a
		if adminBody(w, r, &changed) {
			adminDone(w, "changed", g.UpdateApp(id, func(a *App) { *a = changed }))
		}
	})
	mux.HandleFunc("GET /sim/grants", func(w http.ResponseWriter, _ *http.Request) { adminJSON(w, orEmpty(g.Grants())) })
	mux.HandleFunc("POST /sim/grants/revoke", func(w http.ResponseWriter, r *http.Request) {
		g.adminByID(w, r, "revoked", g.RevokeGrants)
	})
	mux.HandleFunc("POST /sim/revoke", g.adminRevoke)
	mux.HandleFunc("GET /sim/clock", g.adminClock)
	mux.HandleFunc("PATCH /sim/clock", g.adminSetClock)
}

// adminRevoke ends the sessions of the user that the body names, or all.
func (g *Org) adminRevoke(w http.ResponseWriter, r *http.Request) {
	var in struct {
		User string `json:"user"`
	}
	if r.ContentLength != 0 && !adminBody(w, r, &in) {
		return
	}
	var names []string
	if in.User != "" {
		if g.config.Load().user(in.User) == nil {
			adminError(w, 404, fmt.Errorf("there is no user %q in this org", in.User))
			return
		}
		names = []string{in.User}
	}
	g.RevokeSessions(names...)
	adminDone(w, "revoked", nil)
}

func (g *Org) adminClock(w http.ResponseWriter, _ *http.Request) {
	speed := 1.0
	if c := g.clock.Load(); c != nil {
		speed = c.speed
	}
	adminJSON(w, map[string]any{"now": g.now(), "speed": speed})
}

func (g *Org) adminSetClock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Advance Duration `json:"advance"`
		Speed   float64  `json:"speed"`
	}
	if !adminBody(w, r, &in) {
		return
	}
	if in.Speed != 0 {
		if err := g.SetClockSpeed(in.Speed); err != nil {
			adminError(w, 400, err)
			return
		}
	}
	g.AdvanceClock(time.Duration(in.Advance))
	g.adminClock(w, r)
}

// adminDone answers a change that was made, or could not be.
func adminDone(w http.ResponseWriter, what string, err error) {
	if err != nil {
		adminError(w, 400, err)
		return
	}
	adminJSON(w, map[string]bool{what: true})
}
