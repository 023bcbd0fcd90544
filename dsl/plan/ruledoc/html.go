package ruledoc

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"picture": func(i int, r Rule) template.HTML {
		return template.HTML(r.Picture(fmt.Sprintf("r%d", i+1))) // it escapes what it draws
	},
	"when":     WhenWords,
	"sentence": func(a Action) string { return a.Sentence() },
	"name":     func(o Object) string { return o.Title() },
	"armTitle": func(a Arm) string { return upperFirst(a.Title()) },
	"join":     func(list []string) string { return strings.Join(list, ", ") },
	"plain":    func(v Value) bool { return v.Plain() },
	"file":     func(path string) string { return path[strings.LastIndexByte(path, '/')+1:] },
}).Parse(pageText))

// HTML writes the document as one page that needs nothing else: no scripts, no fonts,
// no pictures from elsewhere.
func (d *Document) HTML(w io.Writer) error {
	return page.Execute(w, struct {
		*Document
		Title string
	}{d, title})
}
