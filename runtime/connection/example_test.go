package connection_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store/bolt"
	"github.com/sfsync/sfsync/store/vault"
)

// A program signs an org in once. From then on it asks for a client by name, and the
// client's tokens renew themselves.
func Example() {
	ctx := context.Background()
	org, err := orgsim.New(orgsim.Options{Environment: orgsim.Developer})
	if err == nil {
		err = org.Start("127.0.0.1:0")
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	defer org.Close()
	dir, _ := os.MkdirTemp("", "sfsync")
	defer os.RemoveAll(dir)
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	connections := connection.New(connection.Config{KV: s.State(), Vault: vault.Options{Dir: dir, Key: "file"}})
	saved, err := connections.Add(ctx, "dev", connection.Credentials{
		Flow: connection.ClientCredentials, Login: org.URL(),
		ClientID: orgsim.DefaultClientID, ClientSecret: orgsim.DefaultClientSecret,
	}, nil, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(saved.Name, "is a", saved.Environment, "org, as", saved.User)

	client, err := connections.Client(ctx, "dev", salesforce.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	org.RevokeSessions() // nobody notices
	limits, err := client.Limits(ctx)
	fmt.Println(limits["DailyApiRequests"].Max, "calls a day", err)
	// Output:
	// dev is a developer org, as integration@simulated.example
	// 100000 calls a day <nil>
}
