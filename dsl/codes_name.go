package dsl

// nameCodes are the codes of group S1xx.
var nameCodes = []CodeInfo{}
