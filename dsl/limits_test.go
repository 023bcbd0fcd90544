package dsl

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// hostile are texts that would be slow or large if anything were done more than
// once for each byte. Each is one pattern, written n times.
var hostile = map[string]func(n int) string{
	"opening brackets":        func(n int) string { return "let a = " + strings.Repeat("(", n) },
	"brackets over lines":     func(n int) string { return "let a = " + strings.Repeat("(\n", n) },
	"closing brackets":        func(n int) string { return "let a = " + strings.Repeat(")", n) },
	"braces and brackets":     func(n int) string { return "A: {" + strings.Repeat("(", n/2) + strings.Repeat("{ }", n/6) },
	"braces in text":          func(n int) string { return "A: " + strings.Repeat("{", n) },
	"quotes":                  func(n int) string { return "A = " + strings.Repeat("\"'`", n/3) },
	"curly quotes":            func(n int) string { return "A = " + strings.Repeat("“", n/3) },
	"commas":                  func(n int) string { return "when " + strings.Repeat(",", n) },
	"statuses":                func(n int) string { return "when " + strings.Repeat("a,", n/2) },
	"words":                   func(n int) string { return "on survey response " + strings.Repeat("a ", n/2) },
	"two words":               func(n int) string { return strings.Repeat("A=b c,", n/6) },
	"fields without values":   func(n int) string { return "set " + strings.Repeat("A,", n/2) },
	"missing commas":          func(n int) string { return "set " + strings.Repeat("A=b ", n/4) },
	"clauses":                 func(n int) string { return "update Case " + strings.Repeat("if a ", n/5) },
	"paths":                   func(n int) string { return strings.Repeat("a.b ", n/4) },
	"long path":               func(n int) string { return strings.Repeat("a.", n/2) + " = 1" },
	"carriage returns":        func(n int) string { return strings.Repeat("\r", n) },
	"comments in an expr":     func(n int) string { return "let a = (" + strings.Repeat("\n#", n/2) + "\n)" },
	"trailing comments":       func(n int) string { return strings.Repeat("let a = 1 #\n", n/12) },
	"unknown lines":           func(n int) string { return strings.Repeat("foo\n", n/4) },
	"expressions without end": func(n int) string { return strings.Repeat("let a = (\n", n/10) },
	"operator lines":          func(n int) string { return "let a = 1\n" + strings.Repeat("+ 1\n", n/4) },
	"members":                 func(n int) string { return "A = b" + strings.Repeat(".c", n/2) },
	"combining marks":         func(n int) string { return "A = " + strings.Repeat("\u0301", n/2) },
}

// A text of any kind is read in time, however long it is: a line within
// the limit or beyond it, or several lines.
func TestHostileTexts(t *testing.T) {
	for name, write := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkTime(t, write(10_000))
			checkTime(t, write(1<<18))
			line := write(MaxLine-1000) + "\n"
			checkTime(t, strings.Repeat(line, 4))
		})
	}
}

// checkTime reads a text. The bound is some hundred times what reading takes, and
// far below what it would take if the time grew faster than the text.
func checkTime(t *testing.T, text string) {
	t.Helper()
	start := time.Now()
	_, ds := Parse(NewSource("hostile.sfsync", []byte(text)))
	var out bytes.Buffer
	if err := Render(&out, ds, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("%d bytes took %v", len(text), d)
	}
	if len(ds) > maxFaults+1 {
		t.Errorf("%d diagnostics", len(ds))
	}
	if out.Len() > len(ds)*4000 {
		t.Errorf("%d diagnostics are rendered in %d bytes", len(ds), out.Len())
	}
}

func TestTooLarge(t *testing.T) {
	huge := bytes.Repeat([]byte("rule R\n"), 100<<20/7) // 100 MiB
	src := NewSource("huge.sfsync", huge)
	if len(src.Text) > MaxSize+1 {
		t.Errorf("the source keeps %d bytes", len(src.Text))
	}
	file, ds := Parse(src)
	if got := summary(ds); len(got) != 1 || !strings.HasPrefix(got[0], "S024 the file is longer than 4 MiB") {
		t.Errorf("got %v", got)
	}
	if len(file.Tokens) > 0 {
		t.Error("it was read all the same")
	}

	for _, test := range []struct{ name, text, want string }{
		{"line", "rule R\n# " + strings.Repeat("x", 1<<20) + "\non survey response\n", "S024 this line is longer than 64 KiB"},
		{"line in brackets", "rule R\non survey response\nlet a = (1\n+" + strings.Repeat("x", MaxLine) + "\nlet b = 1", "S011 `(` is not closed, S024 this line is longer than 64 KiB"},
		{"statement", "rule R\non survey response\nlet a = (" + strings.Repeat("1 +\n", MaxLine/4) + "1)\nlet b = 1", "S024 this line is longer than 64 KiB"},
		{"brackets", "rule R\non survey response\nlet a = " + strings.Repeat("(", 10_000), "S024 brackets stand in brackets more than 64 deep"},
		{"faults", strings.Repeat("foo\n", 2000), fmt.Sprintf("S024 the file has more than %d faults", maxFaults)},
	} {
		_, ds := Parse(NewSource("large.sfsync", []byte(test.text)))
		wants := strings.Split(test.want, ", ")
		if len(ds) < len(wants) {
			t.Errorf("%s: got %v", test.name, summary(ds))
			continue
		}
		if test.name != "faults" && len(ds) > len(wants) {
			t.Errorf("%s: got %v", test.name, summary(ds))
		}
		for i, got := range summary(ds[len(ds)-len(wants):]) {
			if !strings.HasPrefix(got, wants[i]) {
				t.Errorf("%s: got %s", test.name, got)
			}
		}
	}
}

func TestNotText(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
		at               int
	}{
		{"binary", "rule R\n\x00\x01\x02", "S023 the file is not text: it has a zero byte", 7},
		{"UTF-16", "\xff\xfer\x00u\x00", "S023 the file is UTF-16 text, and rules are UTF-8", 0},
		{"Latin-1", "rule R\xe9sum\xe9\n", "S023 the file is not UTF-8: this byte is no character", 6},
	} {
		_, ds := Parse(NewSource("file", []byte(test.text)))
		if len(ds) != 1 || summary(ds)[0] != test.want || ds[0].From != test.at {
			t.Errorf("%s: got %v", test.name, summary(ds))
		}
	}
}

// program is a rule file of at least n lines, such as teams write.
func program(n int) string {
	var b strings.Builder
	for i := 0; i < n; i += 20 {
		fmt.Fprintf(&b, `rule Number %d
# It copies the answers.
on survey response survey-%d if answers.nps != null

let score = number(answers.nps)

when Responded, Partially Responded
  update Contact where Id = profile.salesforce_contact_id
    set NPS_Score__c        = score
        Customer_Comment__c = trim(answers.comment)
        Survey_Status__c: Response Received
  create Case if answers.nps <= 6
    set Subject: Low score from {contact.first_name}: please call
        Priority  = answers.nps <= 3 ? "High" : "Medium"
        ContactId = profile.salesforce_contact_id

when Expired
  update Contact where Id = profile.salesforce_contact_id
    set Survey_Status__c: Expired

`, i, i)
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for _, n := range []int{200, 10_000} {
		text := []byte(program(n))
		b.Run(fmt.Sprintf("%d lines", n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, ds := Parse(NewSource("bench.sfsync", text)); len(ds) > 0 {
					b.Fatal(ds[0].Message)
				}
			}
		})
	}
}

func BenchmarkLex(b *testing.B) {
	text := program(10_000)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		lex(text)
	}
}
