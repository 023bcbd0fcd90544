" Asks of single characters which group colours them:
"   nvim --headless -u NONE -S test/syntax.vim
" It runs in this folder's parent, prints what is wrong, and ends with status 1 then.
let s:root = expand('<sfile>:p:h:h')
let &runtimepath = s:root . ',' . &runtimepath
filetype plugin on
syntax on

let s:lines = [
  \ '# a comment',
  \ 'connection production',
  \ 'statuses Soft Bounce, Hard Bounce',
  \ 'rule Answers: what when, and if',
  \ 'on outbound message Case if record.Origin != "Web"',
  \ 'on survey response post-purchase-nps',
  \ 'let score = number(answers.nps ?? 0)',
  \ 'when Responded, Partially Responded',
  \ '  update Contact using sandbox where Id = profile.sf_id if score <= 6 set Title = "a", Note__c: b, c',
  \ '    set Subject: Low score from {contact.first_name}: {{please}, call',
  \ '        Account__r.Crm_Key__c = profile.crm_key',
  \ 'otherwise',
  \ 'test A detractor opens a case',
  \ 'given events/responded.json',
  \ 'with answers.nps = 3',
  \ 'expect update Contact where Id = "0035g00000AbCdEAAV"',
  \ 'expect nothing else',
  \ ]
let s:expected = [
  \ [1, 'a comment', 'sfsyncComment'],
  \ [2, 'connection', 'sfsyncDeclaration'],
  \ [2, 'production', 'sfsyncConnection'],
  \ [3, 'statuses', 'sfsyncKeyword'],
  \ [3, 'Soft', 'sfsyncStatuses'],
  \ [3, ',', 'sfsyncComma'],
  \ [4, 'rule', 'sfsyncDeclaration'],
  \ [4, 'when', 'sfsyncTitle'],
  \ [4, 'if', 'sfsyncTitle'],
  \ [5, 'on', 'sfsyncKeyword'],
  \ [5, 'outbound', 'sfsyncTriggerKind'],
  \ [5, 'Case', 'sfsyncObject'],
  \ [5, 'if', 'sfsyncKeyword'],
  \ [5, 'record', 'sfsyncNamespace'],
  \ [5, '!=', 'sfsyncOperator'],
  \ [5, '"Web"', 'sfsyncString'],
  \ [6, 'survey response', 'sfsyncTriggerKind'],
  \ [6, 'post-purchase', 'sfsyncTrigger'],
  \ [7, 'let', 'sfsyncDeclaration'],
  \ [7, 'number', 'sfsyncFunction'],
  \ [7, '??', 'sfsyncOperator'],
  \ [7, '0', 'sfsyncNumber'],
  \ [8, 'Partially', 'sfsyncStatuses'],
  \ [9, 'update', 'sfsyncActionWord'],
  \ [9, 'Contact', 'sfsyncActionObject'],
  \ [9, 'using', 'sfsyncClause'],
  \ [9, 'where', 'sfsyncClause'],
  \ [9, 'Id', 'sfsyncField'],
  \ [9, 'profile', 'sfsyncNamespace'],
  \ [9, 'if', 'sfsyncClause'],
  \ [9, 'Title', 'sfsyncField'],
  \ [9, 'Note__c', 'sfsyncField'],
  \ [9, ', c', 'sfsyncFieldText'],
  \ [10, 'set', 'sfsyncClause'],
  \ [10, 'Subject', 'sfsyncField'],
  \ [10, 'Low', 'sfsyncFieldText'],
  \ [10, 'contact', 'sfsyncNamespace'],
  \ [10, '{{', 'sfsyncEscape'],
  \ [10, 'call', 'sfsyncFieldText'],
  \ [11, 'Account__r', 'sfsyncField'],
  \ [11, 'profile', 'sfsyncNamespace'],
  \ [12, 'otherwise', 'sfsyncKeyword'],
  \ [13, 'test', 'sfsyncDeclaration'],
  \ [13, 'opens', 'sfsyncTitle'],
  \ [14, 'given', 'sfsyncTestWord'],
  \ [14, 'events', 'sfsyncGiven'],
  \ [15, 'with', 'sfsyncTestWord'],
  \ [15, 'answers', 'sfsyncNamespace'],
  \ [16, 'expect', 'sfsyncTestWord'],
  \ [16, 'update', 'sfsyncExpectedAction'],
  \ [16, 'Contact', 'sfsyncActionObject'],
  \ [16, '"0035', 'sfsyncString'],
  \ [17, 'nothing', 'sfsyncExpected'],
  \ ]

edit rules.sfsync
call setline(1, s:lines)
syntax sync fromstart
let s:wrong = &filetype ==# 'sfsync' ? [] : ['the filetype is ' . &filetype]
for [s:line, s:text, s:group] in s:expected
  let s:column = stridx(getline(s:line), s:text) + 1
  let s:is = synIDattr(synID(s:line, s:column, 1), 'name')
  if s:is !=# s:group
    call add(s:wrong, printf('line %d, %s: %s, not %s', s:line, s:text, s:is, s:group))
  endif
endfor
for s:line in s:wrong
  call writefile([s:line], '/dev/stdout', 'a')
endfor
execute empty(s:wrong) ? 'qall!' : 'cquit!'
