-- Drives the language server from a real editor. It is run by TestNeovim of dsl/lsp:
--   nvim --headless -u NONE --cmd 'set rtp+=dsl/editors/neovim' RULES -S editor.lua
-- with the program on the PATH. The editor ends with 0 if all is as it should be.

local failures = 0

local function say(line) io.stdout:write(line .. "\n") end

local function check(what, ok, got)
  if ok then
    say("ok   " .. what)
  else
    failures = failures + 1
    say("FAIL " .. what .. ": " .. vim.inspect(got))
  end
end

local function wait(what, condition)
  local last
  local ok = vim.wait(20000, function()
    local done, value = condition()
    last = value
    return done
  end, 20)
  check(what, ok, last)
end

local function lines() return vim.api.nvim_buf_get_lines(0, 0, -1, false) end

-- cursor goes to the first place of a text, and some characters further.
local function cursor(text, further)
  for n, line in ipairs(lines()) do
    local from = line:find(text, 1, true)
    if from then
      vim.api.nvim_win_set_cursor(0, { n, from - 1 + (further or 0) })
      return
    end
  end
  error("there is no " .. text)
end

local function ask(method, params)
  local answers, err = vim.lsp.buf_request_sync(0, method, params, 20000)
  if err then error(method .. ": " .. err) end
  for _, answer in pairs(answers) do
    if answer.err then error(method .. ": " .. answer.err.message) end
    return answer.result
  end
end

local function here() return vim.lsp.util.make_position_params(0, "utf-16") end

local function has(list, test)
  for _, item in ipairs(list or {}) do
    if test(item) then return item end
  end
end

local function main()
  local id = require("sfsync").start(0)
  wait("the server starts", function()
    local client = vim.lsp.get_client_by_id(id)
    return client and client.initialized and client.server_capabilities.hoverProvider
  end)

  wait("the tests have buttons from the start", function()
    local lenses = vim.lsp.codelens.get(0)
    return #lenses > 0, lenses
  end)
  wait("what is wrong is shown", function()
    local found = vim.diagnostic.get(0)
    return has(found, function(d) return d.code == "S206" end) and has(found, function(d) return d.code == "S102" end), found
  end)
  local picklist = has(vim.diagnostic.get(0), function(d) return d.code == "S206" end)
  check("at its place", lines()[picklist.lnum + 1]:sub(picklist.col + 1, picklist.end_col) == "Inprogres", picklist)

  cursor("NPS_Score__c", 3)
  local hover = ask("textDocument/hover", here())
  check("hover tells of the field", hover.contents.value:find("NPS Score", 1, true), hover)

  cursor("answers.nps", #"answers.")
  local list = ask("textDocument/completion", here())
  check("completion knows the sample events", has(list.items, function(i) return i.label == "nps" and i.detail:find("9", 1, true) end), list)

  -- As a person completes: the rest of a word, by omnifunc.
  cursor("= answers.nps", #"= answers.")
  local line = vim.api.nvim_get_current_line()
  vim.api.nvim_set_current_line((line:gsub("answers%.nps", "answers.n")))
  vim.bo.omnifunc = "v:lua.vim.lsp.omnifunc"
  vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes("A<C-x><C-o>", true, false, true), "n", false)
  -- The answer comes while the editor waits for a key; a timer looks and leaves.
  local completed
  local timer = vim.loop.new_timer()
  local tries = 0
  timer:start(100, 50, vim.schedule_wrap(function()
    tries = tries + 1
    completed = vim.api.nvim_get_current_line()
    if completed:find("answers.nps", 1, true) or tries > 100 then
      timer:stop()
      vim.api.nvim_feedkeys(vim.api.nvim_replace_termcodes("<Esc>", true, false, true), "n", false)
    end
  end))
  vim.api.nvim_feedkeys("", "x!", false)
  completed = vim.api.nvim_get_current_line()
  check("omnifunc completes", completed == line, completed)

  cursor("Inprogres", 2)
  local params = vim.lsp.util.make_range_params(0, "utf-16")
  params.context = { diagnostics = {} }
  local actions = ask("textDocument/codeAction", params)
  local fix = has(actions, function(a) return a.title:find("In Progress", 1, true) end)
  check("a fix is offered", fix, actions)
  vim.lsp.util.apply_workspace_edit(fix.edit, "utf-16")
  cursor("Status: In Progress")
  wait("and mends it", function()
    local found = vim.diagnostic.get(0)
    return not has(found, function(d) return d.code == "S206" end), found
  end)

  cursor("score", 1)
  local rename = here()
  rename.newName = "points"
  vim.lsp.util.apply_workspace_edit(ask("textDocument/rename", rename), "utf-16")
  cursor("let points")
  cursor("Score {points} 😀")

  local edits = ask("textDocument/formatting", { textDocument = vim.lsp.util.make_text_document_params(), options = { tabSize = 2, insertSpaces = true } })
  check("formatting has something to do", #edits > 0, edits)
  vim.lsp.util.apply_text_edits(edits, 0, "utf-16")
  check("and does it", has(lines(), function(l) return l == "    set Status: In Progress" end), lines())
  check("once", #ask("textDocument/formatting", { textDocument = vim.lsp.util.make_text_document_params(), options = {} }) == 0, lines())

  cursor("Delivred", 2)
  params = vim.lsp.util.make_range_params(0, "utf-16")
  params.context = { diagnostics = {} }
  fix = has(ask("textDocument/codeAction", params), function(a) return a.title:find("Delivered", 1, true) end)
  check("a misspelt status is known", fix, fix)
  vim.lsp.util.apply_workspace_edit(fix.edit, "utf-16")
  wait("no error is left", function()
    local found = vim.diagnostic.get(0, { severity = vim.diagnostic.severity.ERROR })
    return #found == 0, found
  end)

  local lenses = ask("textDocument/codeLens", { textDocument = vim.lsp.util.make_text_document_params() })
  local lens = has(lenses, function(l) return l.command.title:find("run test", 1, true) end)
  check("a test has a button", lens, lenses)
  local result = ask("workspace/executeCommand", lens.command)
  check("which runs it", #result.failures == 0, result)
  lenses = ask("textDocument/codeLens", { textDocument = vim.lsp.util.make_text_document_params() })
  check("and shows that it passed", lenses[1].command.title:find("✓", 1, true), lenses)

  local symbols = ask("textDocument/documentSymbol", { textDocument = vim.lsp.util.make_text_document_params() })
  check("the outline has the rule and the test", #symbols == 3, symbols)

  vim.lsp.stop_client(id)
  wait("the server ends when it is told to", function() return vim.lsp.client_is_stopped(id) end)
end

local ok, err = xpcall(main, debug.traceback)
if not ok then
  failures = failures + 1
  say("FAIL " .. tostring(err))
end
vim.cmd(failures == 0 and "qa!" or "cq!")
