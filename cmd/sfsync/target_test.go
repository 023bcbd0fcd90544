package main

import "testing"

func TestTokenSource(t *testing.T) {
	const address = "https://example.my.salesforce.com"
	for _, test := range []struct {
		name  string
		env   map[string]string
		alone bool
		want  string
	}{
		{"", map[string]string{"SFSYNC_ACCESS_TOKEN": "a"}, true, "a"},
		{"eu west", map[string]string{"SFSYNC_ACCESS_TOKEN": "a", "SFSYNC_ACCESS_TOKEN_EU_WEST": "b"}, true, "b"},
		{"eu west", map[string]string{"SFSYNC_ACCESS_TOKEN": "a"}, true, "a"},
		// With several connections, a token without a name could go to the wrong org.
		{"eu west", map[string]string{"SFSYNC_ACCESS_TOKEN": "a"}, false, ""},
		{"eu west", map[string]string{"SFSYNC_ACCESS_TOKEN_EU_WEST": "b"}, false, "b"},
		{"", nil, true, ""},
	} {
		for _, v := range []string{"SFSYNC_ACCESS_TOKEN", "SFSYNC_ACCESS_TOKEN_EU_WEST", "SFSYNC_CLIENT_ID", "SFSYNC_CLIENT_SECRET"} {
			t.Setenv(v, test.env[v])
		}
		source, err := tokenSource(address, test.name, test.alone)
		if test.want == "" {
			if err == nil {
				t.Errorf("%+v: a source was found", test)
			}
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		if got, err := source(t.Context(), ""); err != nil || got != test.want {
			t.Errorf("%+v: token %q, %v", test, got, err)
		}
	}
}
