package main

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
)

// The variables by which the daemon gets secrets, beside those of the orgs.
const (
	eventsTokenVariable   = "SFSYNC_EVENTS_TOKEN"
	webhookSecretVariable = "SFSYNC_WEBHOOK_SECRET"
	alertWebhookVariable  = "SFSYNC_ALERT_WEBHOOK"
	smtpVariable          = "SFSYNC_SMTP_URL"
)

func credentialsFlag() cli.Flag {
	return &cli.StringFlag{Name: "credentials", Usage: "read secrets from `FILE`, one NAME=value a line with the names of the environment; nobody else may read it"}
}

// credentials are the secrets of a file, which stand in the environment of this process,
// where all that needs them looks.
type credentials struct {
	path string
	// replaced is what the environment held before, by name; nil for nothing.
	replaced map[string]*string
}

// load reads the file, anew if it was read before: what is no longer in it is taken
// back. Nothing changes unless all of it can be used. Errors tell lines and names, never
// values.
func (c *credentials) load() error {
	found, err := readCredentials(c.path)
	if err != nil {
		return err
	}
	if c.replaced == nil {
		c.replaced = map[string]*string{}
	}
	for name, value := range found {
		if _, known := c.replaced[name]; !known {
			c.replaced[name] = nil
			if before, ok := os.LookupEnv(name); ok {
				c.replaced[name] = &before
			}
		}
		if err := os.Setenv(name, value); err != nil {
			return usagef("", "%s of %s cannot be set", name, c.path)
		}
	}
	for name, before := range c.replaced {
		if _, still := found[name]; still {
			continue
		}
		if delete(c.replaced, name); before != nil {
			os.Setenv(name, *before)
		} else {
			os.Unsetenv(name)
		}
	}
	return nil
}

// readCredentials reads secrets by their names.
func readCredentials(path string) (map[string]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, outsidef("", "cannot read the credentials in %s: %s", path, reason(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, outsidef("", "cannot read the credentials in %s: %s", path, reason(err))
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, usagef("chmod 600 "+path, "others may read the credentials in %s", path)
	}
	data, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, outsidef("", "cannot read the credentials in %s: %s", path, reason(err))
	}
	found := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, len(data)+1)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok {
			return nil, usagef("it is written NAME=value", "line %d of %s is no credential", n, path)
		}
		if err := knownSecret(name); err != nil {
			return nil, usagef("", "line %d of %s: %v", n, path, err)
		}
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		if strings.ContainsRune(value, 0) {
			return nil, usagef("", "line %d of %s: %s cannot be set", n, path, name)
		}
		found[name] = value
	}
	return found, nil
}

// knownSecret tells a misspelt name, which would be a secret that nobody uses. Names
// of orgs' secrets may end with that of a connection.
func knownSecret(name string) error {
	plain := []string{eventsTokenVariable, webhookSecretVariable, alertWebhookVariable, smtpVariable}
	org := []string{tokenVariable, idVariable, secretVariable}
	all := append(plain, org...)
	if slices.Contains(all, name) || slices.ContainsFunc(org, func(v string) bool { return strings.HasPrefix(name, v+"_") }) {
		return nil
	}
	if better, ok := dsl.Suggest(name, all); ok {
		return usagef("", "there is no secret of this name; did you mean %s?", better)
	}
	return usagef("", "there is no secret of this name; there are %s", strings.Join(all, ", "))
}

// secretsOf are the secrets in a variable: several, with blanks between, while one
// takes the place of another.
func secretsOf(variable string) []string { return strings.Fields(os.Getenv(variable)) }
