// Package outbound reads Salesforce Outbound Messages and writes the answers to
// them. It works on bytes: whoever serves HTTP hands it the request's body.
//
//	m, err := outbound.Read(r.Body, 0)
//	var refused *outbound.Refusal
//	if errors.As(err, &refused) {
//		w.WriteHeader(http.StatusInternalServerError) // as SOAP 1.1 asks for a fault
//		w.Write(outbound.AppendFault(nil, refused.Error()))
//		return
//	} else if err != nil {
//		return // the connection broke: Salesforce tries again
//	}
//	for _, n := range m.Notifications {
//		event := n.AppendEvent(nil, org.Object(n.Object), time.Now())
//		// keep the event before the answer
//	}
//	w.Write(outbound.AppendAck(nil, true))
//
// A message is up to [MaxNotifications] notifications of one object, sent by one
// definition of one org. Nothing in it proves who sent it: compare
// [Message.OrganizationID] with the org you expect, beside what TLS and the URL
// prove. Salesforce delivers at least once, so a second delivery of the same
// [Notification.ID] is normal; whatever answer is not an Ack of true makes it try
// again for 24 hours.
//
// Names count by their namespace and never by their prefix. What is not understood
// is refused whole with a [Refusal] that says what, where and what to do; only
// elements that Salesforce may add to its own namespace are passed over. What a body can
// cost is bounded before it is decoded: its size, depth, attributes, namespaces and
// fields; a DOCTYPE, and with it every declared entity, is refused unread. The session id
// that older orgs send is passed over, and stands in no message, event or error.
//
// [ReadWSDL] reads the object, fields and types of a definition from the WSDL that
// Salesforce generates for it, for those who have no describe result at hand.
//
// Facts about Salesforce come from its "SOAP API Developer Guide" of API 67.0
// (Outbound Messaging: Understanding Notifications, Setting Up Outbound Messaging,
// Considerations for Security, Building a Listener; Primitive Data Types), from its
// help page on considerations for outbound messages (workflow_om_considerations)
// and knowledge article 000381752 on the expected answer, and from messages and a
// WSDL that public projects have recorded.
package outbound
