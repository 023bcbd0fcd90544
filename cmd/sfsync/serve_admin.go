package main

import (
	"net"
	"net/http"
	"net/netip"
)

// adminHandler serves those who run the daemon, on this machine only: metrics and
// health, and the run log for those who know the token of the store's directory.
func (d *daemon) adminHandler(token string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.metrics.Registry)
	mux.Handle("GET /healthz", &d.handler)
	mux.Handle("GET /readyz", &d.handler)
	mux.Handle("/runs", runLogHandler(d.store.Runs(), token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !namesThisMachine(r.Host) {
			http.Error(w, "ask for 127.0.0.1", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
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
