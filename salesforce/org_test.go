package salesforce

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestOrg(t *testing.T) {
	ctx := context.Background()
	changed := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	pages := map[string]string{
		"/services/oauth2/userinfo":                     `{"user_id":"005000000000001AAA","organization_id":"00D000000000001AAA","preferred_username":"bot@example.com","urls":{}}`,
		"/services/data/v67.0/limits":                   `{"DailyApiRequests":{"Max":15000,"Remaining":14998,"some app":{"Max":0,"Remaining":0}},"Odd":[1]}`,
		"/services/data/v67.0/sobjects":                 `{"encoding":"UTF-8","sobjects":[{"name":"Case","label":"Case","keyPrefix":"500","createable":true}]}`,
		"/services/data/v67.0/sobjects/A__c/describe":   `{"name":"A__c","fields":[{"name":"Id","type":"id"}]}`,
		"/services/data/v67.0/sobjects/Bad__c/describe": `{"name":`,
	}
	org := newFake(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		page, ok := pages[r.URL.Path]
		since, _ := http.ParseTime(r.Header.Get("If-Modified-Since"))
		switch {
		case !ok:
			answerWith(404, `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`)(w, r, nil)
		case !since.IsZero() && !changed.After(since):
			w.WriteHeader(http.StatusNotModified)
		default:
			w.Header().Set("Last-Modified", changed.Format(http.TimeFormat))
			answerWith(200, page)(w, r, nil)
		}
	})
	c := org.client(t)

	id, err := c.Identity(ctx)
	if err != nil || id.OrganizationID != "00D000000000001AAA" || id.Username != "bot@example.com" {
		t.Errorf("identity %+v %v", id, err)
	}
	if c.Calls() != 0 {
		t.Errorf("%d calls counted that do not count", c.Calls())
	}
	limits, err := c.Limits(ctx)
	if err != nil || limits["DailyApiRequests"] != (Limit{Max: 15000, Remaining: 14998}) || len(limits) != 1 {
		t.Errorf("limits %+v %v", limits, err)
	}
	objects, err := c.DescribeGlobal(ctx)
	if err != nil || len(objects) != 1 || objects[0].KeyPrefix != "500" {
		t.Errorf("objects %+v %v", objects, err)
	}
	d, err := c.Describe(ctx, "A__c", time.Time{})
	if err != nil || d.NotModified || d.Object.Field("id") == nil || !d.LastModified.Equal(changed) || !d.Object.LastModified.Equal(changed) || d.Object.FetchedAt.IsZero() {
		t.Errorf("describe %+v %v", d, err)
	}
	d, err = c.Describe(ctx, "A__c", d.LastModified)
	if err != nil || !d.NotModified || d.Object != nil || !d.LastModified.Equal(changed) {
		t.Errorf("describe again %+v %v", d, err)
	}
	if _, err = c.Describe(ctx, "Nothing__c", time.Time{}); causeOf(err) != WrongObject {
		t.Errorf("unknown object: %v", err)
	}
	if _, err = c.Describe(ctx, "Bad__c", time.Time{}); err == nil || !strings.Contains(err.Error(), "cannot read the describe of Bad__c") {
		t.Errorf("broken describe: %v", err)
	}
	pages["/services/data/v67.0/sobjects"] = "<html>"
	if _, err = c.DescribeGlobal(ctx); causeOf(err) != Network || !strings.Contains(err.Error(), "is a page") {
		t.Errorf("a page that is no API: %v", err)
	}
	pages["/services/data/v67.0/sobjects"] = "[]"
	if _, err = c.DescribeGlobal(ctx); causeOf(err) != Unknown || !strings.Contains(err.Error(), "check the instance URL") {
		t.Errorf("an answer of another kind: %v", err)
	}
	late := org.client(t, func(c *Config) { c.Version = "99.0" })
	for _, ask := range []func() error{
		func() error { _, err := late.DescribeGlobal(ctx); return err },
		func() error { _, err := late.Limits(ctx); return err },
	} {
		if e, ok := errors.AsType[*Error](ask()); !ok || e.Cause != WrongObject || !strings.Contains(e.Advice, "the org does not know v99.0") {
			t.Errorf("a version that the org has not: %+v", e)
		}
	}
	org.Close()
	if _, err = c.Describe(ctx, "A__c", time.Time{}); causeOf(err) != Network {
		t.Errorf("org gone: %v", err)
	}
	if _, err = c.Limits(ctx); causeOf(err) != Network {
		t.Errorf("org gone: %v", err)
	}
	if _, err = c.DescribeGlobal(ctx); causeOf(err) != Network {
		t.Errorf("org gone: %v", err)
	}
}

func causeOf(err error) Cause {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Cause
	}
	return ""
}
