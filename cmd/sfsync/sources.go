package main

import "github.com/sfsync/sfsync/runtime"

// eventSources are what the queue puts in front of event ids, so that the id of an
// outbound message and that of another event cannot be mistaken.
var eventSources = []string{runtime.SourceEvents + "/", runtime.SourceOutbound + "/"}
