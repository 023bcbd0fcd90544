package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Organization is the row of the org itself.
type Organization struct {
	ID           string `json:"Id"`
	Name         string `json:"Name"`
	IsSandbox    bool   `json:"IsSandbox"`
	Type         string `json:"OrganizationType"` // "Enterprise Edition", "Developer Edition", …
	InstanceName string `json:"InstanceName"`     // "NA139", as on status.salesforce.com
	TrialExpires string `json:"TrialExpirationDate"`
	Namespace    string `json:"NamespacePrefix"`
}

// Organization reads the row of the org. Users without access to it may exist.
func (c *Client) Organization(ctx context.Context) (*Organization, error) {
	var page struct {
		Records []json.RawMessage `json:"records"`
	}
	query := "SELECT Id, Name, IsSandbox, OrganizationType, InstanceName, TrialExpirationDate, NamespacePrefix FROM Organization"
	if err := c.get(ctx, &call{path: c.root + "/query?q=" + url.QueryEscape(query)}, &page); err != nil {
		return nil, c.alwaysThere(err)
	}
	o := new(Organization)
	if len(page.Records) != 1 || json.Unmarshal(page.Records[0], o) != nil {
		return nil, &Error{Cause: Unknown, Whole: true, Message: "the row of the org cannot be read"}
	}
	return o, nil
}

// NoAPI reports whether an error means that no call of the REST API can work: the app or
// the user may not use it, or the org does not have the version.
func NoAPI(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.Cause == Auth || e.HTTPStatus == http.StatusNotFound || e.HTTPStatus == http.StatusGone)
}

// The environments that an org can be.
const (
	Production = "production"
	Sandbox    = "sandbox"
	Scratch    = "scratch"
	Developer  = "developer"
)

// Environment tells the kinds of orgs apart: scratch orgs are sandboxes with a day on
// which they end, and a developer org says so by its edition.
func (o *Organization) Environment() string {
	switch {
	case o.IsSandbox && o.TrialExpires != "":
		return Scratch
	case o.IsSandbox:
		return Sandbox
	case o.Type == "Developer Edition":
		return Developer
	}
	return Production
}

// EnvironmentOf guesses the environment by an org's address, for users who may not read
// its row: partitioned My Domains name it. It is empty if the address does not tell.
func EnvironmentOf(instanceURL string) string {
	u, err := url.Parse(instanceURL)
	if err != nil {
		return ""
	}
	switch host := strings.ToLower(u.Hostname()); {
	case !ofSalesforce(host):
		return ""
	case strings.Contains(host, ".scratch."):
		return Scratch
	case strings.Contains(host, ".develop."):
		return Developer
	case strings.Contains(host, ".sandbox."), strings.Contains(host, "--"):
		return Sandbox
	case strings.HasSuffix(host, ".my.salesforce.com") && strings.Count(host, ".") == 3:
		return Production
	}
	return ""
}
