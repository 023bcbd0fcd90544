package schema_test

import (
	"fmt"

	"github.com/sfsync/sfsync/salesforce/schema"
)

func ExampleField_AppendJSON() {
	lead, err := schema.ParseDescribe([]byte(`{"name": "Lead", "keyPrefix": "00Q", "fields": [
		{"name": "Status", "label": "Lead Status", "type": "picklist", "restrictedPicklist": true, "updateable": true,
		 "picklistValues": [{"value": "Open", "active": true}, {"value": "In Progress", "active": true}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	status := lead.Field("Status")
	for _, text := range []string{"In Progress", "Inprogres"} {
		body, bad := status.AppendJSON(nil, schema.Value{Kind: schema.KindText, Text: text})
		if bad != nil {
			fmt.Println(bad.Message)
			fmt.Println(bad.Help)
			continue
		}
		fmt.Println(string(body))
	}
	// Output:
	// "In Progress"
	// Lead Status (Lead.Status) takes only the values of its picklist, and "Inprogres" is not one of them
	// did you mean "In Progress"?
}
