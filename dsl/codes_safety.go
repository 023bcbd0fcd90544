package dsl

// safetyCodes are the codes of group S3xx.
var safetyCodes = []CodeInfo{}
