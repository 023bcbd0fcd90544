package outbound

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sameByDecoder holds what was read of a body, or why it was refused, to what comes of it
// when the decoder reads all of it.
func sameByDecoder(t testing.TB, body []byte, m *Message, err error) {
	t.Helper()
	s, wantErr := newScanner(bytes.NewReader(body), MaxBody)
	want := new(Message)
	if wantErr == nil {
		s.strict = true
		wantErr = s.readEnvelope(want)
	}
	var got, refused *Refusal
	switch {
	case wantErr == nil && err == nil:
		if diff := cmp.Diff(want, m); diff != "" {
			t.Fatalf("%.300q: decoder -, Read +\n%s", body, diff)
		}
	case !errors.As(err, &got) || !errors.As(wantErr, &refused) || got.Kind != refused.Kind || got.Reason != refused.Reason ||
		got.Notification != refused.Notification || got.Path != refused.Path:
		t.Fatalf("%.300q:\n%v, and by the decoder:\n%v", body, err, wantErr)
	}
}

// What stands beside plain text and plain tags is read as the decoder reads it.
func TestReadAsTheDecoder(t *testing.T) {
	field := func(content string) string { return oneCase("<sf:A>" + content + "</sf:A>").String() }
	tag := func(open string) string { return oneCase("<" + open + "</sf:A>").String() }
	bodies := []string{
		field("&amp;&lt;&gt;&quot;&apos;"), field("a&amp;b &lt;c&gt; d"), field("&amp"), field("&;"), field("& "), field("&AMP;"), field("&nbsp;"), field("&#38;"),
		field("a]"), field("]]"), field("a]]>b"), field("]]&gt;"), field("]]a>"), field("]&amp;]>"),
		field("\u3000\uff01\uff5e"), field("a\ufffeb"), field("a\uffffb"), field("a\ufffdb"), field("\ufeffa"), field("a\x7fb\u0085c"),
		field("a\rb\r\nc"), field("a\x00b"), field("a\x1fb"), field("\n\ta "), field("<![CDATA[a&b]]>c&amp;"), field("a<!-- b -->c"), field("a&amp;<!-- -->b&lt;"),
		tag("sf:A>a"), tag("sf:A >a"), tag("sf:A\n>a"), tag("sf:A xsi:nil='true'>"), tag("sf:A xsi:nil=\"1\" >"), tag("sf:A  xsi:nil = '1'>"), tag("sf:A\txsi:nil='1'>"),
		tag("sf:A xsi:nil='&#49;'>"), tag("sf:A xsi:nil='a>b'>"), tag("sf:A xsi:nil='a<b'>"), tag("sf:A xsi:nil=1>"), tag("sf:A xsi:nil>"), tag("sf:A xsi:nil='1'a='2'>"),
		tag("sf:A xsi:nil='1' xsi:nil='1'>"), tag("sf:A xmlns:b='c' xmlns:b='c'>"), tag("sf:A xmlns:b=''>"), tag("sf:A a:b:c='d'>"), tag("sf:A é='d'>"), tag("sf:A ='d'>"), tag("sf:A a='d>"),
		tag("sf:A nil='true'>a"), tag("sf:a:b>"), tag("sf:>"), tag(":A>"), tag("é>"), tag(" sf:A>"), tag(">"), tag("!sf:A>"), tag("?sf:A>"),
		tag("sf:A/><sf:A>"), tag("sf:B/><sf:A>"), tag("sf:B /><sf:A>"), tag("sf:B/ ><sf:A>"), tag("sf:B a='/'/><sf:A>"), tag("sf:B a='/'></sf:B><sf:A>"), tag("sf:B xmlns:sf='urn:b'/><sf:A>"),
		oneCase("<sf:A>a</sf:A >").String(), oneCase("<sf:A>a</ sf:A>").String(), oneCase("<sf:A>a</sf:B>").String(), oneCase("<sf:A>a</sf:A").String(), oneCase("<A xmlns='urn:sobject.enterprise.soap.sforce.com'>a</A>").String(),
		"", " ", "<", "a", "<a", "<a/>", "</a>", " <a></a> ", "<a/>b", "<a/><a/>", "<a/><!-- -->\n", "<a/></a>", "<a/><", declaration, declaration + "\n", "\n" + declaration + oneCase("").String(),
		declaration + declaration + oneCase("").String(), declaration + "\r\n<!-- -->\r\n" + oneCase("").String() + "\r\n", declaration + "a" + oneCase("").String(),
		oneCase("").String() + "\n\n", oneCase("").String() + "\n<!-- -->", oneCase("").String() + "&amp;", oneCase("").String() + "</a>",
		strings.Replace(declaration, "UTF-8", "latin1", 1) + oneCase("").String(), strings.Replace(declaration, "1.0", "1.1", 1) + oneCase("").String(),
	}
	for _, h := range hostile() {
		bodies = append(bodies, h.body[:min(len(h.body), 50_000)])
	}
	for _, body := range bodies {
		m, err := Read(strings.NewReader(body), 0)
		sameByDecoder(t, []byte(body), m, err)
	}
}

// A usual message needs no decoder: it is what makes reading slow.
func TestReadWithoutDecoder(t *testing.T) {
	body := largeMessage(2)
	body = bytes.Replace(body, []byte("a text of middling length"), []byte("R&amp;D&apos;s [new] 内容！"), 1)
	s, err := newScanner(bytes.NewReader(body), MaxBody)
	if err != nil {
		t.Fatal(err)
	}
	var m Message
	if err := s.readEnvelope(&m); err != nil {
		t.Fatal(err)
	}
	if s.dec != nil {
		t.Error("the decoder was asked")
	}
	if got, want := m.Notifications[0].Fields[2].Value, "R&D's [new] 内容！"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
