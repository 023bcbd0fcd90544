package dsl

import (
	"strings"
	"testing"
)

// tokens writes what the lexer makes of a text: the kinds, blanks left out, each
// with its text.
func tokens(text string) string {
	var b strings.Builder
	for _, t := range lex(text) {
		if t.Kind == KindBlank {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.Kind.String())
		if t.Kind != KindEOL && t.Kind != KindWrap {
			b.WriteString("‹" + text[t.From:t.To] + "›")
		}
	}
	return b.String()
}

func TestLex(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{" \t", ""},
		{"\r\n\n\r", "EOL EOL EOL"},
		{"\ufeffrule R", "Keyword‹rule› Text‹R›"},
		{"  # note", "Comment‹# note›"},
		{"rule  A name, # and {all}  ", "Keyword‹rule› Text‹A name, # and {all}›"},
		{"statuses A, Not Sent due to Opt-Out ,B", "Keyword‹statuses› Status‹A› Comma‹,› Status‹Not Sent due to Opt-Out› Comma‹,› Status‹B›"},
		{"when Sent # note", "Keyword‹when› Status‹Sent› Comment‹# note›"},
		{"otherwise", "Keyword‹otherwise›"},
		{"on outbound message Case if record.on", "Keyword‹on› Word‹outbound› Word‹message› Word‹Case› Keyword‹if› Ident‹record› Member‹.on›"},
		{"on outbound message Case If a", "Keyword‹on› Word‹outbound› Word‹message› Word‹Case› NearMiss‹If› Ident‹a›"},
		{"on survey response What If (EU)", "Keyword‹on› Word‹survey› Word‹response› Word‹What› Word‹If› Word‹(EU)›"},
		{"update Case using eu where Id = a.set if b set C: d, e", "Keyword‹update› Word‹Case› Keyword‹using› Word‹eu› Keyword‹where› Name‹Id› Equals‹=› Ident‹a› Member‹.set› Keyword‹if› Ident‹b› Keyword‹set› Name‹C› Colon‹:› Text‹d, e›"},
		{"set A = b, C__r.D = e", "Keyword‹set› Name‹A› Equals‹=› Ident‹b› Comma‹,› Name‹C__r› Member‹.D› Equals‹=› Ident‹e›"},
		{"A=b?.if", "Name‹A› Equals‹=› Ident‹b› Member‹?.if›"},
		{"A = b . if", "Name‹A› Equals‹=› Ident‹b› Operator‹.› Ident‹if›"},
		{"A = f(b, if)", "Name‹A› Equals‹=› Ident‹f› Open‹(› Ident‹b› Operator‹,› Ident‹if› Close‹)›"},
		{"A = b ? c : d", "Name‹A› Equals‹=› Ident‹b› Operator‹?› Ident‹c› Operator‹:› Ident‹d›"},
		{"A = 1.5e-3 + 0xFF .. 1_000", "Name‹A› Equals‹=› Number‹1.5e-3› Operator‹+› Number‹0xFF› Operator‹..› Number‹1_000›"},
		{"A = 1..2", "Name‹A› Equals‹=› Number‹1› Operator‹..› Number‹2›"},
		{`A = "a\"b" + 'c' + ` + "`d\\`", "Name‹A› Equals‹=› String‹\"a\\\"b\"› Operator‹+› String‹'c'› Operator‹+› String‹`d\\`›"},
		{"A = \"open\nB: c", "Name‹A› Equals‹=› BadString‹\"open› EOL Name‹B› Colon‹:› Text‹c›"},
		{"A = f(\n  b)\nB: c", "Name‹A› Equals‹=› Ident‹f› Open‹(› Wrap Ident‹b› Close‹)› EOL Name‹B› Colon‹:› Text‹c›"},
		{"A = f(\n\nB: c", "Name‹A› Equals‹=› Ident‹f› Open‹(› EOL EOL Name‹B› Colon‹:› Text‹c›"},
		{"A = f(\nwhen B", "Name‹A› Equals‹=› Ident‹f› Open‹(› EOL Keyword‹when› Status‹B›"},
		{"A = f(\nb == c)", "Name‹A› Equals‹=› Ident‹f› Open‹(› Wrap Ident‹b› Operator‹==› Ident‹c› Close‹)›"},
		{"A = f(\nB = c", "Name‹A› Equals‹=› Ident‹f› Open‹(› EOL Name‹B› Equals‹=› Ident‹c›"},
		{"A = f(\nB: c", "Name‹A› Equals‹=› Ident‹f› Open‹(› EOL Name‹B› Colon‹:› Text‹c›"},
		{"A = {\nB: c}", "Name‹A› Equals‹=› Open‹{› Wrap Ident‹B› Operator‹:› Ident‹c› Close‹}›"},
		{"A = (b ?\nc : d)", "Name‹A› Equals‹=› Open‹(› Ident‹b› Operator‹?› Wrap Ident‹c› Operator‹:› Ident‹d› Close‹)›"},
		{"A: b {c.d} {{e} \"f ", "Name‹A› Colon‹:› Text‹b › OpenBrace‹{› Ident‹c› Member‹.d› CloseBrace‹}› Text‹ {{e} \"f›"},
		{"A: {f({g: 1})}", "Name‹A› Colon‹:› OpenBrace‹{› Ident‹f› Open‹(› Open‹{› Ident‹g› Operator‹:› Number‹1› Close‹}› Close‹)› CloseBrace‹}›"},
		{"A: {b", "Name‹A› Colon‹:› OpenBrace‹{› Ident‹b›"},
		{"A = Call back if busy, B = c", "Name‹A› Equals‹=› Ident‹Call› Ident‹back› Ident‹if› Ident‹busy› Comma‹,› Name‹B› Equals‹=› Ident‹c›"},
		{"with answers.nps = 3", "Keyword‹with› Name‹answers› Member‹.nps› Equals‹=› Number‹3›"},
		{"expect nothing else", "Keyword‹expect› Word‹nothing› Word‹else›"},
		{"expect create Case", "Keyword‹expect› Keyword‹create› Word‹Case›"},
		{"Udpate Case", "NearMiss‹Udpate› Word‹Case›"},
		{"Status", "Ident‹Status›"},
		{"A = “b c” + é", "Name‹A› Equals‹=› Illegal‹“b c”› Operator‹+› Ident‹é›"},
		{"A = 🙂", "Name‹A› Equals‹=› Illegal‹🙂›"},
	} {
		if got := tokens(test.text); got != test.want {
			t.Errorf("%q\n got %s\nwant %s", test.text, got, test.want)
		}
	}
}

// Tokens cover the text from the first byte to the last, in order and without gaps.
func checkTokens(t *testing.T, text string, tokens []Token) {
	t.Helper()
	at := 0
	for _, token := range tokens {
		if token.From != at || token.To <= at {
			t.Fatalf("%q: %s at %d-%d, expected to begin at %d", text, token.Kind, token.From, token.To, at)
		}
		at = token.To
	}
	if at != len(text) {
		t.Fatalf("%q: the tokens end at %d of %d", text, at, len(text))
	}
}

func FuzzLex(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, text string) { checkTokens(t, text, lex(text)) })
}
