package dsl

import "testing"

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain, Größe, 日本語":           "plain, Größe, 日本語",
		"👩\u200d👩\u200d👧 ❤\ufe0f":     "👩\u200d👩\u200d👧 ❤\ufe0f",
		"می\u200cخواهم":               "می\u200cخواهم",
		"Très bien\u00a0! 全角\u3000空白": "Très bien\u00a0! 全角\u3000空白",
		"a\tb":                        "a    b",
		"a\x1b[31mred\x07":            "a�[31mred�",
		"user\u202egnp.exe\u2066":     "user�gnp.exe�",
		"a\u200bb\ufeffc\u2028d":      "a�b�c�d",
		"a\x00\x7f\u0085":             "a���",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q shows as %q, want %q", text, got, want)
		}
	}
}
