(list . (symbol) @_def . (list . (symbol) @function) (#any-of? @_def "define" "define-syntax-rule"))
(list . (symbol) @_def . (symbol) @constant (#any-of? @_def "define" "define-syntax" "define-record-type"))
(symbol) @reference
