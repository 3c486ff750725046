" The syntax of specs of bpgen, written by `python -m bpgen.editor vim`.
if exists('b:current_syntax')
  finish
endif

syntax match bpgenFunction ;\<\h\w*\ze'\?\s*(;
syntax match bpgenSpecial ;\<\%(t\|T\|all\)\>;
syntax match bpgenConstant ;\<\%(None\)\>;
syntax match bpgenIdentifier ;\<\%(over\|axis\)\>\ze\s*=;
syntax match bpgenOperator ;[-+*/%@=<>!~']\|\.T\>;
syntax match bpgenOperator ;\<\%(not\|and\|or\)\>;
syntax match bpgenNumber ;\%(\<\d\+\%(\.\d*\)\?\|\.\d\+\)\%([eE][+-]\?\d\+\)\?;
syntax match bpgenType ;\%()\s*\|\<\%(real\|int\|bool\|simplex\|symmetric\|frozen\)\>\s\+\)\@<=\<\%(real\|int\|bool\|simplex\|symmetric\|frozen\)\>;
syntax match bpgenFunction ;\%(\~\s*\)\@<=\<\%(zeros\|ones\|constant\|normal\|uniform\|glorot\|he\|orthogonal\|identity\)\>;
syntax match bpgenStatement ;\<\%(with\)\>\ze\s\+\h\w*\s*=;
syntax match bpgenStatement ;\%(^\s*claim\s\+\)\@<=\<\%(grad\|jacobian\)\>;
syntax match bpgenStatement ;\%(^\s*claim\>[^=]*\s\)\@<=\<\%(of\|at\|from\|wrt\)\>;
syntax match bpgenConstant ;\%(^\s*time\s\+\)\@<=\<\%(first\|second\|last\)\>;
syntax match bpgenStatement ;^\s*\<\%(cell\|about\|dim\|input\|param\|state\|const\|output\|loss\|fn\|op\|claim\|time\)\>;
syntax match bpgenStorageClass ;^\s*\<\%(input\|param\|state\)\>;
syntax match bpgenString ;"[^"]*";
syntax match bpgenComment ;#.*;

highlight default link bpgenComment Comment
highlight default link bpgenConstant Constant
highlight default link bpgenFunction Function
highlight default link bpgenIdentifier Identifier
highlight default link bpgenNumber Number
highlight default link bpgenOperator Operator
highlight default link bpgenSpecial Special
highlight default link bpgenStatement Statement
highlight default link bpgenStorageClass StorageClass
highlight default link bpgenString String
highlight default link bpgenType Type

let b:current_syntax = 'bpgen'
