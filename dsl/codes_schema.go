package dsl

// schemaCodes are the codes of group S2xx.
var schemaCodes = []CodeInfo{}
