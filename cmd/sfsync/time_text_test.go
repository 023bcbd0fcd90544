package main

import (
	"testing"
	"time"
)

func TestTimes(t *testing.T) {
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.Local)
	for _, test := range []struct{ got, want string }{
		{span(500 * time.Millisecond), "0.5 seconds"},
		{span(time.Second), "1 second"},
		{span(90 * time.Second), "90 seconds"},
		{span(2 * time.Hour), "2 hours"},
		{span(72 * time.Hour), "3 days"},
		{ago(now.Add(-5*time.Second), now), "5 s ago"},
		{ago(now.Add(-5*time.Minute), now), "5 min ago"},
		{ago(now.Add(-47*time.Hour), now), "47 h ago"},
		{ago(now.Add(-72*time.Hour), now), "3 days ago"},
		{ago(now.Add(time.Hour), now), "now"},
		{soon(now.Add(time.Hour), now), "15:00:00"},
		{soon(now.Add(24*time.Hour), now), "2026-11-24 14:00"},
		{thousands(7), "7"}, {thousands(1234), "1,234"}, {thousands(1234567), "1,234,567"}, {thousands(-1234), "-1,234"}, {thousands(-123), "-123"},
		{plural(1, "rule"), "1 rule"}, {plural(0, "rule"), "0 rules"},
	} {
		if test.got != test.want {
			t.Errorf("%q, want %q", test.got, test.want)
		}
	}
}
