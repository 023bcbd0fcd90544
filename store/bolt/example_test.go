package bolt_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// An event goes in, is run, and ends in the run log.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	event := store.Event{ID: "survey/resp-8842", Key: "0035g00000AbCdEAAV", Type: "survey.response", Body: []byte(`{"answers":{"nps":9}}`)}
	for range 2 {
		receipts, err := s.Append(ctx, []store.Event{event})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("duplicate:", receipts[0].Duplicate)
	}

	claims, err := s.Claims(ctx, "example")
	if err != nil {
		log.Fatal(err)
	}
	for range store.Partitions {
		claim := <-claims
		items, _, err := claim.Next(ctx, 100)
		if err != nil {
			log.Fatal(err)
		}
		for _, item := range items {
			run := store.Run{Rule: "Answers on the contact", Outcome: store.Synced}
			if err := claim.Settle(ctx, store.Settlement{Seq: item.Seq, Do: store.Done, Runs: []store.Run{run}}); err != nil {
				log.Fatal(err)
			}
		}
	}
	for run, err := range s.Runs().List(ctx, store.Filter{Outcome: store.Synced}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(run.Event, run.Rule, run.Outcome)
	}
	// Output:
	// duplicate: false
	// duplicate: true
	// survey/resp-8842 Answers on the contact synced
}
