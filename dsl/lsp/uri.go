package lsp

import (
	"net/url"
	"path/filepath"
	"strings"
)

// pathOf returns the file that a URI names, or "" for text that is in no file.
func pathOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "file" || u.Path == "" {
		return ""
	}
	path := u.Path
	if u.Host != "" && u.Host != "localhost" { // a share of another machine, on Windows
		path = "//" + u.Host + path
	}
	if len(path) > 2 && path[0] == '/' && path[2] == ':' { // /C:/rules on Windows
		path = path[1:]
	}
	return filepath.Clean(filepath.FromSlash(path))
}

// uriOf returns the URI of a file.
func uriOf(path string) string {
	path = filepath.ToSlash(path)
	if share, ok := strings.CutPrefix(path, "//"); ok {
		host, rest, _ := strings.Cut(share, "/")
		return (&url.URL{Scheme: "file", Host: host, Path: "/" + rest}).String()
	}
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}
