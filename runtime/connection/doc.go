// Package connection keeps stored connections signed in: their grants are sealed in the
// store, and their access tokens renew themselves.
//
//	connections := connection.New(connection.Config{KV: s.State(), Vault: vault.Options{Dir: dir}})
//
//	// Once, by a person or a script:
//	app := connection.Credentials{Flow: connection.Web, Login: login, ClientID: key}.App(nil)
//	attempt, err := app.Authorize(redirect, salesforce.WebScopes, "")
//	token, err := attempt.Exchange(ctx, query)
//	saved, err := connections.Add(ctx, "production", credentials, token, "")
//
//	// With the flows that need no browser, token is nil:
//	saved, err := connections.Add(ctx, "production", credentials, nil, "")
//
//	// From then on:
//	client, err := connections.Client(ctx, "production", salesforce.Config{})
//
// Add under a name that exists signs the same org in again, with [Manager.Credentials] for
// those who would rather not ask for everything twice. [Manager.Refresh] gets a new
// access token now; Rename and Remove do what they say, Remove with a revocation.
//
// # How tokens renew
//
// A client asks for a token when it has none, when Salesforce has refused the one it has,
// and, if it is known how long a session lives, at four fifths of that time. Calls that
// wait share one renewal. Processes that share a store take turns: who renews holds a
// lease in the store for as long, and whoever gets the lease reads the grant again before
// it asks, since the one before may have left a fresh token there.
//
// With rotation, a refresh token is dead once it is used, and its answer has the next
// one. That one is on disk before the access token that came with it is used. If it
// cannot be written, it is kept in memory and written before anything else is asked. If
// the process dies between Salesforce's answer and the write, the next token is lost:
// the store knows that a refresh was under way, tries the old token once more (the answer
// may have been a failure), and else stops the connection, saying why. Nothing that was to
// be written is lost; signing in again resumes it. The JWT bearer and client credentials
// flows have no such moment, and suit servers better.
//
// # How connections stop
//
// If the login host refuses for good, as with a revoked token, the connection is stopped
// in the store, with cause, advice and time, and every process gets that error without
// asking Salesforce. Signing in again ends the stop by itself, everywhere. Refusals that
// an admin heals in the org, such as a frozen user, are looked at again every half an
// hour. Trouble with the network stops nothing.
//
// # Secrets
//
//	secret                      where it is
//	consumer secret             sealed in the store (State key secret/grant/ID)
//	private key of the JWT flow sealed in the store; the file it came from is the user's to delete
//	refresh token, access token sealed in the store, written before use
//	code, verifier, assertion   in memory, for the one call that they are for
//	data keys                   in the store (State key vault), wrapped by the key of the store
//	key of the store            never in the store: see package vault
//
// All that is printed of them is «sealed».
package connection
