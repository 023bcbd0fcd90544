if exists('b:current_syntax')
  finish
endif

syntax case match
syntax iskeyword @,48-57,_,$

" Expressions.
syntax region sfsyncString start=/"/ skip=/\\./ end=/"\|$/ contained oneline
syntax region sfsyncString start=/'/ skip=/\\./ end=/'\|$/ contained oneline
syntax match sfsyncNumber /\%(\k\|\.\)\@1<!\d\+\%(\.\d\+\)\=\%([eE][-+]\=\d\+\)\=\>/ contained
syntax keyword sfsyncConstant true false null contained
syntax match sfsyncWordOperator /\<\%(and\|or\|not\|in\|contains\|matches\|startsWith\|endsWith\)\>/ contained
syntax match sfsyncFunction /\<\l\k*\ze(/ contained
syntax match sfsyncNamespace /\%(\k\|\.\)\@1<!\%(record\|distribution\|vars\|answers\|response\|survey\|contact\|profile\|transaction\|event\)\>/ contained
syntax match sfsyncOperator /??\|?\.\|==\|!=\|<=\|>=\|\*\*\|[-+*\/%<>?!]/ contained
syntax match sfsyncOperator / \zs:\ze / contained
syntax cluster sfsyncExpression contains=sfsyncString,sfsyncNumber,sfsyncConstant,sfsyncWordOperator,sfsyncFunction,sfsyncNamespace,sfsyncOperator

" Clauses, which may follow an action on its line or begin one of their own.
syntax match sfsyncClause /\%(\k\|\.\)\@1<!\%(using\|where\|if\|set\)\>\%([.(]\)\@!/ contained nextgroup=sfsyncFieldText,sfsyncField skipwhite
syntax match sfsyncField /\<\a\k*\%(\.\a\k*\)\=\ze\s*==\@!/ contained
syntax region sfsyncFieldText matchgroup=sfsyncField start=/\%(^\s*\|\<set\s\+\|,\s*\)\@<=\a\k*\%(\.\a\k*\)\=\ze\s*:/ end=/$/ contained oneline contains=sfsyncEscape,sfsyncBraces
syntax match sfsyncEscape /{{/ contained
syntax region sfsyncBraces matchgroup=sfsyncDelimiter start=/{{\@!/ end=/}\|$/ contained oneline contains=@sfsyncExpression
syntax cluster sfsyncClauses contains=sfsyncClause,sfsyncField,sfsyncFieldText,@sfsyncExpression

" Lines. What a later rule matches at the same place wins, so the general one is first.
syntax region sfsyncLine start=/^\s*\S/ end=/$/ oneline keepend contains=@sfsyncClauses
syntax match sfsyncComment /^\s*#.*$/ contains=sfsyncTodo,@Spell
syntax keyword sfsyncTodo TODO FIXME XXX contained
syntax region sfsyncTitle matchgroup=sfsyncDeclaration start=/^\s*\%(rule\|test\)\>/ end=/$/ oneline
syntax region sfsyncConnection matchgroup=sfsyncDeclaration start=/^\s*connection\>/ end=/$/ oneline
syntax region sfsyncStatuses matchgroup=sfsyncKeyword start=/^\s*\%(statuses\|when\)\>\%(\s*[=:.]\)\@!/ end=/$/ oneline contains=sfsyncComma
syntax match sfsyncComma /,/ contained
syntax match sfsyncKeyword /^\s*otherwise\s*$/
syntax region sfsyncTrigger matchgroup=sfsyncKeyword start=/^\s*on\>/ end=/$/ oneline keepend contains=sfsyncTriggerKind,sfsyncObject,sfsyncGuard
syntax match sfsyncTriggerKind /\<outbound\s\+message\>\|\<survey\s\+response\>/ contained nextgroup=sfsyncObject skipwhite
syntax match sfsyncObject /\%(\<message\s\+\)\@<=\a\k*/ contained
syntax region sfsyncGuard matchgroup=sfsyncKeyword start=/\<if\>/ end=/$/ contained oneline contains=@sfsyncExpression
syntax region sfsyncLet matchgroup=sfsyncDeclaration start=/^\s*let\>/ end=/$/ oneline contains=@sfsyncExpression
syntax region sfsyncAction matchgroup=sfsyncActionWord start=/^\s*\%(create\|update\|upsert\)\>\%(\s*[=:.]\)\@!/ end=/$/ oneline keepend contains=sfsyncActionObject,@sfsyncClauses
syntax match sfsyncActionObject /\%(\<\%(create\|update\|upsert\)\s\+\)\@<=\a\k*/ contained
syntax region sfsyncGiven matchgroup=sfsyncTestWord start=/^\s*given\>/ end=/$/ oneline
syntax region sfsyncWith matchgroup=sfsyncTestWord start=/^\s*with\>\%(\s*[=:]\)\@!/ end=/$/ oneline contains=@sfsyncExpression
syntax region sfsyncExpect matchgroup=sfsyncTestWord start=/^\s*expect\>/ end=/$/ oneline keepend contains=sfsyncExpected,sfsyncExpectedAction,sfsyncActionObject,@sfsyncClauses
syntax match sfsyncExpected /\<\%(nothing\%(\s\+else\)\=\|skipped\|failed\)\>/ contained
syntax match sfsyncExpectedAction /\<\%(create\|update\|upsert\)\>/ contained

highlight default link sfsyncComment Comment
highlight default link sfsyncTodo Todo
highlight default link sfsyncDeclaration Statement
highlight default link sfsyncTitle Function
highlight default link sfsyncConnection Identifier
highlight default link sfsyncKeyword Conditional
highlight default link sfsyncClause Conditional
highlight default link sfsyncStatuses Constant
highlight default link sfsyncComma Delimiter
highlight default link sfsyncTrigger String
highlight default link sfsyncTriggerKind StorageClass
highlight default link sfsyncActionWord Statement
highlight default link sfsyncActionObject Type
highlight default link sfsyncObject Type
highlight default link sfsyncField Identifier
highlight default link sfsyncFieldText String
highlight default link sfsyncEscape SpecialChar
highlight default link sfsyncDelimiter Delimiter
highlight default link sfsyncString String
highlight default link sfsyncNumber Number
highlight default link sfsyncConstant Constant
highlight default link sfsyncWordOperator Operator
highlight default link sfsyncOperator Operator
highlight default link sfsyncFunction Function
highlight default link sfsyncNamespace Special
highlight default link sfsyncTestWord PreProc
highlight default link sfsyncGiven String
highlight default link sfsyncExpected Constant
highlight default link sfsyncExpectedAction Statement

let b:current_syntax = 'sfsync'
