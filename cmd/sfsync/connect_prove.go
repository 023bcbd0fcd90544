package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/runtime/connection"
	"github.com/sfsync/sfsync/salesforce"
	"github.com/sfsync/sfsync/store"
)

// permissionSetSuffix is that of a permission set in a Salesforce project.
const permissionSetSuffix = ".permissionset-meta.xml"

func connectTestCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:      "test",
		Usage:     "prove that a connection works, and that its user may do what rules need",
		ArgsUsage: "NAME [RULES…]",
		Description: "Without rules it signs in and says as whom. With rules it holds every object and\n" +
			"field that they read, create or edit against what Salesforce describes to the user,\n" +
			"and shows the least permission set that they need.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "permission-set", Usage: "write the least permission set, ready to deploy, to `FILE` (*" + permissionSetSuffix + "); - is standard output"},
			versionFlag(),
			storeFlag(), formatFlag(),
		},
		Action: func(ctx *cli.Context) error {
			return withConnections(ctx, func(_ *connection.Manager, kv store.KV) error { return c.testConnection(ctx, kv) })
		},
	}
}

// connectionProof is what a test of a connection has found.
type connectionProof struct {
	Connection string       `json:"connection"`
	User       string       `json:"user"`
	OrgID      string       `json:"org_id"`
	Needs      *plan.Needs  `json:"needs,omitempty"`
	Rights     []plan.Right `json:"rights,omitempty"`
	Missing    int          `json:"missing"`
}

func (c *console) testConnection(ctx *cli.Context, kv store.KV) error {
	one, err := namedConnection(ctx, kv)
	if err != nil {
		return err
	}
	t, err := connectionTarget(ctx, kv, one.Name, true)
	if err != nil {
		return err
	}
	defer t.close()
	id, err := t.client.Identity(ctx.Context)
	if err != nil {
		return connectionError(one.Name, err)
	}
	if _, err := t.client.Organization(ctx.Context); salesforce.NoAPI(err) {
		return connectionError(one.Name, err)
	}
	proof := connectionProof{Connection: one.Name, User: id.Username, OrgID: id.OrganizationID}
	var xml []byte
	if paths := ctx.Args().Tail(); len(paths) > 0 {
		if xml, err = c.proveRights(ctx, t, paths, &proof); err != nil {
			return err
		}
	} else if ctx.String("permission-set") != "" {
		return usagef("sfsync connect test "+one.Name+" RULES --permission-set FILE", "a permission set is made from rules, and none are named")
	}
	if err := c.writePermissionSet(ctx.String("permission-set"), xml); err != nil {
		return err
	}
	switch {
	case wantsJSON(ctx):
		err = c.printJSON(proof)
	case ctx.String("permission-set") != "-":
		c.showProof(&proof)
	}
	if err == nil && proof.Missing > 0 {
		return problem
	}
	return err
}

// proveRights holds what rules need against what the org describes.
func (c *console) proveRights(ctx *cli.Context, t *target, paths []string, proof *connectionProof) (xml []byte, err error) {
	sources, err := c.readRules(paths)
	if err != nil {
		return nil, err
	}
	// What cannot be read needs rights that nobody would see.
	rules := &ruleSet{sources: sources}
	rules.parse()
	if dsl.HasErrors(rules.diagnostics) {
		return nil, c.refuse(rules.diagnostics)
	}
	files := rules.files
	s, err := describe(ctx.Context, t, files)
	if err != nil {
		return nil, err
	}
	proof.Needs = plan.NeedsOf(files, t.name, s)
	if names := connectionsOf(files); len(proof.Needs.Objects) == 0 && slices.Contains(names, "") {
		// Rules that name no connection go to whichever org a command names.
		proof.Needs = plan.NeedsOf(files, "", s)
	}
	proof.Rights = proof.Needs.Compare(s)
	for _, r := range proof.Rights {
		if !r.Has {
			proof.Missing++
		}
	}
	return proof.Needs.PermissionSet("sfsync", s), nil
}

func (c *console) writePermissionSet(path string, xml []byte) error {
	switch path {
	case "":
		return nil
	case "-":
		_, err := c.out.Write(xml)
		return err
	}
	if !strings.HasSuffix(path, permissionSetSuffix) {
		return usagef("", "a permission set is a file *%s", permissionSetSuffix)
	}
	return replaceFile(path, xml)
}

// showProof prints what a user has and what is missing, an object a paragraph.
func (c *console) showProof(proof *connectionProof) {
	fmt.Fprintf(c.out, "%s  signed in as %s, org %s\n", c.style.bold(proof.Connection), proof.User, proof.OrgID)
	if proof.Needs == nil {
		return
	}
	if len(proof.Needs.Objects) == 0 {
		fmt.Fprintf(c.out, "\nNo rule writes to %s.\n", proof.Connection)
		return
	}
	fmt.Fprintf(c.out, "\nThe least that these rules need, and whether the user has it:\n\n")
	t := table{indent: "  "}
	var missing []plan.Right
	for rights := proof.Rights; len(rights) > 0; {
		n := slices.IndexFunc(rights, func(r plan.Right) bool { return r.Name() != rights[0].Name() })
		if n < 0 {
			n = len(rights)
		}
		var to []string
		mark := cell{"yes", c.style.green}
		for _, r := range rights[:n] {
			to = append(to, r.To)
			if !r.Has {
				mark = cell{"NO", c.style.red}
				missing = append(missing, r)
			}
		}
		t.row(mark, rights[0].Name(), strings.Join(to, ", "))
		rights = rights[n:]
	}
	t.write(c.out, c.width)
	for _, r := range missing {
		if r.Field != "" && slices.ContainsFunc(missing, func(o plan.Right) bool { return o.Field == "" && o.Object == r.Object && o.Help == r.Help }) {
			continue // it is missing with its object
		}
		fmt.Fprintln(c.out)
		fmt.Fprintln(c.out, hanging(c.style.red("✗")+" ", fmt.Sprintf("cannot %s %s: %s (%s)", r.To, r.Name(), r.Why, strings.Join(r.Lines, ", ")), c.width))
		if r.Help != "" {
			fmt.Fprintln(c.out, hanging("  ", r.Help, c.width))
		}
	}
	fmt.Fprintln(c.out)
	if len(missing) > 0 {
		fmt.Fprintf(c.out, "%s missing. --permission-set sfsync%s writes a permission set to deploy.\n", c.style.red(plural(len(missing), "right")), permissionSetSuffix)
		return
	}
	fmt.Fprintln(c.out, c.style.green("Everything is there."))
}
