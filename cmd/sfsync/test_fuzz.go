package main

import (
	"context"

	"github.com/urfave/cli/v2"
)

type fuzzing struct{}
type fuzzReport struct{ Findings []int }

func fuzzFlags(ctx *cli.Context) (*fuzzing, error) { return nil, nil }
func (t *tester) fuzzSets(ctx context.Context, sets []*ruleSet, named map[string]bool, r *testReport) error {
	return nil
}
func (c *console) printFuzz(*fuzzReport) {}
