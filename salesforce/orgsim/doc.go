// Package orgsim is a Salesforce org on loopback: enough of one to try rules, to
// test against, and to show what happens when Salesforce says no.
//
// An [Org] is an [http.Handler] over records in memory. Start one and talk to it as to Salesforce:
//
//	org, err := orgsim.New(orgsim.Options{})
//	if err != nil { … }
//	if err := org.Start("127.0.0.1:0"); err != nil { … }
//	defer org.Close()
//	ids, err := org.Seed("Contact", map[string]any{"LastName": "Lovelace"})
//	token := org.Login("") // or log in at org.URL() with DefaultClientID and DefaultClientSecret
//	… PATCH org.URL() + "/services/data/v67.0/sobjects/Contact/" + ids[0] …
//	contact, ok := org.Record("Contact", ids[0])
//
// The same and more can be done over HTTP below /sim/, see GET /sim/.
//
// # What is modelled
//
//   - API versions 31.0 to 68.0, with 410 for older ones and the answers that changed between them.
//   - OAuth: the web-server flow with its pages and PKCE, refresh tokens, JWT bearer, client credentials, username
//     and password (off unless allowed), revoke, introspect, userinfo, the identity URL and
//     discovery; sessions that end; the 401 answers. See below.
//   - Describes with all 57 keys of a field, per user: object permissions and field-level security come
//     from the [Overlay]; Last-Modified and 304. Fields that come, go and change while the org runs, by [Org.AddField],
//     [Org.ChangeField] and [Org.RemoveField]; fields that are writable only in some states of a record, by [FieldRule].
//   - The Organization record, by which clients tell a sandbox, scratch or developer org: [Environment].
//   - Single rows: create, retrieve, update, delete and upsert by external id (200, 201, 204 or 300);
//     lookups by the parent's external id; conditional headers (304, 412, ETag on Account).
//   - sObject Collections (200 rows, 10 chunks, all or none), composite (25 sub-requests, references,
//     all or none) and composite batch.
//   - What fields take: types, lengths, number ranges, picklists (restricted, dependent, multi), e-mail
//     addresses, record ids with checksum and key prefix, lookups to missing, deleted or wrong records;
//     required, unique and external-id fields; text is trimmed and empty text is null.
//   - Validation rules, duplicate rules, record sharing, assignment rules, converted leads, a storage cap.
//   - Limits: calls a day with Sforce-Limit-Info, long-running calls at the same time.
//   - [Fault]s on demand: locks, HTML errors, lost answers, cut connections, dead sessions and others.
//   - Outbound messages, see below.
//   - SOQL with SELECT, WHERE, ORDER BY, LIMIT, OFFSET, COUNT() and parents' fields, in batches of 2,000.
//   - gzip and deflate of requests, gzip of answers.
//
// A row is refused for the first class of errors that it has, in the order JSON, field existence, field
// permission, value, record, required, validation, duplicate, unique. Where public sources
// disagree about Salesforce or are silent, [Assumptions] choose.
//
// # Logging in
//
// A [User] logs in with an [App]. At /services/oauth2/authorize the user meets a log-in page and a page that asks for
// consent; both are plain forms, good for a browser and for a test. The code that comes back works once, for 15
// minutes. What the user has allowed is a [Grant]: with [App.Rotate], each refresh gives it a new refresh token, and
// one that comes again after it was replaced ends the grant. Five grants of one user to one app are alive at most.
//
//	org, err := orgsim.New(orgsim.Options{
//		Users: []orgsim.User{{Username: "bot@acme.example", Password: "…", Profile: "Integration"}},
//		Apps:  []orgsim.App{{ClientID: "app", Public: true, Rotate: true, SessionTTL: orgsim.Duration(15 * time.Minute)}},
//	})
//	… log in, then
//	org.AdvanceClock(15 * time.Minute)                                           // the access token is dead
//	org.RevokeGrants()                                                           // so is the refresh token
//	org.UpdateUser("bot@acme.example", func(u *orgsim.User) { u.Frozen = true }) // and now the user
//	grants, tokens := org.Grants(), org.Stats().Tokens                           // who refreshed, and how often
//
// For the JWT bearer flow the app needs [App.Certificate], and the user an admin's approval in [App.PreAuthorized] or a
// living grant of his own. An assertion is for https://login.salesforce.com or, in a sandbox, https://test.salesforce.com,
// or for the org's own URL; its exp has to fit the org's clock.
//
// What Salesforce documents of it is in its help pages on OAuth flows and in the REST API Developer Guide. What happens to
// the rest of a grant when a used refresh token comes again, and how long verifiers and assertions may be, differs
// between sources: [Assumptions].
//
// # Outbound messages
//
// An [OutboundMessage] in the overlay makes the org send one itself when a record is saved on which its
// conditions hold: through the API, not by Seed. So a loop is real from end to end: a record changes, a message
// comes, its listener writes to the record, which sends the next message, unless the writer lacks the permission
// [PermissionSendOutboundMessages] or the conditions no longer hold.
//
//	err := org.DefineOutboundMessage(orgsim.OutboundMessage{
//		Name: "Case_closed", Object: "Case", Fields: []string{"Status", "ContactId"}, Endpoint: "http://127.0.0.1:9000/soap/production",
//		When: []orgsim.Condition{{Field: "Status", Op: "=", Value: []byte(`"Closed"`)}, {Field: "Status", Op: "changed"}},
//	})
//	… PATCH a case …
//	err = org.WaitOutbound(ctx)
//
// Each definition has a queue of notifications, of which a message holds up to 100. A notification names a record:
// what the record holds is read when the message is sent, at each attempt anew. Later changes of a record whose
// notification was not yet sent are part of it; a record that is deleted by then has a notification without data.
// Fields come in the order of their names' bytes behind Id; those without a value, or hidden from
// the integration user, do not come at all; every number is a double.
//
// Only status 200 with text/xml and an Ack of true in a notificationsResponse ends the delivery. Everything else, or 60
// seconds without an answer, makes a retry, after 5 seconds first and then twice as long each time, up to two
// hours, for 24 hours; then the notification is dropped. [Delivery] has knobs for all that, for duplicates
// and disorder, for holding the queue to make a burst, and a clock that goes faster. [Org.OutboundStatus] shows
// what waits, how often it was tried and why it failed; it can be retried at once, or deleted.
//
// Notification ids are counted from the time of the start, so an org that is started again does not repeat ids
// that listeners remember; an org with a Seed counts from one. Endpoints have to be on this machine unless
// [Options.AllowRemoteEndpoints] is set. The queue is in memory, and bounded.
//
// What Salesforce documents of it is in its help page "Considerations for Outbound Messages" and in the SOAP API
// Developer Guide, "Understanding Notifications"; the layout is that of recorded messages. The first retry's wait and
// the batching of calls are not documented, and assumed.
//
// # What is not modelled
//
//   - Of outbound messages: other actions than a rule over one record, failed ones kept for good ("dead
//     letters"), the WSDL, the queue that orgs share, signatures (there are none). Deletes trigger nothing.
//   - The device, user-agent, asset and token-exchange flows, id_token, login history and rates, multi-factor
//     authentication, single logout. A session's life is counted from its begin and not from its last use.
//   - Bulk API, composite graph and tree, reading several records by ids in one call, SOAP, Tooling and Metadata APIs, search.
//   - Permission sets as records; what they come to is in the overlay. An Organization object that the schema leaves
//     out can be described and queried, but is not in the list of all objects.
//   - Formulas and roll-ups (always null), triggers and flows (use a fault), record types, currencies,
//     state and country picklists, geolocation, blobs, person accounts, opportunities and so on: only
//     what the describes at hand say exists. Case.IsClosed does not follow Status.
//   - Delete does not cascade to children, nor empty their lookups, and there is no undelete.
//   - The daily limit is counted in 24-hour spans, not in a window that rolls.
//   - Unrestricted picklists store an unknown value, but do not add it to the describe.
//   - SOQL aggregates, sub-queries, functions and date literals.
package orgsim
