package salesforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"time"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Identity is the user that the client acts as.
type Identity struct {
	UserID         string `json:"user_id"`
	OrganizationID string `json:"organization_id"`
	Username       string `json:"preferred_username"`
	Name           string `json:"name"`
	Email          string `json:"email"`
}

// Identity returns the user and org that the access token belongs to.
func (c *Client) Identity(ctx context.Context) (*Identity, error) {
	id := new(Identity)
	if err := c.get(ctx, &call{path: "/services/oauth2/userinfo", uncounted: true}, id); err != nil {
		return nil, err
	}
	return id, nil
}

// Limit is one allocation of the org.
type Limit struct {
	Max       int `json:"Max"`
	Remaining int `json:"Remaining"`
}

// Limits returns the org's allocations by name, such as DailyApiRequests and DataStorageMB.
func (c *Client) Limits(ctx context.Context) (map[string]Limit, error) {
	var raw map[string]json.RawMessage
	if err := c.get(ctx, &call{path: c.root + "/limits"}, &raw); err != nil {
		return nil, c.alwaysThere(err)
	}
	limits := make(map[string]Limit, len(raw))
	for name, data := range raw {
		var l Limit
		// Entries of another shape than this exist; nobody needs them here.
		if json.Unmarshal(data, &l) == nil {
			limits[name] = l
		}
	}
	return limits, nil
}

// DescribeGlobal returns the objects that the user can see, without their fields.
func (c *Client) DescribeGlobal(ctx context.Context) ([]*schema.Object, error) {
	var global struct {
		SObjects []*schema.Object `json:"sobjects"`
	}
	if err := c.get(ctx, &call{path: c.root + "/sobjects"}, &global); err != nil {
		return nil, c.alwaysThere(err)
	}
	return global.SObjects, nil
}

// Description is the answer of [Client.Describe].
type Description struct {
	// Object is nil if NotModified.
	Object *schema.Object
	// LastModified is to be given to the next Describe; zero if the org did not say.
	LastModified time.Time
	NotModified  bool
}

// Describe returns the describe of an object. With a time other than zero, it asks
// only for what has changed since.
func (c *Client) Describe(ctx context.Context, object string, ifModifiedSince time.Time) (*Description, error) {
	r := &call{method: http.MethodGet, path: c.root + "/sobjects/" + segment(object) + "/describe"}
	if !ifModifiedSince.IsZero() {
		r.header = http.Header{"If-Modified-Since": {ifModifiedSince.UTC().Format(http.TimeFormat)}}
	}
	a, bad := c.do(ctx, r)
	if bad != nil {
		return nil, bad
	}
	if a.status == http.StatusNotModified {
		return &Description{NotModified: true, LastModified: ifModifiedSince}, nil
	}
	if a.status != http.StatusOK || a.foreign() {
		bad := answerError(a, Describe)
		if bad.Code == "NOT_FOUND" {
			bad.Cause = WrongObject
		}
		return nil, bad
	}
	o, err := schema.ParseDescribe(a.body)
	if err != nil {
		return nil, fmt.Errorf("cannot read the describe of %s: %w", object, err)
	}
	o.FetchedAt = time.Now()
	o.LastModified, _ = http.ParseTime(a.header.Get("Last-Modified"))
	return &Description{Object: o, LastModified: o.LastModified}, nil
}

// get makes a call and decodes its answer into v.
func (c *Client) get(ctx context.Context, r *call, v any) error {
	r.method = http.MethodGet
	a, bad := c.do(ctx, r)
	if bad != nil {
		return bad
	}
	if a.status != http.StatusOK || a.foreign() {
		return answerError(a, Retrieve)
	}
	if err := json.Unmarshal(a.body, v); err != nil {
		return &Error{Cause: Unknown, HTTPStatus: a.status, Whole: true, cause: err,
			Message: c.host + " answered something else than the REST API: check the instance URL"}
	}
	return nil
}

// alwaysThere explains why a resource is missing that every version of the API has.
func (c *Client) alwaysThere(err error) error {
	if e, ok := errors.AsType[*Error](err); ok && e.Code == "NOT_FOUND" {
		e.Cause, e.Advice = WrongObject, "Use another version of the API, such as "+DefaultVersion+": the org does not know "+path.Base(c.root)+"."
	}
	return err
}

// segment escapes s as one segment of a path. Dots alone would be taken for a
// step to another resource.
func segment(s string) string {
	switch s {
	case ".":
		return "%2E"
	case "..":
		return "%2E%2E"
	}
	return url.PathEscape(s)
}
