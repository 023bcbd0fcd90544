// Package clienttest drives the simulated org with independent Salesforce clients, so
// that the simulator is not proved by our own reading of the documentation alone: a Go client, and
// jsforce under Node.js. It is a module of its own, since nothing but these tests needs them.
//
// The jsforce test installs the exact version of jsforce/package.json with npm into a cache folder, once. It is
// skipped where Node.js or the package is not to be had, unless SFSYNC_REQUIRE_JSFORCE=1 is set.
package clienttest
