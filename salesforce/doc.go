// Package salesforce talks to a Salesforce org over its REST API and says of
// every failure what it means.
//
// A [Client] writes rows through sObject Collections, up to 200 in a call:
//
//	token := salesforce.StaticToken("00D...!AR8AQ...")
//	c, err := salesforce.New(salesforce.Config{
//		InstanceURL: "https://example.my.salesforce.com",
//		Token:       token,
//	})
//	results := c.Write(ctx, salesforce.Update, []salesforce.Row{
//		{Object: "Case", ID: "5003000000D8cuIAAR", Body: []byte(`{"Priority":"High"}`)},
//	})
//	if bad := results[0].Err; bad != nil {
//		info, _ := salesforce.ExplainCause(bad.Cause)
//	}
//
// Each row has a result of its own. When Salesforce refuses a whole call because
// of one row, [Client.Write] splits the call until that row stands alone, so that
// the others go through.
//
// Every failure is an [Error] with a [Cause]: one of sixteen names, each with an
// explanation, a fix and the word whether time heals it (see [Causes]). The
// client itself never waits and repeats nothing but a call that was refused for
// an expired token. An error that is [Error.InDoubt] tells that the call may have
// been executed although its answer is missing.
//
// An [App] signs in: with a browser ([App.Authorize]), with a private key
// ([App.JWTBearer]), with the app's own secret ([App.ClientCredentials]) or again, with a
// refresh token ([App.Refresh]). It keeps nothing; runtime/connection does.
//
// Facts about Salesforce come from its "REST API Developer Guide" of API 67.0
// (Status Codes and Error Responses, sObject Collections, Compression Headers,
// Assignment Rule Header) and from the error bodies that public client projects
// have recorded.
package salesforce
