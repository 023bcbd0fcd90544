package salesforce

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Error is one failure, of a row or of a whole call.
type Error struct {
	Cause Cause
	// Code is Salesforce's own error code; empty if it gave none.
	Code    string
	Message string
	Fields  []string
	// Advice says what to do where more is known than the advice of the cause.
	Advice string
	// HTTPStatus is 0 if no answer came.
	HTTPStatus int
	// RetryAfter is how long the server asked to wait; 0 if it did not say.
	RetryAfter time.Duration
	// InDoubt is true when the request may have been executed: it was sent, and
	// no answer of Salesforce's says what became of it.
	InDoubt bool
	// Whole is true when the call failed as a whole, so that the reason may lie
	// in another row of it.
	Whole bool

	cause error // of the transport
}

func (e *Error) Error() string {
	switch {
	case e.Code == "":
		return fmt.Sprintf("%s: %s", e.Cause, e.Message)
	case e.Message == "":
		return fmt.Sprintf("%s: %s", e.Cause, e.Code)
	}
	return fmt.Sprintf("%s: %s: %s", e.Cause, e.Code, e.Message)
}

// Unwrap returns the transport's error, for errors.Is.
func (e *Error) Unwrap() error { return e.cause }

// Retry returns the pace at which the call may be repeated. It is that of the
// cause, refined by what the code and text tell: the daily limit heals in hours,
// the limit of concurrent calls in seconds.
func (e *Error) Retry() Retry {
	switch {
	case e.Cause == RateLimited && e.Code == "REQUEST_LIMIT_EXCEEDED" && !strings.Contains(e.Message, "Concurrent"):
		return retryDaily
	case e.Cause == RateLimited:
		return retryConcurrent
	case e.Code == "ENTITY_IS_LOCKED" || e.Code == "RECORD_IN_USE_BY_WORKFLOW":
		return retryApproval
	case e.Code == "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE":
		return retryMaintenance
	case e.Cause == Unavailable && e.Code != "" && e.Code != "SERVER_UNAVAILABLE":
		return retryInternal
	}
	info, _ := ExplainCause(e.Cause)
	return info.Retry
}

// maxMessage is how much of a message is kept, in bytes.
const maxMessage = 2000

// wireError is an error in any of the shapes that Salesforce uses: errorCode in
// single-row and whole-call errors, statusCode in collection results.
type wireError struct {
	Message    string          `json:"message"`
	ErrorCode  string          `json:"errorCode"`
	StatusCode json.RawMessage `json:"statusCode"`
	Fields     json.RawMessage `json:"fields"`
}

func (w *wireError) failure(status int, op Op) Failure {
	f := Failure{Code: w.ErrorCode, Message: clip(w.Message), HTTPStatus: status, Op: op}
	if f.Code == "" {
		// A string in collection results; other services answer a number here.
		_ = json.Unmarshal(w.StatusCode, &f.Code)
	}
	_ = json.Unmarshal(w.Fields, &f.Fields)
	return f
}

// readErrors takes the errors out of a body in any of the known shapes. It
// returns none for HTML, for an empty body and for JSON of another shape.
func readErrors(body []byte, status int, op Op) []Failure {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil
	}
	var list []wireError
	switch body[0] {
	case '[':
		if json.Unmarshal(body, &list) != nil {
			return nil
		}
	case '{':
		var one struct {
			wireError
			Errors           []wireError     `json:"errors"`
			OAuth            json.RawMessage `json:"error"`
			OAuthDescription string          `json:"error_description"`
		}
		if json.Unmarshal(body, &one) != nil {
			return nil
		}
		var oauth string
		_ = json.Unmarshal(one.OAuth, &oauth)
		switch {
		case len(one.Errors) > 0:
			list = one.Errors
		case oauth != "":
			list = []wireError{{ErrorCode: oauth, Message: one.OAuthDescription}}
		default:
			list = []wireError{one.wireError}
		}
	}
	var failures []Failure
	for i := range list {
		if f := list[i].failure(status, op); f.Code != "" || f.Message != "" {
			failures = append(failures, f)
		}
	}
	return failures
}

// newError makes one error of the failures that Salesforce reported together. The
// first is the one that it found first, so it names the cause.
func newError(failures []Failure) *Error {
	first := failures[0]
	e := &Error{Cause: Classify(first), Code: first.Code, Message: first.Message, Fields: first.Fields, HTTPStatus: first.HTTPStatus}
	for _, f := range failures[1:] {
		if f.Message != "" && f.Message != e.Message && len(e.Message) < maxMessage {
			e.Message = clip(e.Message + "; " + f.Message)
		}
		e.Fields = append(e.Fields, f.Fields...)
	}
	return e
}

// answerError makes an error of an answer that is none of the expected ones.
func answerError(a *answer, op Op) *Error {
	var e *Error
	if failures := readErrors(a.body, a.status, op); len(failures) > 0 && !a.redirects() {
		e = newError(failures)
	} else {
		e = &Error{HTTPStatus: a.status}
		e.Cause = Classify(Failure{HTTPStatus: a.status, Op: op})
		e.Message = "Salesforce answered " + statusText(a.status) + " without saying why"
		switch {
		case badOAuthToken(a):
			e.Cause, e.Message = Auth, "Salesforce does not accept the access token"
		case a.status == http.StatusMultipleChoices:
			e.Message = "the external id matches more than one record"
			if n := countMatches(a.body); n > 0 {
				e.Message = fmt.Sprintf("the external id matches %d records", n)
			}
		case a.redirects():
			e.Cause, e.Advice = Network, notTheAPI
			e.Message = "the answer is " + statusText(a.status) + ", a redirect" + redirectTarget(a.header) + ", which is not followed"
		case a.foreign():
			e.Cause, e.Advice = Network, notTheAPI
			e.Message = "the answer is a page and not one of Salesforce's REST API"
		case a.status < 300:
			e.Message = "Salesforce answered " + statusText(a.status) + " with a body that is no result"
		}
		if e.Cause == Unknown {
			e.Advice = "Salesforce's REST API gives a reason for what it refuses, so this may come of a proxy or firewall on the way, or of a wrong instance URL. When that is put right, retry the run."
		}
	}
	// What comes without Salesforce's own code, a page from a gateway, does not
	// say what became of the request. With a code, nothing was written.
	e.InDoubt = e.Code == "" && (a.status >= 500 || a.status < 300)
	if e.Code == "GONE" || e.Code == "UNSUPPORTED_API_VERSION" {
		e.Advice = "Use a later version of the API, such as " + DefaultVersion + ": that of the connection is retired."
	}
	e.Whole = true
	e.RetryAfter = retryAfter(a.header)
	return e
}

// notTheAPI is for what can only come from something else than the REST API. It passes
// when the network does what it should again, so nothing is given up for it.
const notTheAPI = "Something else than Salesforce's REST API answers. Check the instance URL of the connection, and look for a proxy, a firewall or a sign-in page of the network on the way; Salesforce itself sends such answers while it moves or maintains an org (status.salesforce.com)."

func (a *answer) redirects() bool {
	return a.status > http.StatusMultipleChoices && a.status < http.StatusBadRequest && a.status != http.StatusNotModified
}

// foreign reports whether a good answer has a body that is no JSON at all, such as the
// sign-in page of a network.
func (a *answer) foreign() bool {
	if a.status != http.StatusOK && a.status != http.StatusCreated {
		return false
	}
	body := bytes.TrimLeft(a.body, " \t\r\n")
	return len(body) == 0 || body[0] != '{' && body[0] != '['
}

// redirectTarget is where a redirect leads, without the path, which may hold a secret.
func redirectTarget(h http.Header) string {
	u, err := url.Parse(h.Get("Location"))
	if err != nil || u.Host == "" {
		return ""
	}
	return " to " + clip(u.Host)
}

func countMatches(body []byte) int {
	var paths []json.RawMessage
	if json.Unmarshal(body, &paths) != nil {
		return 0
	}
	return len(paths)
}

func statusText(status int) string {
	if t := http.StatusText(status); t != "" {
		return fmt.Sprintf("%d %s", status, t)
	}
	return strconv.Itoa(status)
}

// maxRetryAfter keeps a server from parking an event for ever.
const maxRetryAfter = day

func retryAfter(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if v == "" {
		return 0
	}
	if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(at), 0), maxRetryAfter)
	}
	return 0
}

func clip(s string) string {
	s = strings.ToValidUTF8(strings.TrimSpace(s), "\ufffd")
	if len(s) <= maxMessage {
		return s
	}
	n := maxMessage
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
