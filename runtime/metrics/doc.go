// Package metrics counts what the daemon does and shows it to Prometheus.
//
//	m := metrics.New(metrics.Config{Health: store.Health, Version: "1.0"})
//	config.Observe = m.Observe // of runtime.Config
//	client = m.Client("production", client)
//	http.Handle("/metrics", m.Registry)
//
// [Registry] holds the series with Prometheus's own client, beside its series of the
// Go runtime and the process. [Metrics] names the series.
//
// Nothing of an event goes into a label: labels are names out of the rules and
// words of sfsync, so their number is bounded.
package metrics
