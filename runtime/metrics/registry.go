package metrics

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Registry holds series, and answers Prometheus when it asks for them.
type Registry struct {
	series *prometheus.Registry
	http.Handler
}

func newRegistry() *Registry {
	series := prometheus.NewRegistry()
	series.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &Registry{series, promhttp.HandlerFor(series, promhttp.HandlerOpts{MaxRequestsInFlight: 4})}
}

// Counter only rises.
type Counter struct{ vec *prometheus.CounterVec }

func (r *Registry) counter(name, help string, labels ...string) *Counter {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	r.series.MustRegister(vec)
	return &Counter{vec}
}

// Add raises the counter of the label set with these values; by 0 it only shows it.
func (c *Counter) Add(n float64, values ...string) { c.vec.WithLabelValues(values...).Add(n) }

// histogram counts values by size.
type histogram struct{ vec *prometheus.HistogramVec }

func (r *Registry) histogram(name, help string, buckets []float64, labels ...string) histogram {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	r.series.MustRegister(vec)
	return histogram{vec}
}

func (h histogram) observe(value float64, values ...string) {
	h.vec.WithLabelValues(values...).Observe(value)
}

// emit hands over one value of a series, with the values of its labels.
type emit func(value float64, labels ...string)

// reader is a series whose values are read when they are asked for.
type reader struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(emit)
}

func (r *Registry) read(name, help string, kind prometheus.ValueType, labels []string, read func(emit)) {
	r.series.MustRegister(&reader{prometheus.NewDesc(name, help, labels, nil), kind, read})
}

// Describe tells what Collect will hand over.
func (f *reader) Describe(to chan<- *prometheus.Desc) { to <- f.desc }

// Collect reads the values.
func (f *reader) Collect(to chan<- prometheus.Metric) {
	f.read(func(value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
	})
}
