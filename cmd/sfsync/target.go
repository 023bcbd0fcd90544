package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/vault"
)

// The variables by which sfsync gets secrets. Of a connection with the name
// production, SFSYNC_ACCESS_TOKEN_PRODUCTION and so on are looked at first.
const (
	tokenVariable  = "SFSYNC_ACCESS_TOKEN"
	idVariable     = "SFSYNC_CLIENT_ID"
	secretVariable = "SFSYNC_CLIENT_SECRET"
)

// targetFlags say which org a command talks to.
func targetFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "connection", Usage: "use the stored connection `NAME`"},
		&cli.StringFlag{Name: "instance", Usage: "use the org at `URL`, with " + tokenVariable + ", or " + idVariable + " and " + secretVariable + ", of the environment"},
		&cli.StringFlag{Name: "org", Usage: "`sim` makes a simulated org for this command alone"},
		versionFlag(),
		storeFlag(),
	}, simFlags()...)
}

var versionForm = regexp.MustCompile(`^[1-9][0-9]\.0$`)

func versionFlag() cli.Flag {
	return &cli.StringFlag{Name: "api-version", Usage: "REST API `VERSION` (default: that of the connection, or " + salesforce.DefaultVersion + ")",
		Action: func(_ *cli.Context, value string) error {
			if !versionForm.MatchString(value) {
				return usagef("--api-version "+salesforce.DefaultVersion, "--api-version is one such as %s, and not `%s`", salesforce.DefaultVersion, value)
			}
			return nil
		}}
}

// target is an org that a command talks to.
type target struct {
	client *salesforce.Client
	sim    *orgsim.Org // nil for a real org
	name   string      // of the connection; "" if the org was given by its address
	url    string
	done   func() // lets go of the store that its tokens are in; nil if there is none
}

func (t *target) close() {
	if t.done != nil {
		t.done()
	}
	if t.sim != nil {
		t.sim.Close()
	}
}

// where names the org for a person.
func (t *target) where() string {
	switch {
	case t.sim != nil:
		return "a simulated org"
	case t.name != "":
		return "connection " + t.name
	}
	return strings.TrimPrefix(t.url, "https://")
}

// givenTarget is the org that flags name, nil if they name none. kv is only asked
// for a connection.
func givenTarget(ctx *cli.Context, kv func() (store.KV, error)) (*target, error) {
	var given []string
	for _, name := range []string{"connection", "instance", "org"} {
		if ctx.String(name) != "" {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 1 {
		return nil, usagef("", "%s exclude each other", strings.Join(given, " and "))
	}
	if ctx.String("org") == "" {
		for _, f := range simFlags() {
			if name := f.Names()[0]; ctx.String(name) != "" {
				return nil, usagef("", "--%s is for a simulated org: --org sim", name)
			}
		}
	}
	switch {
	case ctx.String("org") != "":
		return simTarget(ctx)
	case ctx.String("instance") != "":
		return newTarget(ctx.String("instance"), "", ctx.String("api-version"), true)
	case ctx.String("connection") != "":
		state, err := kv()
		if err != nil {
			return nil, err
		}
		return connectionTarget(ctx, state, ctx.String("connection"), true)
	}
	return nil, nil
}

func simTarget(ctx *cli.Context) (*target, error) {
	if name := ctx.String("org"); name != "sim" {
		return nil, usagef("--org sim", "there is no org `%s`; --org takes `sim`", name)
	}
	org, err := simulate(ctx)
	if err != nil {
		return nil, err
	}
	return startSim(org)
}

// startSim puts a simulated org on a free port of this machine and signs in.
func startSim(org *orgsim.Org) (*target, error) {
	if err := org.Start("127.0.0.1:0"); err != nil {
		return nil, outsidef("", "cannot start the simulated org: %w", err)
	}
	client, err := salesforce.New(salesforce.Config{InstanceURL: org.URL(), Token: salesforce.StaticToken(org.Login("")), UserAgent: userAgent()})
	if err != nil {
		org.Close()
		return nil, err
	}
	return &target{client: client, sim: org, url: org.URL()}, nil
}

// connectionTarget is the org of a stored connection. Alone means that no other
// connection is used beside it, so that variables without its name are meant for it.
func connectionTarget(ctx *cli.Context, kv store.KV, name string, alone bool) (*target, error) {
	saved, err := store.GetConnection(ctx.Context, kv, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, unknownConnection(name)
	case err != nil:
		return nil, err
	}
	version := cmp.Or(ctx.String("api-version"), saved.APIVersion)
	if saved.Grant == "" {
		return newTarget(saved.InstanceURL, name, version, alone)
	}
	m, err := connections(ctx, kv)
	if err != nil {
		return nil, err
	}
	client, err := m.Client(ctx.Context, name, salesforce.Config{Version: version, UserAgent: userAgent()})
	if err != nil {
		return nil, connectionError(name, err)
	}
	return &target{client: client, name: name, url: saved.InstanceURL}, nil
}

// newTarget is the org at an address.
func newTarget(address, name, version string, alone bool) (*target, error) {
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	tokens, err := tokenSource(address, name, alone)
	if err != nil {
		return nil, err
	}
	client, err := salesforce.New(salesforce.Config{InstanceURL: address, Version: version, Token: tokens, UserAgent: userAgent()})
	if err != nil {
		return nil, usagef("", "cannot use the org at %s: %v", withoutSecrets(address), err)
	}
	return &target{client: client, name: name, url: address}, nil
}

func userAgent() string { return "sfsync/" + buildVersion().Version }

// withoutSecrets leaves out what a pasted address may carry behind its host.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "this address"
	}
	return u.Scheme + "://" + u.Host
}

var noVariable = regexp.MustCompile(`[^A-Z0-9]+`)

// tokenSource gets access tokens with the secrets that the environment holds when one is
// needed: a daemon is given others while it runs. Without any it fails at once.
func tokenSource(address, name string, alone bool) (salesforce.TokenSource, error) {
	if _, err := tokenSourceNow(address, name, alone); err != nil {
		return nil, err
	}
	return func(ctx context.Context, stale string) (string, error) {
		source, err := tokenSourceNow(address, name, alone)
		if err != nil {
			return "", &salesforce.Error{Cause: salesforce.Auth, Message: err.Error()}
		}
		return source(ctx, stale)
	}, nil
}

func tokenSourceNow(address, name string, alone bool) (salesforce.TokenSource, error) {
	suffix := ""
	if name != "" {
		suffix = "_" + noVariable.ReplaceAllString(strings.ToUpper(name), "_")
	}
	get := func(variable string) string {
		if v := os.Getenv(variable + suffix); v != "" || !alone {
			return v
		}
		return os.Getenv(variable)
	}
	token, id, secret := get(tokenVariable), get(idVariable), get(secretVariable)
	switch {
	case token != "":
		return salesforce.StaticToken(token), nil
	case id != "" && secret != "":
		source, err := salesforce.ClientCredentials(address, id, secret, nil)
		if err != nil {
			return nil, usagef("", "cannot use the org at %s: %v", withoutSecrets(address), err)
		}
		return source, nil
	}
	if alone {
		suffix = ""
	}
	return nil, usagef("export "+tokenVariable+suffix+"=…, or "+idVariable+suffix+"=… "+secretVariable+suffix+"=…",
		"the environment has no credentials for %s", withoutSecrets(address))
}

// saveConnection remembers an org under a name, after asking it who we are there.
func saveConnection(ctx *cli.Context, kv store.KV, t *target, name string) error {
	if err := newName(name); err != nil {
		return usagef("", "--save-connection: %v", err)
	}
	id, err := t.client.Identity(ctx.Context)
	if err != nil {
		// A daemon may start anew while the org is away, and was told to save it before.
		if saved, unknown := store.GetConnection(ctx.Context, kv, name); unknown == nil && saved.InstanceURL == withoutSecrets(t.url) {
			return nil
		}
		return salesforceError(t, err)
	}
	now := time.Now().UTC()
	saved, err := store.GetConnection(ctx.Context, kv, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
		saved = store.Connection{Name: name, CreatedAt: now}
	case err != nil:
		return err
	case saved.OrgID != "" && saved.OrgID != id.OrganizationID:
		return usagef("sfsync connect remove "+name+", or choose another name",
			"connection %s belongs to another org: it is %s, and this is %s", name, saved.OrgID, id.OrganizationID)
	case saved.Grant != "":
		return nil // it is signed in to this org, and knows it better
	}
	saved.InstanceURL, saved.OrgID, saved.User, saved.LastUsed = withoutSecrets(t.url), id.OrganizationID, id.Username, now
	saved.APIVersion = ctx.String("api-version")
	return store.PutConnection(ctx.Context, kv, saved)
}

// salesforceError says what Salesforce answered and what to do about it.
func salesforceError(t *target, err error) error {
	var e *salesforce.Error
	switch {
	case errors.Is(err, vault.ErrWrongKey), errors.Is(err, vault.ErrNoKey), errors.Is(err, vault.ErrNoPlace):
		return keyError(fmt.Errorf("%s: %w", t.where(), err))
	case !errors.As(err, &e):
		return outsidef("", "%s: %w", t.where(), err)
	}
	info, _ := salesforce.ExplainCause(e.Cause)
	message := e.Message
	if e.Code != "" {
		message = e.Code + ": " + message
	}
	return &exitError{code: exitOutside, message: t.where() + ": " + message, help: cmp.Or(e.Advice, info.Advice), cause: err}
}
