package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/sfsync/sfsync/runtime"
	"github.com/sfsync/sfsync/store"
)

// adminHandler serves those who run the daemon, on this machine only: metrics and
// health, and the store for those who know the token of its directory.
func (d *daemon) adminHandler(token string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.metrics.Registry)
	mux.Handle("GET /healthz", &d.handler)
	mux.Handle("GET /readyz", &d.handler)
	mux.Handle("GET /serving", forOwner(token, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		due, _ := dueIn(r.Context(), d.store) // whoever asks must find the daemon also if its store is in trouble
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(servingNow{d.rulesByConnection(), due})
	})))
	mux.Handle("/runs", forOwner(token, runLogHandler(runtime.RunLog(d.store))))
	mux.Handle("/runs/", forOwner(token, runActHandler(d.engine, d.store.Runs(), d.logger)))
	mux.Handle("POST /events", forOwner(token, pastHandler(d.store)))
	mux.Handle("/state/", forOwner(token, stateHandler(d.store.State(), d.stateChanged)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !namesThisMachine(r.Host) {
			http.Error(w, "ask for 127.0.0.1", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// servingNow is what a daemon tells of itself to other commands.
type servingNow struct {
	Rules map[string][]string `json:"rules"` // names, by the connection that they write to
	Due   int                 `json:"due"`   // accepted events that are run just now, or next
}

// rulesByConnection are the rules that are served now. One org that a flag names stands
// for all connections.
func (d *daemon) rulesByConnection() map[string][]string {
	j, out := d.book.now(), map[string][]string{}
	for name, rules := range rulesByConnection(j.rules.files) {
		if to := j.targetOf(name).name; to != "" {
			name = to
		}
		for _, rule := range rules {
			if name != "" && !slices.Contains(out[name], rule) {
				out[name] = append(out[name], rule)
			}
		}
	}
	return out
}

// stateChanged reacts to what another command has put into the store, or deleted.
func (d *daemon) stateChanged(key string) {
	switch kind, name := store.ConnectionOf(key); kind {
	case "connection":
		d.logger.Info("a connection has changed; what waits for it is tried again", "connection", name)
		if d.book.refused.Load() {
			// The rules may have named it before it was there.
			select {
			case d.lookAgain <- struct{}{}:
			default:
			}
		}
		d.engine.Reconnect(name)
		// What a flag names stands for the connections of all rules.
		j := d.book.now()
		for _, of := range connectionsOf(j.rules.files) {
			if of != name && j.targetOf(of).name == name {
				d.engine.Reconnect(of)
			}
		}
	}
}

// namesThisMachine keeps pages of other hosts, whose names an attacker lets point
// here (DNS rebinding), from reading along.
func namesThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
