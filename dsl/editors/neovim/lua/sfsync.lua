-- The language server for rule files, in Neovim 0.7 and later.
local M = {}

M.options = {
  cmd = { "sfsync", "lsp" },
  format_on_save = false,
  -- on_attach = function(client, bufnr) end: what else is to be set up for a buffer
}

-- setup changes the options. It need not be called when they are right as they are.
function M.setup(options)
  M.options = vim.tbl_extend("force", M.options, options or {})
end

local function map(bufnr, keys, action, what)
  vim.keymap.set("n", keys, action, { buffer = bufnr, silent = true, desc = what })
end

local function format(bufnr)
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ bufnr = bufnr })
  else
    vim.lsp.buf.formatting_sync()
  end
end

local function on_attach(client, bufnr)
  vim.bo[bufnr].omnifunc = "v:lua.vim.lsp.omnifunc"
  map(bufnr, "K", vim.lsp.buf.hover, "What is this?")
  map(bufnr, "gd", vim.lsp.buf.definition, "Where was it named?")
  map(bufnr, "gr", vim.lsp.buf.references, "Where is it used?")
  map(bufnr, "<leader>rn", vim.lsp.buf.rename, "Rename")
  map(bufnr, "<leader>ca", vim.lsp.buf.code_action, "Mend")
  map(bufnr, "<leader>rt", vim.lsp.codelens.run, "Run the test of this line")
  map(bufnr, "<leader>f", function() format(bufnr) end, "Format")
  local group = vim.api.nvim_create_augroup("sfsync_" .. bufnr, { clear = true })
  vim.api.nvim_create_autocmd({ "BufEnter", "InsertLeave", "TextChanged", "BufWritePost" }, {
    group = group,
    buffer = bufnr,
    callback = function() vim.lsp.codelens.refresh() end,
  })
  vim.lsp.codelens.refresh() -- the buffer was entered before there was a server
  if M.options.format_on_save then
    vim.api.nvim_create_autocmd("BufWritePre", {
      group = group,
      buffer = bufnr,
      callback = function() format(bufnr) end,
    })
  end
  if M.options.on_attach then
    M.options.on_attach(client, bufnr)
  end
end

-- One server answers for all rule files of a session.
local client_id

-- start attaches a buffer to the language server, and starts that if it must.
function M.start(bufnr)
  if not client_id then
    if vim.fn.executable(M.options.cmd[1]) == 0 then
      vim.notify_once("sfsync: there is no program " .. M.options.cmd[1] .. " on the PATH", vim.log.levels.WARN)
      return
    end
    client_id = vim.lsp.start_client({
      name = "sfsync",
      cmd = M.options.cmd,
      root_dir = vim.fn.getcwd(),
      on_attach = on_attach,
      on_exit = function() client_id = nil end,
    })
  end
  if client_id then
    vim.lsp.buf_attach_client(bufnr, client_id)
  end
  return client_id
end

return M
