package metrics

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The kinds of series that are read when they are asked for.
const (
	GaugeKind   = "gauge"
	CounterKind = "counter"
)

// Registry holds metrics. Make them before it is first written out; the metrics
// themselves may be used from any goroutine.
type Registry struct{ families []family }

// family is a metric of one name with all its label sets.
type family struct {
	name, help, kind string
	write            func(ctx context.Context, w *bytes.Buffer, name string)
}

// Emit hands over one value of a metric, with the values of its labels.
type Emit func(value float64, labels ...string)

// ContentType is the media type of the text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// ServeHTTP answers with all metrics.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Cache-Control", "no-store")
	ctx, cancel := context.WithTimeout(req.Context(), 10*time.Second)
	defer cancel()
	r.Write(ctx, w)
}

// Write writes all metrics as text.
func (r *Registry) Write(ctx context.Context, w io.Writer) error {
	var b bytes.Buffer
	for _, f := range r.families {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", f.name, helpEscapes.Replace(f.help), f.name, f.kind)
		f.write(ctx, &b, f.name)
	}
	_, err := w.Write(b.Bytes())
	return err
}

var (
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	valueEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// labelText is a label set as it is written, without braces.
func labelText(names, values []string) string {
	if len(names) != len(values) {
		panic(fmt.Sprintf("metric with the labels %q got the values %q", names, values))
	}
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name)
		b.WriteString(`="`)
		valueEscapes.WriteString(&b, strings.ToValidUTF8(values[i], "\ufffd"))
		b.WriteByte('"')
	}
	return b.String()
}

func writeSample(b *bytes.Buffer, name, labels string, value float64) {
	b.WriteString(name)
	if labels != "" {
		b.WriteByte('{')
		b.WriteString(labels)
		b.WriteByte('}')
	}
	b.WriteByte(' ')
	b.WriteString(number(value))
	b.WriteByte('\n')
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Counter only rises.
type Counter struct {
	labels []string
	mu     sync.Mutex
	values map[string]float64
}

// Counter makes a counter. Without labels it shows 0 from the beginning.
func (r *Registry) Counter(name, help string, labels ...string) *Counter {
	c := &Counter{labels: labels, values: map[string]float64{}}
	if len(labels) == 0 {
		c.values[""] = 0
	}
	r.families = append(r.families, family{name, help, CounterKind, c.write})
	return c
}

// Add raises the counter of the label set with these values; by 0 it only shows it.
func (c *Counter) Add(n float64, values ...string) {
	key := labelText(c.labels, values)
	c.mu.Lock()
	c.values[key] += n
	c.mu.Unlock()
}

func (c *Counter) write(_ context.Context, b *bytes.Buffer, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		writeSample(b, name, key, c.values[key])
	}
}

// Func makes a metric of a kind whose values are read when they are asked for.
func (r *Registry) Func(name, help, kind string, labels []string, read func(ctx context.Context, emit Emit)) {
	r.families = append(r.families, family{name, help, kind, func(ctx context.Context, b *bytes.Buffer, name string) {
		read(ctx, func(value float64, values ...string) { writeSample(b, name, labelText(labels, values), value) })
	}})
}

// Histogram counts values by size.
type Histogram struct {
	bounds []float64 // upper, rising
	labels []string
	mu     sync.Mutex
	sets   map[string]*histogramSet
}

type histogramSet struct {
	counts []uint64 // by bound, and one for what is beyond
	sum    float64
}

// Histogram makes a histogram whose buckets have these upper bounds, rising.
func (r *Registry) Histogram(name, help string, bounds []float64, labels ...string) *Histogram {
	h := &Histogram{bounds: bounds, labels: labels, sets: map[string]*histogramSet{}}
	r.families = append(r.families, family{name, help, "histogram", h.write})
	return h
}

// Observe counts one value.
func (h *Histogram) Observe(value float64, values ...string) {
	key := labelText(h.labels, values)
	i := sort.SearchFloat64s(h.bounds, value) // a value on a bound is below it
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sets[key]
	if s == nil {
		s = &histogramSet{counts: make([]uint64, len(h.bounds)+1)}
		h.sets[key] = s
	}
	s.counts[i]++
	s.sum += value
}

func (h *Histogram) write(_ context.Context, b *bytes.Buffer, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(h.sets)) {
		s := h.sets[key]
		prefix := key
		if key != "" {
			prefix += ","
		}
		total := uint64(0)
		for i, n := range s.counts {
			total += n
			bound := math.Inf(1)
			if i < len(h.bounds) {
				bound = h.bounds[i]
			}
			writeSample(b, name+"_bucket", prefix+`le="`+number(bound)+`"`, float64(total))
		}
		writeSample(b, name+"_sum", key, s.sum)
		writeSample(b, name+"_count", key, float64(total))
	}
}
