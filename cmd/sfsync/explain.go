package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/plan"
	"github.com/sfsync/sfsync/salesforce"
)

func explainCommand(c *console) *cli.Command {
	return &cli.Command{
		Name:        "explain",
		Usage:       "explain a diagnostic, a cause of failure or a function",
		ArgsUsage:   "[CODE|CAUSE|FUNCTION…]",
		Description: "Without an argument, it lists everything that can be explained.",
		Flags:       []cli.Flag{formatFlag()},
		Action: func(ctx *cli.Context) error {
			all := allExplanations()
			names := ctx.Args().Slice()
			if len(names) == 0 {
				if wantsJSON(ctx) {
					return c.printJSON(all)
				}
				c.listExplanations(all)
				return nil
			}
			var found explanations
			for _, name := range names {
				if !found.pick(all, name) {
					return unexplained(all, name)
				}
			}
			if wantsJSON(ctx) {
				return c.printJSON(found)
			}
			c.explain(found)
			return nil
		},
	}
}

// explanations are what explain knows, in the order of the documentation.
type explanations struct {
	Codes     []codeExplanation      `json:"codes,omitempty"`
	Causes    []salesforce.CauseInfo `json:"causes,omitempty"`
	Functions []functionExplanation  `json:"functions,omitempty"`
}

type codeExplanation struct {
	Code        dsl.Code `json:"code"`
	Title       string   `json:"title"`
	Explanation string   `json:"explanation"`
	Bad         string   `json:"bad"`
	Good        string   `json:"good"`
}

type functionExplanation struct {
	Name      string `json:"name"`
	Signature string `json:"signature"`
	Result    string `json:"result"`
	Doc       string `json:"doc"`
	Example   string `json:"example"`
}

func allExplanations() explanations {
	var all explanations
	for _, info := range dsl.Codes() {
		all.Codes = append(all.Codes, codeExplanation(info))
	}
	all.Causes = salesforce.Causes()
	for _, f := range plan.Functions() {
		all.Functions = append(all.Functions, functionExplanation{f.Name, f.Signature(), f.Result.String(), f.Doc, f.Example})
	}
	return all
}

// pick takes over what has the name, in any case.
func (e *explanations) pick(all explanations, name string) bool {
	for _, info := range all.Codes {
		if strings.EqualFold(string(info.Code), name) {
			e.Codes = append(e.Codes, info)
			return true
		}
	}
	for _, info := range all.Causes {
		if strings.EqualFold(string(info.Cause), name) {
			e.Causes = append(e.Causes, info)
			return true
		}
	}
	for _, f := range all.Functions {
		if strings.EqualFold(f.Name, strings.TrimSuffix(name, "()")) {
			e.Functions = append(e.Functions, f)
			return true
		}
	}
	return false
}

func unexplained(all explanations, name string) error {
	var names []string
	for _, info := range all.Codes {
		names = append(names, string(info.Code))
	}
	for _, info := range all.Causes {
		names = append(names, string(info.Cause))
	}
	for _, f := range all.Functions {
		names = append(names, f.Name)
	}
	if better, ok := dsl.Suggest(name, names); ok {
		return usagef("", "there is no code, cause or function `%s`; did you mean `%s`?", name, better)
	}
	return usagef("sfsync explain", "there is no code, cause or function `%s`", name)
}

// The groups of codes, by their first digit.
var codeGroups = map[byte]string{'0': "text", '1': "names", '2': "schema", '3': "safety", '4': "style"}

func (c *console) listExplanations(all explanations) {
	fmt.Fprintln(c.out, c.style.bold("Diagnostics of `sfsync check`"))
	t := table{indent: "  "}
	for _, info := range all.Codes {
		t.row(cell{string(info.Code), c.style.cyan}, codeGroups[info.Code[1]], info.Title)
	}
	t.write(c.out, c.width)
	fmt.Fprintln(c.out)
	fmt.Fprintln(c.out, c.style.bold("Causes of failed writes"))
	t = table{indent: "  "}
	for _, info := range all.Causes {
		t.row(cell{string(info.Cause), c.style.cyan}, info.Title)
	}
	t.write(c.out, c.width)
	fmt.Fprintln(c.out)
	fmt.Fprintln(c.out, c.style.bold("Functions of the language"))
	t = table{indent: "  "}
	for _, f := range all.Functions {
		t.row(cell{f.Signature, c.style.cyan}, f.Doc)
	}
	t.write(c.out, c.width)
	fmt.Fprintln(c.out)
	fmt.Fprintln(c.out, "`sfsync explain NAME` tells more about each.")
}

func (c *console) explain(found explanations) {
	first := true
	head := func(name, title string) {
		if !first {
			fmt.Fprintln(c.out)
		}
		first = false
		fmt.Fprintf(c.out, "%s  %s\n\n", c.style.cyan(name), c.style.bold(title))
	}
	text := func(s string) { fmt.Fprintln(c.out, wrap(s, "", c.width)) }
	for _, info := range found.Codes {
		head(string(info.Code), info.Title)
		text(info.Explanation)
		c.example("Wrong:", info.Bad)
		c.example("Right:", info.Good)
	}
	for _, info := range found.Causes {
		head(string(info.Cause), info.Title)
		text(info.Explanation)
		fmt.Fprintln(c.out)
		text(info.Advice)
		fmt.Fprintln(c.out)
		text(retryText(info.Retry))
	}
	for _, f := range found.Functions {
		head(f.Signature, f.Doc)
		fmt.Fprintf(c.out, "  %s\n\n", f.Example)
		fmt.Fprintf(c.out, "It gives %s.\n", f.Result)
	}
}

func (c *console) example(title, text string) {
	if text == "" {
		return
	}
	fmt.Fprintf(c.out, "\n%s\n\n", c.style.bold(title))
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		fmt.Fprintln(c.out, strings.TrimRight("    "+line, " "))
	}
}

func retryText(r salesforce.Retry) string {
	if !r.Heals {
		return "The write is not repeated: it would fail again until somebody changes something."
	}
	s := fmt.Sprintf("The write is repeated after %s, then after waits that grow up to %s, for up to %s", span(r.First), span(r.Max), span(r.For))
	if r.Attempts > 0 {
		s += fmt.Sprintf(" or %d times", r.Attempts)
	}
	return s + "."
}
