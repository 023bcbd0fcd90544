package salesforce

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// loginRefusal is one way in which an OAuth endpoint says no.
type loginRefusal struct {
	code   string // empty for any
	text   string // part of the description, in lower case; empty for any
	advice string
	// lasting refusals are healed only by new credentials. The others heal when an
	// admin changes something in the org.
	lasting bool
	cause   Cause // Auth if empty
}

const signInAgain = "Sign in again: sfsync connect refresh NAME. Writes wait until then."

// loginRefusals are looked through in order; the first that fits counts. The codes and
// texts are those that Salesforce documents under "OAuth 2.0 Authorization Errors" and
// that clients have reported.
var loginRefusals = []loginRefusal{
	{text: "login rate exceeded", cause: RateLimited,
		advice: "Salesforce limits how often a user may sign in per hour. sfsync tries again by itself; see in Setup, Login History, what else signs in as this user."},
	{code: "rate_limit_exceeded", cause: RateLimited,
		advice: "Salesforce limits how often a user may sign in per hour. sfsync tries again by itself; see in Setup, Login History, what else signs in as this user."},

	{code: "invalid_grant", text: "expired access/refresh token", lasting: true,
		advice: "The refresh token was revoked, replaced by a newer one, unused for too long, or pushed out by a fifth sign-in of the same user to the same app. " + signInAgain},
	{code: "invalid_grant", text: "token has been revoked", lasting: true, advice: signInAgain},
	{code: "invalid_grant", text: "invalid refresh token", lasting: true, advice: signInAgain},
	{code: "invalid_grant", text: "ip restricted",
		advice: "The user's or the app's IP restrictions keep this machine out. In Setup, add its address to the trusted ranges, or relax IP restrictions in the policies of the External Client App."},
	{code: "invalid_grant", text: "user is locked",
		advice: "In Setup, Users, unlock or unfreeze the integration user. Nothing is lost; sfsync looks again by itself."},
	{code: "invalid_grant", text: "inactive user",
		advice: "In Setup, Users, activate or unfreeze the integration user. Nothing is lost; sfsync looks again by itself."},
	{code: "invalid_grant", text: "user is frozen",
		advice: "In Setup, Users, unfreeze the integration user. Nothing is lost; sfsync looks again by itself."},
	{code: "invalid_grant", text: "hasn't approved this consumer",
		advice: "In the policies of the External Client App, set Permitted Users to \"Admin approved users are pre-authorized\" and add the integration user's profile or a permission set that it has."},
	{code: "invalid_grant", text: "no client credentials user",
		advice: "In the policies of the External Client App, enable the client credentials flow and choose a Run As user."},
	{code: "invalid_grant", text: "not supported on this domain", lasting: true,
		advice: "Client credentials work only at the org's own My Domain, such as https://acme.my.salesforce.com. Add the connection again with it as its host."},
	{code: "invalid_grant", text: "audience", lasting: true,
		advice: "The assertion is meant for the other kind of login host: production orgs take https://login.salesforce.com and sandboxes https://test.salesforce.com. Add the connection again with the right host."},
	{code: "invalid_grant", text: "invalid assertion",
		advice: "The private key does not belong to the certificate of the External Client App, or the user name is not one of this org. Upload the key's certificate to the app, or add the connection again with the right key and user name."},
	{code: "invalid_grant", text: "authorization code",
		advice: "A code is good for one use and a few minutes: sign in again. With the JWT bearer flow it means that this machine's clock is wrong: set it, and sfsync goes on by itself."},
	{code: "invalid_grant", text: "authentication failure",
		advice: "The user is inactive or frozen, or its credentials are wrong. Look at Setup, Login History for the reason."},
	{code: "invalid_grant", lasting: true, advice: signInAgain},

	{code: "inactive_user", advice: "In Setup, Users, activate or unfreeze the integration user. Nothing is lost; sfsync looks again by itself."},
	{code: "inactive_org", advice: "The org is locked, expired or deleted. Its admin or Salesforce can say why. sfsync looks again by itself."},

	{text: "app must be installed", advice: "Salesforce blocks connected apps that are not installed in the org. Make an External Client App of your own in Setup, and add the connection with its consumer key."},
	{code: "invalid_client_id",
		advice: "No External Client App of this org has this consumer key, or the app is switched off. Compare it in Setup, External Client App Manager; a new app takes up to ten minutes to be known everywhere."},
	{code: "invalid_client", lasting: true,
		advice: "The consumer key and consumer secret do not fit together. Copy both again from Setup, External Client App Manager."},
	{code: "invalid_client_credentials", lasting: true,
		advice: "The consumer key and consumer secret do not fit together. Copy both again from Setup, External Client App Manager."},
	{code: "unauthorized_client", advice: "The External Client App does not allow this flow. Enable it in the app's OAuth settings."},
	{code: "unsupported_grant_type", advice: "The External Client App, or this login host, does not offer this flow. Enable it in the app's OAuth settings."},
	{code: "unsupported_response_type", advice: "The External Client App does not allow the web server flow. Enable it in the app's OAuth settings."},
	{code: "invalid_scope", lasting: true,
		advice: "Add the scopes \"Manage user data via APIs (api)\" and \"Perform requests at any time (refresh_token, offline_access)\" to the External Client App."},
	{code: "redirect_uri_mismatch", lasting: true, advice: "Add the callback URL, letter for letter, to the External Client App."},
	{code: "access_denied", lasting: true, advice: "The sign-in was declined in the browser. Sign in again and choose Allow."},
	{code: "invalid_request", text: "code verifier", lasting: true, advice: "Another sign-in was begun in between. Sign in again."},
	{code: "invalid_request", advice: "Compare host, consumer key and flow with the settings of the External Client App."},
}

// loginRateWait is the least wait after Salesforce says that a user signs in too often.
const loginRateWait = 5 * time.Minute

func findRefusal(code, description string) *loginRefusal {
	description = strings.ToLower(description)
	for i := range loginRefusals {
		r := &loginRefusals[i]
		if (r.code == "" || r.code == code) && strings.Contains(description, r.text) {
			return r
		}
	}
	return nil
}

// refusal makes an Error of what an OAuth endpoint, or the browser for it, answered.
func refusal(host, code, description string, status int) *Error {
	e := &Error{Code: code, Message: description, HTTPStatus: status, Whole: true}
	e.Cause = Classify(Failure{Code: e.Code, Message: e.Message, HTTPStatus: status})
	if r := findRefusal(code, description); r != nil {
		e.Advice = r.advice
		if e.Cause = r.cause; e.Cause == "" {
			e.Cause = Auth
		}
		if e.Cause == RateLimited {
			e.RetryAfter = loginRateWait
		}
	}
	if e.Cause == Unknown {
		e.Cause = Auth
	}
	if e.Message == "" {
		e.Message = host + " refused to give an access token"
		if status != 0 {
			e.Message += " (" + statusText(status) + ")"
		}
	}
	return e
}

// Refused reports whether err is an OAuth endpoint's no, which asking again at once does
// not turn into a yes: a revoked token, a frozen user, an unknown app. Trouble with the
// network, a busy server and a limit that passes are none. Lasting means that only new
// credentials heal it; otherwise an admin of the org may, without a new sign-in.
func Refused(err error) (refused, lasting bool) {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Cause != Auth || e.Code == "" {
		return false, false
	}
	if r := findRefusal(e.Code, e.Message); r != nil {
		return true, r.lasting
	}
	// A code that nobody has described: it may pass.
	return e.HTTPStatus >= 400 && e.HTTPStatus < 500 && e.Code == strings.ToLower(e.Code), false
}

// tokenError turns the failure of a token call into an Error, without the answer's
// body and without the request's parameters, and without a secret that the answer echoes.
// Sent is true if the request may have arrived.
func tokenError(host string, err error, sent bool, secrets ...Secret) error {
	if ours, ok := errors.AsType[*Error](err); ok {
		return ours
	}
	if refused, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		status := 0
		var header http.Header
		if refused.Response != nil {
			status, header = refused.Response.StatusCode, refused.Response.Header
		}
		e := refusal(host, clip(withoutSecrets(refused.ErrorCode, secrets)), clip(withoutSecrets(refused.ErrorDescription, secrets)), status)
		e.RetryAfter = max(e.RetryAfter, retryAfter(header))
		if e.Code == "" && status/100 == 3 {
			e.Message = fmt.Sprintf("%s redirects to %s (%s)", host, clip(hostOf(header.Get("Location"))), statusText(status))
			e.Advice = "No secret follows a redirect. Add the connection with the address at which the org answers by itself, its My Domain, as its host."
		}
		// A page of a gateway does not say what became of the request.
		e.InDoubt = e.Code == "" && status >= 500
		return e
	}
	if isTransport(err) {
		return transportError(host, err, sent)
	}
	if strings.HasPrefix(err.Error(), "oauth2: cannot fetch token") {
		return &Error{Cause: Network, Message: "the connection to " + host + " broke before the whole token answer came", Whole: true, InDoubt: true}
	}
	return &Error{Cause: Auth, Message: fmt.Sprintf("the token answer of %s is not one", host), Whole: true, InDoubt: true,
		Advice: "Check that the host is that of Salesforce, and that no proxy answers in its place."}
}

func withoutSecrets(text string, secrets []Secret) string {
	for _, s := range secrets {
		if len(s) >= 4 {
			text = strings.ReplaceAll(text, s.Reveal(), sealed)
		}
	}
	return text
}
