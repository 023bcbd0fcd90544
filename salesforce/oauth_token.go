package salesforce

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/sfsync/sfsync/salesforce/schema"
)

// Token is what a token endpoint gives.
type Token struct {
	AccessToken Secret
	// RefreshToken is empty if the flow gives none. In the answer to a refresh it is
	// the one to use from now on: with rotation, the one before is dead already.
	RefreshToken Secret
	// InstanceURL is the org's address; empty if the answer named none.
	InstanceURL string
	// OrgID and UserID are ids of 18 characters, read off the identity URL, which is
	// never called; empty if there was none.
	OrgID, UserID string
	Scopes        []string
	IssuedAt      time.Time // zero if the answer did not say
	// Life is how long the access token lives. It is 0 in today's answers: the life of
	// a session is a setting of the org.
	Life time.Duration
}

// readToken checks the answer of the login host. What points elsewhere is not followed.
func readToken(login *url.URL, answer *oauth2.Token) (*Token, error) {
	if kind := answer.TokenType; kind != "" && !strings.EqualFold(kind, "Bearer") {
		return nil, &Error{Cause: Auth, Whole: true, Message: "the token answer of " + login.Host + " holds a token of another kind, \"" + clip(kind) + "\""}
	}
	text := func(name string) string { s, _ := answer.Extra(name).(string); return s }
	t := &Token{AccessToken: Secret(answer.AccessToken), RefreshToken: Secret(answer.RefreshToken), Scopes: strings.Fields(text("scope"))}
	if at := text("instance_url"); at != "" {
		instance, err := parseInstanceURL(at)
		if err != nil || !sameOrg(login, at) {
			return nil, &Error{Cause: Auth, Whole: true, Message: "the token answer of " + login.Host + " names another host as its instance, \"" + clip(hostOf(at)) + "\""}
		}
		t.InstanceURL = instance.String()
	}
	if at := text("id"); at != "" {
		if !sameOrg(login, at) {
			return nil, &Error{Cause: Auth, Whole: true, Message: "the token answer of " + login.Host + " names another host for the user's identity, \"" + clip(hostOf(at)) + "\""}
		}
		t.OrgID, t.UserID = idsOf(at)
	}
	if ms, err := strconv.ParseInt(text("issued_at"), 10, 64); err == nil && ms > 0 {
		t.IssuedAt = time.UnixMilli(ms).UTC()
	}
	if !answer.Expiry.IsZero() {
		t.Life = time.Until(answer.Expiry)
	}
	return t, nil
}

// hostOf leaves out of an address what may be secret in it.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	return "no address"
}

// idsOf takes the ids out of https://login.salesforce.com/id/00D…/005….
func idsOf(identity string) (org, user string) {
	u, err := url.Parse(identity)
	if err != nil {
		return "", ""
	}
	parts := strings.Split(strings.Trim(u.Path, "/"), "/")
	if len(parts) != 3 || parts[0] != "id" {
		return "", ""
	}
	org, ok1 := schema.To18(parts[1])
	user, ok2 := schema.To18(parts[2])
	if !ok1 || !ok2 {
		return "", ""
	}
	return org, user
}
