package outbound

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

type hostileBody struct {
	name, body string
	kind       Kind // "" if the body is one to be taken
}

// hostile are bodies made to cost much, of nearly the greatest size.
func hostile() []hostileBody {
	fill := func(unit string) string { return strings.Repeat(unit, (MaxBody-4096)/len(unit)) }
	within := func(content string) string { return document{notifications: notification(1, content)}.String() }
	count := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	var bomb strings.Builder
	bomb.WriteString(`<!DOCTYPE a [<!ENTITY e0 "x">`)
	for i := range 60 {
		fmt.Fprintf(&bomb, `<!ENTITY e%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&e%d;", i), 10))
	}
	bomb.WriteString("]>")
	var namespaces string
	for i := range maxNamespaces - 5 {
		namespaces += fmt.Sprintf(` xmlns:n%d="urn:a"`, i)
	}
	bodies := []hostileBody{
		{"an entity bomb", bomb.String() + oneCase("<sf:A>&e60;</sf:A>").String(), Forbidden},
		{"a DOCTYPE without end", "<!DOCTYPE " + fill("<a "), Forbidden},
		{"nested tags", within(fill("<a>")), TooLarge},
		{"nested tags in a header", document{header: "<soapenv:Header>" + fill("<a>")}.String(), TooLarge},
		{"attributes", within("<a " + count(120_000, `a%d="" `)), TooLarge},
		{"namespaces", within("<a " + count(60_000, `xmlns:a%d="b" `)), TooLarge},
		{"elements under many namespaces", within("<a" + namespaces + ">" + fill(`<b a="b"/>`) + "</a>"), ""},
		{"elements with many attributes", within(fill("<a " + count(900, `a%d="" `) + "/>")), ""},
		{"fields without end", oneCase(fill("<sf:A/>")).String(), TooLarge},
		{"fields in no order", oneCase(count(999, "<sf:Z/><sf:A%d/>")).String(), TooLarge},
		{"notifications of many fields", document{notifications: strings.Repeat(notification(1, record(count(1000, "<sf:F%d/>"))), 75)}.String(), ""},
		{"comments", within(fill("<!-- -->")), ""},
		{"a value in pieces", oneCase("<sf:A>" + fill("a<!---->") + "</sf:A>").String(), ""},
		{"references", oneCase("<sf:A>" + fill("&amp;") + "</sf:A>").String(), ""},
		{"an unknown reference without end", oneCase("<sf:A>&" + fill("a")).String(), NotXML},
		{"a name without end", within("<" + fill("a")), NotXML},
		{"a prefix without end", within("<" + fill("a") + ":b/>"), WrongNamespace},
		{"an attribute without end", within(`<a b="` + fill(">")), NotXML},
		{"a comment without end", within("<!--" + fill("-")), NotXML},
		{"skipped elements", within(fill("<a></a>")), ""},
		{"text without end", oneCase("<sf:A>" + fill("a")).String(), NotXML},
	}
	for i := range bodies { // what is cut off is more of the same
		bodies[i].body = bodies[i].body[:min(len(bodies[i].body), MaxBody)]
	}
	return bodies
}

// What a body costs in memory stays in proportion to its size, whatever it holds.
func TestReadIsBounded(t *testing.T) {
	const most = 32 * MaxBody
	for _, h := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := Read(strings.NewReader(h.body), 0)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > most {
			t.Errorf("%s: %d bytes allocated for a body of %d", h.name, used, len(h.body))
		}
		if h.kind == "" {
			if err != nil || len(m.Notifications) == 0 {
				t.Errorf("%s: %v", h.name, err)
			}
			continue
		}
		var refused *Refusal
		if !errors.As(err, &refused) || refused.Kind != h.kind {
			t.Errorf("%s: %v", h.name, err)
		} else if len(err.Error()) > 1000 {
			t.Errorf("%s: an error of %d bytes", h.name, len(err.Error()))
		}
	}
}
