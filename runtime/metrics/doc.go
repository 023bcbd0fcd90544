// Package metrics counts what the daemon does and shows it to Prometheus.
//
//	m := metrics.New(metrics.Config{Health: store.Health, Version: "1.0"})
//	config.Observe = m.Observe // of runtime.Config
//	client = m.Client("production", client)
//	http.Handle("/metrics", m.Registry)
//
// [Registry] holds the series and writes them in Prometheus's text format, version
// 0.0.4 ("Exposition formats" of its documentation). [Metrics] names the series.
//
// Nothing of an event goes into a label: labels are names out of the rules and
// words of sfsync, so their number is bounded.
package metrics
