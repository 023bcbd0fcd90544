package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/creachadair/jrpc2"
	"github.com/creachadair/jrpc2/channel"

	"github.com/sfsync/sfsync/dsl"
	"github.com/sfsync/sfsync/dsl/lsp"
	"github.com/sfsync/sfsync/salesforce/schema"
	"github.com/sfsync/sfsync/store"
	"github.com/sfsync/sfsync/store/bolt"
)

// storeWithConnection makes a store that knows the connection production and an org's
// schema, and returns its directory.
func storeWithConnection(t *testing.T) string {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	s, err := bolt.Open(dir, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := store.PutConnection(ctx, s.State(), store.Connection{Name: "production", InstanceURL: "https://example.my.salesforce.com"}); err != nil {
		t.Fatal(err)
	}
	known, err := schema.ReadDir(os.DirFS("../../examples/survey/schema"))
	if err != nil {
		t.Fatal(err)
	}
	if err := keepSchema(ctx, s.State(), "production", known); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestLanguageServer talks with `sfsync lsp` as an editor does: about a stored
// connection and its schema, a function, a cause, and tests that pass and fail.
func TestLanguageServer(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "events"), os.DirFS("../../examples/survey/events")); err != nil {
		t.Fatal(err)
	}
	fromEditor, toServer := io.Pipe()
	fromServer, toEditor := io.Pipe()
	c := &console{in: fromEditor, out: toEditor, err: t.Output()}
	dirOfStore := storeWithConnection(t)
	ended := make(chan error, 1)
	go func() {
		ended <- execute(context.Background(), c, []string{"sfsync", "lsp", "--stdio", "--store", dirOfStore})
		fromEditor.Close()
		toEditor.Close()
	}()
	editor := jrpc2.NewClient(channel.LSP(fromServer, toServer), &jrpc2.ClientOptions{OnNotify: func(*jrpc2.Request) {}})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ask := func(method string, params any) string {
		t.Helper()
		answer, err := editor.Call(ctx, method, params)
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		return answer.ResultString()
	}
	tell := func(method string, params any) {
		t.Helper()
		if err := editor.Notify(ctx, method, params); err != nil {
			t.Fatalf("%s: %v", method, err)
		}
	}
	type object = map[string]any
	const rules = `connection production

rule Answers
on survey response
update Contact where Id = profile.salesforce_contact_id
  set NPS_Score__c = answers.nps

test Right
given events/response.json
expect update Contact
  set NPS_Score__c = 9
expect nothing else

test Wrong
given events/response.json
expect update Contact
  set NPS_Score__c = 10

test Refused
given events/response.json
given org validation_rule
expect failed validation_rule
`
	path := filepath.ToSlash(filepath.Join(dir, "rules.sfsync"))
	uri := "file:///" + strings.TrimPrefix(path, "/")
	document := object{"uri": uri}
	place := func(text string, further int) object {
		at := strings.Index(rules, text) + further
		before := rules[:at]
		return object{"textDocument": document, "position": object{
			"line": strings.Count(before, "\n"), "character": at - strings.LastIndexByte(before, '\n') - 1,
		}}
	}
	ask("initialize", object{"processId": os.Getpid(), "capabilities": object{}})
	tell("initialized", object{})
	tell("textDocument/didOpen", object{"textDocument": object{"uri": uri, "version": 1, "text": rules}})
	for _, want := range []struct {
		method, text string
		further      int
		answer       string
	}{
		{"hover", "NPS_Score__c", 1, "Contact.NPS_Score__c"},
		{"hover", "answers.nps", 9, "a sample event has `9`"},
		{"hover", "failed validation_rule", 9, "validation_rule"},
		{"completion", "connection production", 11, `"label":"production"`},
		{"completion", "answers.nps", 8, `"label":"comment"`},
	} {
		if got := ask("textDocument/"+want.method, place(want.text, want.further)); !strings.Contains(got, want.answer) {
			t.Errorf("%s at %s: no %s in %s", want.method, want.text, want.answer, got)
		}
	}
	run := func(name string) (failures []struct {
		Line    int
		Message string
	}) {
		t.Helper()
		answer := ask("workspace/executeCommand", object{"command": "sfsync.runTest", "arguments": []string{uri, name}})
		result := struct{ Failures any }{&failures}
		if err := json.Unmarshal([]byte(answer), &result); err != nil {
			t.Fatal(err)
		}
		return failures
	}
	if got := run("Right"); len(got) != 0 {
		t.Errorf("a test that is right fails with %v", got)
	}
	if got := run("Refused"); len(got) != 0 {
		t.Errorf("a test of a refusal fails with %v", got)
	}
	if got := run("Wrong"); len(got) != 1 || got[0].Line != 16 || !strings.Contains(got[0].Message, "NPS_Score__c: expected 10, got 9") {
		t.Errorf("a test that is wrong fails with %v", got)
	}
	ask("shutdown", nil)
	tell("exit", nil)
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// A test is about the rules of its folder. What is wrong with the tests beside it does
// not keep it from running, but what is wrong with the rules does.
func TestEditorRunsATestOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "events"), os.DirFS("../../examples/survey/events")); err != nil {
		t.Fatal(err)
	}
	const rules = "rule A\non survey response\nupdate Contact where Id = profile.salesforce_contact_id\n  set NPS_Score__c = answers.nps\n"
	read := func(name, text string) *dsl.File {
		f, _ := dsl.Parse(dsl.NewSource(filepath.ToSlash(filepath.Join(dir, name)), []byte(text)))
		return f
	}
	block := "test B\ngiven events/response.json\nexpect update Contact\n  set NPS_Score__c = 9\n"
	known, err := schema.ReadDir(os.DirFS("../../examples/survey/schema"))
	if err != nil {
		t.Fatal(err)
	}
	lead, others := schema.New(), schema.New()
	lead.Add(known.Object("Lead"))
	others.Add(known.Object("Contact"))
	for _, c := range []struct{ rules, others, want string }{
		{rules, block, ""},
		{rules, "test B\nexpect nonsense\n", ""},
		{rules + "wehn Sent\n", block, "the rules have an error"},
		{rules + "update Lead using sandbox where Id = profile.lead_id if answers.nps > 100\n  set Company: x\n", block, ""},
	} {
		tests := read("a_test.sfsync", block)
		files := []*dsl.File{read("a.sfsync", c.rules), tests, read("b_test.sfsync", c.others)}
		got := runEditorTest(t.Context(), lsp.Test{Files: files, File: tests, Block: tests.Tests[0], Schema: func(connection string) *schema.Schema {
			if connection == "sandbox" {
				return lead
			}
			return others
		}})
		switch {
		case c.want == "" && len(got.Failures) > 0, c.want != "" && len(got.Failures) == 0:
			t.Errorf("beside %q and %q it fails with %v", c.rules, c.others, got.Failures)
		case c.want != "" && !strings.Contains(got.Failures[0].Message, c.want):
			t.Errorf("it fails with %v", got.Failures)
		}
	}
}
