package lsp

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestURIs(t *testing.T) {
	for _, c := range []struct{ uri, path string }{
		{"file:///home/me/my%20rules/%C3%A4.sfsync", "/home/me/my rules/ä.sfsync"},
		{"file:///C:/rules/a.sfsync", "C:/rules/a.sfsync"},
		{"file://server/share/a.sfsync", "//server/share/a.sfsync"},
		{"untitled:Untitled-1", ""},
		{"git:/home/me/a.sfsync", ""},
		{"file:", ""},
		{"%", ""},
	} {
		if got := filepath.ToSlash(pathOf(c.uri)); got != c.path && (runtime.GOOS == "windows" || !strings.HasPrefix(c.path, "//")) {
			t.Errorf("%s is %q, not %q", c.uri, got, c.path)
		}
		if c.path == "" {
			continue
		}
		if got := uriOf(c.path); got != c.uri {
			t.Errorf("%s is %s, not %s", c.path, got, c.uri)
		}
	}
}
