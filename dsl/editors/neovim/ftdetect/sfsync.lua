-- Rule files, known by their name.
vim.api.nvim_create_autocmd({ "BufRead", "BufNewFile" }, {
  pattern = "*.sfsync",
  callback = function()
    vim.bo.filetype = "sfsync"
  end,
})
