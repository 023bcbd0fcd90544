package orgsim

import (
	"fmt"
	"time"
)

// Environment is the kind of an org. Clients tell it by the Organization record; Seed changes that
// further: org.Seed("Organization", map[string]any{"Id": org.ID(), "Name": "Acme"}).
type Environment string

// The kinds of orgs.
const (
	Production Environment = "production"
	Sandbox    Environment = "sandbox"
	Scratch    Environment = "scratch" // a sandbox that expires, after 30 days
	Developer  Environment = "developer"
)

// Check says what is wrong with a name that is none of a kind of org. An empty one is [Production].
func (e Environment) Check() error {
	switch e {
	case "", Production, Sandbox, Scratch, Developer:
		return nil
	}
	return fmt.Errorf("environment %q is none of production, sandbox, scratch and developer", e)
}

// sandbox reports whether users of such an org log in at test.salesforce.com.
func (e Environment) sandbox() bool { return e == Sandbox || e == Scratch }

// organization describes the object of which every org has one record, for schemas that leave it out.
const organization = `{
  "name": "Organization", "label": "Organization", "keyPrefix": "00D", "createable": false, "updateable": false, "deletable": false, "ownerTypes": [],
  "fields": [
    {"name": "Name", "label": "Name", "type": "string", "length": 80, "nillable": false, "nameField": true, "createable": false, "updateable": false},
    {"name": "IsSandbox", "label": "Is Sandbox", "type": "boolean", "createable": false, "updateable": false},
    {"name": "OrganizationType", "label": "Edition", "type": "picklist", "createable": false, "updateable": false,
     "picklistValues": ["Team Edition", "Professional Edition", "Enterprise Edition", "Developer Edition", "Personal Edition", "Unlimited Edition", "Contact Manager Edition", "Base Edition"]},
    {"name": "InstanceName", "label": "Instance Name", "type": "string", "length": 5, "createable": false, "updateable": false},
    {"name": "TrialExpirationDate", "label": "Trial Expiration Date", "type": "datetime", "createable": false, "updateable": false},
    {"name": "NamespacePrefix", "label": "Namespace Prefix", "type": "string", "length": 15, "createable": false, "updateable": false}
  ]
}`

// organizationRow is what the org says about itself.
func (g *Org) organizationRow(now time.Time) map[string]string {
	env := g.opts.Environment
	row := map[string]string{"Name": "Simulated Org", "OrganizationType": "Enterprise Edition", "InstanceName": "SIM1", "IsSandbox": fmt.Sprint(env.sandbox())}
	if env == Developer || env == Scratch {
		row["OrganizationType"] = "Developer Edition"
	}
	if env.sandbox() {
		row["InstanceName"] = "SIM1S"
	}
	if env == Scratch {
		row["TrialExpirationDate"] = now.Add(30 * 24 * time.Hour).UTC().Truncate(time.Second).Format(dateTimeForm)
	}
	return row
}
