//go:build !linux && !darwin

package main

// keepOutOfCoreDumps does nothing where programs leave no core dumps by themselves.
func keepOutOfCoreDumps() {}
