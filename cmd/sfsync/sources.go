package main

// eventSources are what the queue puts in front of event ids, so that the id of an
// outbound message and that of another event cannot be mistaken.
var eventSources = []string{"ev/", "om/"}
