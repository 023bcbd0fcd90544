package main

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/salesforce/orgsim"
	"github.com/sfsync/sfsync/salesforce/schema"
)

// orgFlags are the flags of an org that keeps running, beside those of every
// simulated org.
func orgFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "addr", Value: "127.0.0.1:8080", Usage: "listen on `HOST:PORT` of this machine; port 0 takes a free one"},
		&cli.StringFlag{Name: "environment", Usage: "be a `KIND` of org: production, sandbox, scratch or developer"},
		&cli.StringFlag{Name: "org-id", Usage: "have the organization `ID`, 00D…; another than the default makes it another org for sfsync"},
		&cli.DurationFlag{Name: "latency", DefaultText: "none", Usage: "let every call take `TIME` longer, such as 50ms"},
		&cli.DurationFlag{Name: "jitter", DefaultText: "none", Usage: "and up to `TIME` more at random"},
		&cli.IntFlag{Name: "daily-limit", DefaultText: "100,000", Usage: "allow `N` API calls in 24 hours; -1 for any number"},
		&cli.DurationFlag{Name: "session", DefaultText: "2h", Usage: "let access tokens live for `TIME`"},
		&cli.Float64Flag{Name: "clock-speed", DefaultText: "1", Usage: "let the org's time pass `N` times as fast: sessions, limits, dates"},
		&cli.Float64Flag{Name: "delivery-speed", DefaultText: "1", Usage: "let outbound messages be repeated `N` times as fast: with 3600 a day of retries takes 24 seconds"},
		&cli.BoolFlag{Name: "rotate", Usage: "give a new refresh token at each refresh, as apps with Refresh Token Rotation do"},
		&cli.BoolFlag{Name: "public-app", Usage: "let the app have no secret, as for the web flow without one"},
		&cli.StringFlag{Name: "jwt-certificate", Usage: "let the app sign in with the private key of the certificate in `FILE` (JWT bearer flow), as any user of the org"},
		&cli.StringFlag{Name: "options", Usage: "take users, apps, delivery and assumptions from `FILE`: {\"delivery\": {\"duplicates\": 0.1}}"},
		&cli.StringFlag{Name: "client-cert", Usage: "show listeners of outbound messages the client certificate in `FILE`, and what it was issued by"},
		&cli.StringFlag{Name: "client-key", Usage: "the client certificate's key in `FILE`"},
		&cli.StringFlag{Name: "endpoint-ca", Usage: "trust the authorities in `FILE` when outbound messages go by https"},
		&cli.BoolFlag{Name: "remote-endpoints", Usage: "let outbound messages go to other machines"},
	}
}

// orgFile is what --options takes from a file.
type orgFile struct {
	Users       []orgsim.User      `json:"users"`
	Apps        []orgsim.App       `json:"apps"`
	Delivery    orgsim.Delivery    `json:"delivery"`
	Assumptions orgsim.Assumptions `json:"assumptions"`
}

// orgOptions are the options that flags describe, of which commands with a simulated
// org of their own have a few.
func orgOptions(ctx *cli.Context) (o orgsim.Options, err error) {
	if path := ctx.String("options"); path != "" {
		var file orgFile
		data, err := readFile(path)
		if err != nil {
			return o, err
		}
		if err := parseJSON(data, &file); err != nil {
			return o, problemf(`it is written {"users": […], "apps": […], "delivery": {…}, "assumptions": {…}}`, "%s: %v", path, err)
		}
		o.Users, o.Apps, o.Delivery, o.Assumptions = file.Users, file.Apps, file.Delivery, file.Assumptions
	}
	o.Environment, o.OrgID = orgsim.Environment(ctx.String("environment")), ctx.String("org-id")
	o.Latency, o.Jitter, o.SessionTTL = ctx.Duration("latency"), ctx.Duration("jitter"), ctx.Duration("session")
	o.DailyLimit = ctx.Int("daily-limit")
	for name, d := range map[string]time.Duration{"latency": o.Latency, "jitter": o.Jitter} {
		if d < 0 {
			return o, usagef("", "--%s is not less than 0", name)
		}
	}
	// The zero values of options stand for what an org has otherwise, and not for none.
	switch {
	case ctx.IsSet("session") && o.SessionTTL <= 0:
		return o, usagef("", "--session is longer than 0")
	case ctx.IsSet("daily-limit") && o.DailyLimit != -1 && o.DailyLimit < 1:
		return o, usagef("", "--daily-limit is 1 or more, or -1 for any number")
	case ctx.IsSet("org-id") && (!schema.ValidID(o.OrgID) || schema.KeyPrefix(o.OrgID) != "00D"):
		return o, usagef("", "--org-id is 15 or 18 characters and begins with 00D, unlike `%s`", o.OrgID)
	}
	if err := o.Environment.Check(); err != nil {
		return o, usagef("", "--%v", err)
	}
	o.AllowRemoteEndpoints = ctx.Bool("remote-endpoints")
	if dir := ctx.String("org-schema"); dir != "" {
		if o.Schema, err = schemaDir(dir); err != nil {
			return o, err
		}
	}
	if path := ctx.String("overlay"); path != "" {
		data, err := readFile(path)
		if err != nil {
			return o, err
		}
		if err := parseJSON(data, &o.Overlay); err != nil {
			return o, problemf(`it is written {"access": […], "validationRules": […], "outboundMessages": […]}`, "%s: %v", path, err)
		}
	}
	return o, certificates(ctx, &o)
}

// setSpeeds makes the org's clocks go as flags say.
func setSpeeds(ctx *cli.Context, org *orgsim.Org) error {
	if ctx.IsSet("clock-speed") {
		if err := org.SetClockSpeed(ctx.Float64("clock-speed")); err != nil {
			return usagef("", "--clock-speed: %v", err)
		}
	}
	if ctx.IsSet("delivery-speed") {
		d := org.Delivery()
		if d.Speed = ctx.Float64("delivery-speed"); d.Speed == 0 {
			d.Speed = -1 // which is refused, where 0 is as fast as usual
		}
		if err := org.SetDelivery(d); err != nil {
			return usagef("", "--delivery-speed: %v", err)
		}
	}
	return nil
}

// setApp makes the app that the org greets with as flags say.
func setApp(ctx *cli.Context, org *orgsim.Org) error {
	var certificate []byte
	if path := ctx.String("jwt-certificate"); path != "" {
		var err error
		if certificate, err = readFile(path); err != nil {
			return err
		}
	}
	app, _ := firstLogin(org)
	err := org.UpdateApp(app.ClientID, func(a *orgsim.App) {
		a.Rotate = a.Rotate || ctx.Bool("rotate")
		if ctx.Bool("public-app") {
			a.Public, a.ClientSecret, a.RunAs = true, "", ""
		}
		if certificate != nil {
			a.Certificate = string(certificate)
			for _, u := range org.Users() {
				a.PreAuthorized = append(a.PreAuthorized, u.Username)
			}
		}
	})
	if err != nil {
		return problemf("openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=sfsync -keyout sfsync.key.pem -out sfsync.crt makes a key and a certificate", "the app of the simulated org: %v", err)
	}
	return nil
}

// certificates reads what the org shows to listeners, and whom of them it trusts.
func certificates(ctx *cli.Context, o *orgsim.Options) error {
	cert, key := ctx.String("client-cert"), ctx.String("client-key")
	if (cert == "") != (key == "") {
		return usagef("", "--client-cert and --client-key go together")
	}
	if cert != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return outsidef("", "cannot use the client certificate in %s: %s", cert, reason(err))
		}
		o.ClientCertificate = &pair
	}
	if path := ctx.String("endpoint-ca"); path != "" {
		data, err := readFile(path)
		if err != nil {
			return err
		}
		o.EndpointRoots = x509.NewCertPool()
		if !o.EndpointRoots.AppendCertsFromPEM(data) {
			return usagef("", "there is no PEM certificate in %s", path)
		}
	}
	return nil
}
