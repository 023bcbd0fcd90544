autocmd BufNewFile,BufRead *.sfsync setfiletype sfsync
