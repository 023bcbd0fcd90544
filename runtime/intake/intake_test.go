package intake

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"

	"github.com/sfsync/sfsync/dsl/plan"
)

// read writes down what a stream yields, a line each: "3: {…}" or "3! message".
func read(t testing.TB, r io.Reader) []string {
	t.Helper()
	var got []string
	for event, err := range Read(r) {
		var broken *Error
		switch {
		case errors.As(err, &broken):
			got = append(got, fmt.Sprintf("%d! %s", broken.Line, broken.Message))
		case err != nil:
			got = append(got, "error: "+err.Error())
		default:
			got = append(got, fmt.Sprintf("%d: %s", event.Line, event.Text))
		}
	}
	return got
}

func TestRead(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"blank lines", "\n \t\r\n", nil},
		{"JSON lines", "{\"id\":\"a\"}\n{\"id\":\"b\"}\n", []string{`1: {"id":"a"}`, `2: {"id":"b"}`}},
		{"no line end at the end", "{\"id\":\"a\"}\n{\"id\":\"b\"}", []string{`1: {"id":"a"}`, `2: {"id":"b"}`}},
		{"carriage returns", "{\"id\":\"a\"}\r\n{\"id\":\"b\"}\r\n", []string{`1: {"id":"a"}`, `2: {"id":"b"}`}},
		{"byte order mark", "\ufeff{\"id\":\"a\"}\n", []string{`1: {"id":"a"}`}},
		{"record separators", "\x1e{\"id\":\"a\"}\n\x1e{\"id\":\"b\"}\n", []string{`1: {"id":"a"}`, `2: {"id":"b"}`}},
		{"laid out", "{\n  \"id\": \"a\",\n  \"x\": {\n    \"y\": 1\n  }\n}\n{\n  \"id\": \"b\"\n}\n",
			[]string{"1: {\n  \"id\": \"a\",\n  \"x\": {\n    \"y\": 1\n  }\n}", "7: {\n  \"id\": \"b\"\n}"}},
		{"list", `[{"id":"a"}, {"id":"b"}]`, []string{`1: {"id":"a"}`, `1: {"id":"b"}`}},
		{"list over lines", "[\n{\"id\":\"a\"},\n{\"id\":\"b\"}\n]\n", []string{`2: {"id":"a"}`, `3: {"id":"b"}`}},
		{"empty list", "[]", nil},
		{"two lists", "[{\"id\":\"a\"}]\n[{\"id\":\"b\"}]", []string{`1: {"id":"a"}`, `2: {"id":"b"}`}},
		{"brackets and quotes in strings", `{"id":"a}]\"{"}{"id":"b"}`, []string{`1: {"id":"a}]\"{"}`, `1: {"id":"b"}`}},

		{"not JSON", "hello\n{\"id\":\"b\"}\n", []string{"1! this is not JSON", `2: {"id":"b"}`}},
		{"something behind", "{\"id\":\"a\"} hello\n{\"id\":\"b\"}", []string{`1: {"id":"a"}`, "1! this is not JSON", `2: {"id":"b"}`}},
		{"a number", "17\n{\"id\":\"b\"}\n", []string{"1! an event is a JSON object, and this is a number", `2: {"id":"b"}`}},
		{"scalars in a list", `["a, b", true, null, {"id":"b"}]`, []string{"1! an event is a JSON object, and this is text",
			"1! an event is a JSON object, and this is true or false", "1! an event is a JSON object, and this is null", `1: {"id":"b"}`}},
		{"a list in a list", "[[1],\n{\"id\":\"b\"}]", []string{"1! an event is a JSON object, and this is a list inside of a list", `2: {"id":"b"}`}},
		{"truncated line", "{\"id\":\"a\",\"x\":{\n{\"id\":\"b\"}\n", []string{"1! this is not JSON", `2: {"id":"b"}`}},
		{"open string", "{\"id\":\"a\n{\"id\":\"b\"}\n", []string{"1! this is not JSON", `2: {"id":"b"}`}},
		{"missing comma", "{\"id\":\"a\" \"x\":1}\n{\"id\":\"b\"}\n", []string{"1! this is not JSON", `2: {"id":"b"}`}},
		{"wrong bracket", "{\"id\":[\"a\"}}\n{\"id\":\"b\"}\n", []string{"1! this is not JSON", `2: {"id":"b"}`}},
		{"truncated at the end", "{\"id\":\"a\"}\n{\"id\":", []string{`1: {"id":"a"}`, "2! this is not JSON"}},
		{"list not closed", "\n[{\"id\":\"a\"},", []string{`2: {"id":"a"}`, "2! this list is not closed"}},
		{"too deep", `{"id":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + "}\n{\"id\":\"b\"}", []string{"1! this is not JSON", `2: {"id":"b"}`}},
		{"Latin-1", "{\"id\":\"caf\xe9\"}\n{\"id\":\"caf\u00e9\"}\n", []string{"1! this is not UTF-8", "2: {\"id\":\"caf\u00e9\"}"}},
		{"binary", "\x00\x01\xff\xfe\n{\"id\":\"b\"}\n", []string{"1! this is not JSON", `2: {"id":"b"}`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, read(t, strings.NewReader(test.text))); diff != "" {
				t.Error(diff)
			}
			// Where the pieces of a pipe end must make no difference.
			if diff := cmp.Diff(test.want, read(t, iotest.OneByteReader(strings.NewReader(test.text)))); diff != "" {
				t.Error("byte by byte:", diff)
			}
		})
	}
}

func TestReadCloudEvent(t *testing.T) {
	data64 := base64.StdEncoding.EncodeToString([]byte(`{"answers":{}}`))
	tests := []struct{ name, text, want string }{
		{"data says all", `{"specversion":"1.0","id":"e","type":"t","data":{"id":"a","type":"survey.response","time":"x"}}`, `1: {"id":"a","type":"survey.response","time":"x"}`},
		{"envelope completes", `{"specversion":"1.0","id":"e","type":"survey.response","time":"2026-01-01T00:00:00Z","source":"/x","data":{"answers":{"nps":4.50}}}`,
			`1: {"id":"e","type":"survey.response","time":"2026-01-01T00:00:00Z","answers":{"nps":4.50}}`},
		{"null counts as missing", `{"specversion":"1.0","id":"e","data":{"id":null}}`, `1: {"id":"e","id":null}`},
		{"empty data", `{"specversion":"1.0","id":"e","type":"t","data":{}}`, `1: {"id":"e","type":"t"}`},
		{"data as text", `{"specversion":"1.0","id":"e","data":"{\"answers\":{}}"}`, `1: {"id":"e","answers":{}}`},
		{"data in base64", `{"specversion":"1.0","id":"e","data_base64":"` + data64 + `"}`, `1: {"id":"e","answers":{}}`},
		{"no base64", `{"specversion":"1.0","id":"e","data_base64":"?"}`, "1! the `data_base64` of this CloudEvent is no base64"},
		{"Latin-1 in base64", `{"specversion":"1.0","id":"e","data_base64":"` + base64.StdEncoding.EncodeToString([]byte("{\"x\":\"caf\xe9\"}")) + `"}`, "1! this is not UTF-8"},
		{"no data", `{"specversion":"1.0","id":"e"}`, "1! the `data` of this CloudEvent is no event"},
		{"data is a list", `{"specversion":"1.0","id":"e","data":[]}`, "1! the `data` of this CloudEvent is no event"},
		{"other version", `{"specversion":"0.3","id":"e","data":{}}`, `1! this is a CloudEvent of version "0.3", and 1.0 is understood`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff([]string{test.want}, read(t, strings.NewReader(test.text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadBoundsMemory(t *testing.T) {
	long := `{"id":"a","x":"` + strings.Repeat("x", 3*plan.MaxEvent) + `"}`
	got := read(t, strings.NewReader(long+"\n{\"id\":\"b\"}\n"))
	want := []string{fmt.Sprintf("1! this event is longer than %d bytes", plan.MaxEvent), `2: {"id":"b"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s := newSplitter(strings.NewReader(long), 1000)
	if text, _, err := s.next(); err != nil || len(text) != 1001 || cap(s.buf) > 4096 {
		t.Errorf("kept %d bytes, err %v", cap(s.buf), err)
	}
}

func TestReadStreamError(t *testing.T) {
	broken := errors.New("the cable is out")
	r := io.MultiReader(strings.NewReader("{\"id\":\"a\"}\n{\"id\""), iotest.ErrReader(broken))
	got := read(t, r)
	want := []string{`1: {"id":"a"}`, "error: cannot read events: the cable is out"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Objects written a line each come back as they are, whatever stands between them
// that is broken.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"id":"a"}`), []byte("hello"))
	f.Add([]byte(`{"id":"a","x":{"y":[1,2,"}"]}}`), []byte(`{"id":`))
	f.Add([]byte(`{"a":"\\\""}`), []byte("[[[{\"\n"))
	f.Add([]byte(`{}`), []byte("\ufeff[1,{},"))
	f.Fuzz(func(t *testing.T, object, junk []byte) {
		if len(object) > 10_000 || len(junk) > 10_000 {
			return
		}
		lines := 1 + bytes.Count(junk, []byte("\n"))
		for event, err := range Read(bytes.NewReader(junk)) {
			if err == nil && (!gjson.Valid(event.Text) || !utf8.ValidString(event.Text)) {
				t.Fatalf("yielded %q, which is no JSON in UTF-8", event.Text)
			}
			var broken *Error
			if err != nil && !errors.As(err, &broken) {
				t.Fatal(err)
			}
			if broken != nil && (broken.Line < 1 || broken.Line > lines || broken.Message == "") {
				t.Fatalf("%+v in a text of %d lines", broken, lines)
			}
		}
		var compact bytes.Buffer
		if !utf8.Valid(object) || json.Compact(&compact, object) != nil || compact.Bytes()[0] != '{' || depth(compact.Bytes()) > maxDepth || gjson.GetBytes(compact.Bytes(), "specversion").Exists() {
			return
		}
		junk = bytes.ReplaceAll(junk, []byte("["), nil) // a list that stays open changes what a line is
		text := joinLines(compact.Bytes(), junk, compact.Bytes())
		var events []string
		for event, err := range Read(bytes.NewReader(text)) {
			if err == nil {
				events = append(events, event.Text)
			}
		}
		if len(events) < 2 || events[0] != compact.String() || events[len(events)-1] != compact.String() {
			t.Fatalf("of %q got %q", text, events)
		}
	})
}

func joinLines(lines ...[]byte) []byte { return bytes.Join(lines, []byte("\n")) }

func BenchmarkRead(b *testing.B) {
	line := `{"id":"resp-8842","type":"survey.response","time":"2026-11-20T14:03:00Z","survey":{"id":"nps"},"answers":{"nps":9,"comment":"` + strings.Repeat("good ", 60) + `"}}` + "\n"
	text := strings.Repeat(line, 1000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range Read(strings.NewReader(text)) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != 1000 {
			b.Fatal(n)
		}
	}
}
