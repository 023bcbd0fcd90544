//go:build race

package prooftest

const raceEnabled = true
