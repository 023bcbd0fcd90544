// Package receiver takes events over HTTP and answers once they are on disk.
//
//	r, err := receiver.New(receiver.Config{
//		Submit:      engine.Submit,
//		Connections: map[string]receiver.Connection{"production": {OrganizationID: "00D5g000004XYZaEAO"}},
//		Tokens:      []string{token},
//	})
//	tlsConfig, err := receiver.TLS("cert.pem", "key.pem", logger)
//	server := r.Server(tlsConfig)
//	err = server.ServeTLS(listener, "", "")
//
// # Addresses
//
//	POST /soap/{connection}       Salesforce Outbound Messages of one org
//	GET  /soap/{connection}?wsdl  what that address takes, and how to set it up
//	POST /v1/events               events as JSON: one, a list, one a line, or CloudEvents 1.0
//	                              (structured, binary, batch)
//	POST /v1/distributions        distribution statuses in their short form
//	GET  /healthz                 200 while the process lives
//	GET  /readyz                  200, or 503 and why it cannot work now
//
// # Outbound messages
//
// A message gets its Ack, with status 200, when all of its notifications are on disk,
// now or from an earlier delivery. Else it gets a SOAP fault that says why, as the log
// does, and Salesforce sends it again: 500 for what the message says (malformed, of
// another org, of an unknown object), 403 for a sender who is not let in, 404 for an
// unknown connection or address, 408 for a body that does not arrive, 413 for one that is
// too long, 415 for one that is compressed, 503 with Retry-After when there is no room,
// in memory or on disk.
//
// # Events
//
// The answer tells of each object of the body, in its order, what was decided:
//
//	{"accepted":1,"duplicate":0,"rejected":1,"results":[
//	  {"id":"resp-8842","status":"accepted"},
//	  {"line":2,"status":"rejected","reason":"this event has no `id`","help":"…"}]}
//
// Its status is 202 if every event is on disk (accepted, or a duplicate of one that
// was), 207 if some were rejected, 400 if none was accepted. When the request as a
// whole is refused, the answer is {"error":"…","help":"…"}: 400 without any event,
// 401 without a token or signature, 405, 408, 413, 415 as above, and 503 with
// Retry-After if nothing was decided and the same request may be sent again.
//
// A request is let in by `Authorization: Bearer TOKEN`, or by a signature of Standard
// Webhooks (standardwebhooks.com) that is at most five minutes off. Within that time
// a request that was recorded can be sent again, to no effect: its events have their
// ids and are duplicates.
//
// # Limits
//
// Requests are let in while their bodies fit into a budget of memory; the others wait
// with their bodies unread, in order, and get 503 when that takes too long or too many
// do. A body that is slow to arrive is cut off as soon as others wait for its room.
// Refused requests are logged at a bounded rate, with the reason and the sender's
// address, and never with what they carry.
package receiver
