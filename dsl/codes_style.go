package dsl

// styleCodes are the codes of group S4xx.
var styleCodes = []CodeInfo{}
