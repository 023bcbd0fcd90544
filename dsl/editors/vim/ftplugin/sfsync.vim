if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=#\ %s
setlocal comments=:#
setlocal formatoptions-=t formatoptions+=croql
setlocal expandtab shiftwidth=2 softtabstop=2 tabstop=2
setlocal suffixesadd=.sfsync

" `:make` checks the file, and the quickfix list leads to what was found.
if executable('sfsync')
  setlocal makeprg=sfsync\ check\ --all\ %:S
  setlocal errorformat=%Eerror[%*[^]]]:\ %m,%Wwarning[%*[^]]]:\ %m,%Iinfo[%*[^]]]:\ %m
  setlocal errorformat+=%C\ %#-->\ %f:%l:%c,%C\ %#=\ help:\ %m,%-C%.%#,%-G%.%#
endif

let b:undo_ftplugin = 'setlocal commentstring< comments< formatoptions< expandtab< shiftwidth< softtabstop< tabstop< suffixesadd< makeprg< errorformat<'
