package orgsim

import (
	"fmt"
	"net/http"
	"strings"
)

// outboundRoutes serves the part of the admin interface that is about outbound messages.
func (g *Org) outboundRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sim/outbound", func(w http.ResponseWriter, _ *http.Request) { adminJSON(w, g.OutboundStatus()) })
	mux.HandleFunc("PUT /sim/outbound/{name}", g.adminDefine)
	mux.HandleFunc("DELETE /sim/outbound/{name}", func(w http.ResponseWriter, r *http.Request) {
		if !g.RemoveOutboundMessage(r.PathValue("name")) {
			adminError(w, 404, fmt.Errorf("there is no outbound message %q", r.PathValue("name")))
			return
		}
		adminJSON(w, map[string]bool{"removed": true})
	})
	mux.HandleFunc("POST /sim/outbound/retry", func(w http.ResponseWriter, r *http.Request) {
		g.adminByID(w, r, "retried", g.RetryOutbound)
	})
	mux.HandleFunc("POST /sim/outbound/delete", func(w http.ResponseWriter, r *http.Request) {
		g.adminByID(w, r, "deleted", g.DeleteOutbound)
	})
	mux.HandleFunc("GET /sim/delivery", func(w http.ResponseWriter, _ *http.Request) { adminJSON(w, g.Delivery()) })
	mux.HandleFunc("PATCH /sim/delivery", g.adminDelivery)
}

func (g *Org) adminDefine(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	m := OutboundMessage{Name: name}
	if !adminBody(w, r, &m) {
		return
	}
	if !strings.EqualFold(m.Name, name) {
		adminError(w, 400, fmt.Errorf("the body defines %q, and the path %q", m.Name, name))
		return
	}
	if err := g.DefineOutboundMessage(m); err != nil {
		adminError(w, 400, err)
		return
	}
	for _, s := range g.OutboundStatus() {
		if strings.EqualFold(s.Name, name) {
			adminJSON(w, s)
		}
	}
}

// adminByID does something to what the body names, or to all.
func (g *Org) adminByID(w http.ResponseWriter, r *http.Request, done string, do func(...string) int) {
	var in struct {
		ID string `json:"id"`
	}
	if r.ContentLength != 0 && !adminBody(w, r, &in) {
		return
	}
	var ids []string
	if in.ID != "" {
		ids = []string{in.ID}
	}
	adminJSON(w, map[string]int{done: do(ids...)})
}

// adminDelivery changes the settings that the body names, and leaves the others.
func (g *Org) adminDelivery(w http.ResponseWriter, r *http.Request) {
	d := g.Delivery()
	if !adminBody(w, r, &d) {
		return
	}
	if err := g.SetDelivery(d); err != nil {
		adminError(w, 400, err)
		return
	}
	adminJSON(w, g.Delivery())
}
