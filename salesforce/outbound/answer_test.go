package outbound

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func golden(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func TestAppendAck(t *testing.T) {
	yes := golden(t, "ack.xml")
	if got := string(AppendAck([]byte("before "), true)); got != "before "+yes {
		t.Errorf("got %s", got)
	}
	if got, want := string(AppendAck(nil, false)), strings.Replace(yes, "true", "false", 1); got != want {
		t.Errorf("got %s", got)
	}
}

func TestAppendFault(t *testing.T) {
	if got := string(AppendFault([]byte("before "), "<a> & b are no ids")); got != "before "+golden(t, "fault.xml") {
		t.Errorf("got %s", got)
	}
	var read struct {
		Fault string `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body>Fault>faultstring"`
	}
	for _, reason := range []string{"", "]]>", "a\x00b\xff", "</faultstring>&lt;"} {
		if err := xml.Unmarshal(AppendFault(nil, reason), &read); err != nil {
			t.Errorf("a fault of %q is no XML: %v", reason, err)
		}
	}
}
