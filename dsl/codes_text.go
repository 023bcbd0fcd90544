package dsl

// textCodes are the codes of group S0xx.
var textCodes = []CodeInfo{}
