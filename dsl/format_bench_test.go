package dsl

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkFormat is formatting rule files of 2,000 and of 10,000 lines, as they are
// when nothing is in style and when all of it is.
func BenchmarkFormat(b *testing.B) {
	for _, lines := range []int{2000, 10000} {
		var text strings.Builder
		for i := 0; i*8 < lines; i++ {
			fmt.Fprintf(&text, `rule Rule %d
on survey response survey-%d if answers.nps>=%d
when Responded,Expired
update Contact where Id=profile.salesforce_contact_id
set NPS_Score__c=answers.nps
Customer_Comment__c=trim( answers.comment )??"none"
Title: Asked by {contact.first_name}

`, i, i, i%8)
		}
		messy := text.String()
		neat, ok := Format(NewSource("", []byte(messy)))
		if !ok || neat == messy {
			b.Fatal("nothing was formatted")
		}
		for _, bench := range []struct{ name, text string }{{"messy", messy}, {"neat", neat}} {
			b.Run(fmt.Sprintf("lines=%d/%s", lines, bench.name), func(b *testing.B) {
				b.SetBytes(int64(len(bench.text)))
				b.ReportAllocs()
				for b.Loop() {
					if got, ok := Format(NewSource("", []byte(bench.text))); !ok || got != neat {
						b.Fatal("it is formatted to something else")
					}
				}
			})
		}
	}
}
