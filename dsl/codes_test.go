package dsl

import "testing"

// The examples that `sfsync explain` prints do what they are said to do.
func TestTextCodeExamples(t *testing.T) {
	for _, info := range textCodes {
		t.Run(string(info.Code), func(t *testing.T) {
			_, bad := Parse(NewSource("bad.sfsync", []byte(info.Bad)))
			if info.Code == codeExpression {
				if len(bad) > 0 {
					t.Errorf("package plan reports this one, but Parse says %q", bad[0].Message)
				}
			} else if len(bad) != 1 || bad[0].Code != info.Code {
				t.Errorf("bad example: got %v", summary(bad))
			}
			if _, good := Parse(NewSource("good.sfsync", []byte(info.Good))); len(good) > 0 {
				t.Errorf("good example: got %v", summary(good))
			}
			if info.Title == "" || info.Explanation == "" {
				t.Error("no title or explanation")
			}
		})
	}
}

func summary(ds []Diagnostic) []string {
	var out []string
	for _, d := range ds {
		out = append(out, string(d.Code)+" "+d.Message)
	}
	return out
}
