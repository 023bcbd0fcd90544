package outbound

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// largeMessage is indented, of n notifications with 30 fields, about 2 kB each.
func largeMessage(n int) []byte {
	var b strings.Builder
	for i := range n {
		fields := "\n     " + recordID(caseID)
		for f := range 30 {
			value := []string{"120000.0", "2017-12-11T21:49:24.000Z", "a text of middling length", "true"}[f%4]
			fields += fmt.Sprintf("\n     <sf:Field_%02d__c>%s</sf:Field_%02d__c>", f, value, f)
		}
		b.WriteString("\n   " + strings.Replace(notification(i, "\n    "+record(fields+"\n    ")+"\n   "), "<Id>", "\n    <Id>", 1))
	}
	return []byte(document{prolog: `<?xml version="1.0" encoding="UTF-8"?>` + "\n", session: `<SessionId xsi:nil="true"/>`, notifications: b.String()}.String())
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("notifications=%d", n), func(b *testing.B) {
			body := largeMessage(n)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if m, err := Read(bytes.NewReader(body), 0); err != nil || len(m.Notifications) != n {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/notification")
		})
	}
}

func BenchmarkAppendEvent(b *testing.B) {
	m, err := Read(bytes.NewReader(largeMessage(1)), 0)
	if err != nil {
		b.Fatal(err)
	}
	kinds := []schema.Type{schema.TypeDouble, schema.TypeDateTime, schema.TypeString, schema.TypeBoolean}
	o := &schema.Object{Name: "Case"}
	for i, f := range m.Notifications[0].Fields {
		o.Fields = append(o.Fields, &schema.Field{Name: f.Name, Type: kinds[i%4]})
	}
	schema.New(o)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = m.Notifications[0].AppendEvent(dst[:0], o, received)
	}
}

// BenchmarkReadHostile is what the worst bodies of the greatest size cost.
func BenchmarkReadHostile(b *testing.B) {
	for _, h := range hostile() {
		b.Run(h.name, func(b *testing.B) {
			b.SetBytes(int64(len(h.body)))
			b.ReportAllocs()
			for b.Loop() {
				Read(strings.NewReader(h.body), 0)
			}
		})
	}
}
