package orgsim

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"slices"
)

// wrongLogin is all that the log-in page says, whatever was wrong.
const wrongLogin = "Please check your username and password. If you still can't log in, contact your Salesforce administrator."

var scopeTexts = map[string]string{
	"api": "Manage user data via APIs", "id": "Access the identity URL service", "openid": "Access unique user identifiers",
	"profile": "Access your profile", "email": "Access your email address", "address": "Access your address", "phone": "Access your phone number",
	"web": "Manage user data via web browsers", "full": "Full access", "refresh_token": "Perform requests at any time",
	"offline_access": "Perform requests at any time", "custom_permissions": "Access custom permissions", "chatter_api": "Access Connect REST API resources",
	"visualforce": "Access Visualforce applications", "content": "Access content resources",
}

var pages = template.Must(template.New("").Parse(`
{{define "head"}}<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{{.}}</title>
<style>
body{font:16px/1.45 system-ui,sans-serif;background:#f3f4f6;color:#16202e;margin:0}
main{max-width:24rem;margin:8vh auto;background:#fff;border-radius:8px;padding:1.5rem 2rem 2rem;box-shadow:0 1px 6px #0003}
h1{font-size:1.25rem}label{display:block;margin:.9rem 0 .2rem}small{color:#5a6675}
input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #8a94a3;border-radius:4px}
button{font:inherit;padding:.55rem 1.4rem;border:1px solid #0b5cab;border-radius:4px;background:#0b5cab;color:#fff;margin:1.1rem .5rem 0 0;cursor:pointer}
button.plain{background:#fff;color:#0b5cab}button.link{border:0;background:none;color:#0b5cab;padding:0;margin:0;text-decoration:underline}
.problem{background:#fdecea;border-left:4px solid #b3261e;padding:.6rem .8rem}code{overflow-wrap:anywhere}
</style></head><body><main>{{end}}
{{define "foot"}}</main></body></html>
{{end}}
{{define "login"}}{{template "head" "Log in | simulated Salesforce"}}
<h1>Log in to the simulated Salesforce org</h1>
{{if .Problem}}<p class="problem" id="error" role="alert">{{.Problem}}</p>{{end}}
<form method="post" action="/services/oauth2/authorize" autocomplete="off">
<input type="hidden" name="request" value="{{.ID}}">
<label for="username">Username</label><input id="username" name="username" value="{{.Hint}}" autocapitalize="none" spellcheck="false" required{{if not .Hint}} autofocus{{end}}>
<label for="password">Password</label><input id="password" name="password" type="password" required{{if .Hint}} autofocus{{end}}>
<button id="Login" name="do" value="login">Log In</button>
</form>
<p><small>{{.App}} will be able to act for you if you allow it on the next page.</small></p>
{{template "foot"}}{{end}}
{{define "consent"}}{{template "head" "Allow Access? | simulated Salesforce"}}
<h1>Allow Access?</h1>
<p><strong>{{.App}}</strong> is asking to:</p>
<ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<p>Do you want to allow access for <strong>{{.User}}</strong>?</p>
<form method="post" action="/services/oauth2/authorize">
<input type="hidden" name="request" value="{{.ID}}">
<button id="oaapprove" name="do" value="allow">Allow</button><button id="oadeny" class="plain" name="do" value="deny">Deny</button>
<p><small>Not you? <button class="link" name="do" value="logout">Log in as somebody else</button></small></p>
</form>
<p><small>You go back to <code>{{.Redirect}}</code></small></p>
{{template "foot"}}{{end}}
{{define "error"}}{{template "head" "OAuth Error | simulated Salesforce"}}
<h1>OAuth Error</h1>
<p>We can't authorize you because of an OAuth error.</p>
<p class="problem" id="error" role="alert">error={{.Code}}<br>error_description={{.Description}}</p>
{{template "foot"}}{{end}}`))

func page(status int, name string, data any) answer {
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		panic(fmt.Sprintf("orgsim: page %s cannot be written: %v", name, err)) // the templates are part of the program
	}
	return answer{status: status, body: bytes.TrimSpace(b.Bytes()), contentType: "text/html;charset=UTF-8", header: pageHeader()}
}

// pageHeader keeps pages out of frames, caches and other sites' logs.
func pageHeader() http.Header {
	return http.Header{"Cache-Control": {"no-store"}, "Referrer-Policy": {"same-origin"}, "X-Content-Type-Options": {"nosniff"}, "X-Frame-Options": {"DENY"},
		"Content-Security-Policy": {"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"}}
}

func loginPage(id string, r *request, problem string) answer {
	return page(200, "login", map[string]string{"ID": id, "App": r.app.title(), "Hint": r.hint, "Problem": problem})
}

func consentPage(id string, r *request, u *User) answer {
	var texts []string
	for _, scope := range r.scopes {
		if text := scopeTexts[scope]; !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return page(200, "consent", map[string]any{"ID": id, "App": r.app.title(), "Scopes": texts, "User": u.Username, "Redirect": r.redirect})
}

// errorPage shows an error that must not, or cannot, be sent to the app.
func errorPage(status int, code, description string) answer {
	return page(status, "error", map[string]string{"Code": code, "Description": description})
}
