package orgsim_test

import (
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/sfsync/sfsync/salesforce/orgsim"
)

// A record is seeded, locked for the next write, and written twice.
func Example() {
	org, err := orgsim.New(orgsim.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		log.Fatal(err)
	}
	defer org.Close()
	ids, err := org.Seed("Contact", map[string]any{"LastName": "Lovelace", "NPS_Score__c": 6})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := org.Break(orgsim.Fault{Kind: orgsim.FaultRowLock, Record: ids[0], Times: 1}); err != nil {
		log.Fatal(err)
	}
	for range 2 {
		req, err := http.NewRequest("PATCH", org.URL()+"/services/data/v67.0/sobjects/Contact/"+ids[0], strings.NewReader(`{"NPS_Score__c": 9}`))
		if err != nil {
			log.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+org.Login(""))
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			log.Fatal(err)
		}
		resp.Body.Close()
		contact, _ := org.Record("Contact", ids[0])
		fmt.Println(resp.Status, contact["NPS_Score__c"])
	}
	// Output:
	// 400 Bad Request 6
	// 204 No Content 9
}
