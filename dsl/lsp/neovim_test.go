package lsp_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// neovimRules are opened by the editor, which mends them.
const neovimRules = `rule Status on the lead
on survey response event-feedback
let score = number(answers.nps)

when Responded, Delivred
  update Lead where Id = profile.salesforce_lead_id
    set Status: Inprogres
        Description: Score {score} 😀

otherwise
update Lead where Id = profile.salesforce_lead_id
set Rating:Hot

rule Answers
on survey response post-purchase-nps
update Contact where Id = profile.salesforce_contact_id
  set NPS_Score__c = answers.nps

test A score reaches the contact
given events/response.json
expect update Contact
  set NPS_Score__c = 9
`

// TestNeovim drives the built program from a real editor: the language server, and :make,
// which fills the quickfix list. It is skipped where there is none, unless
// SFSYNC_REQUIRE_NEOVIM is set.
func TestNeovim(t *testing.T) {
	nvim, err := exec.LookPath("nvim")
	if err != nil {
		if os.Getenv("SFSYNC_REQUIRE_NEOVIM") != "" {
			t.Fatal("nvim is not installed, and SFSYNC_REQUIRE_NEOVIM is set")
		}
		t.Skip("nvim is not installed")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "sfsync")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/sfsync").CombinedOutput(); err != nil {
		t.Fatalf("cannot build sfsync: %v\n%s", err, out)
	}
	for _, part := range []string{"schema", "events"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join("../../examples/survey", part))); err != nil {
			t.Fatal(err)
		}
	}
	rules := filepath.Join(dir, "my rules.sfsync")
	if err := os.WriteFile(rules, []byte(neovimRules), 0o644); err != nil {
		t.Fatal(err)
	}
	editors, err := filepath.Abs("../editors")
	if err != nil {
		t.Fatal(err)
	}
	// drive opens the rules with the files for an editor, and then runs a script or a command.
	drive := func(t *testing.T, files string, then ...string) string {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		args := []string{"--headless", "-u", "NONE", "-i", "NONE", "-n", "--cmd", "set rtp+=" + filepath.Join(editors, files), "--cmd", "filetype plugin on", rules}
		cmd := exec.CommandContext(ctx, nvim, append(args, then...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(),
			"PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "HOME="+dir, "XDG_STATE_HOME="+dir, "XDG_CACHE_HOME="+dir,
			"SFSYNC_HOME="+filepath.Join(dir, "store"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			log, _ := os.ReadFile(filepath.Join(dir, "nvim", "lsp.log"))
			t.Fatalf("nvim ended with %v:\n%s\n%s", err, out, log)
		}
		return string(out)
	}
	t.Run("language server", func(t *testing.T) {
		t.Log(drive(t, "neovim", "-S", filepath.Join(editors, "neovim", "test", "editor.lua")))
	})
	t.Run("make", func(t *testing.T) {
		const list = `lua for _, q in ipairs(vim.fn.getqflist()) do io.stderr:write(("%s:%d:%d: %s %s\n"):format(vim.fn.bufname(q.bufnr), q.lnum, q.col, q.type, (q.text:gsub("\n", "; ")))) end`
		got := drive(t, "vim", "+silent make!", "+"+list, "+qa!")
		for _, want := range []string{
			"my rules.sfsync:5:17: E there is no status `Delivred`; did you mean `Delivered`?\n",
			"my rules.sfsync:7:17: E Lead.Status takes only the values of its picklist, and \"Inprogres\" is not one of them; did you mean `In Progress`?\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in the quickfix list:\n%s", want, got)
			}
		}
	})
}
