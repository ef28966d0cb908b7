(list . (symbol) @_def . (list . (symbol) @function) (#any-of? @_def "define" "define-syntax-rule" "define/contract"))
(list . (symbol) @_def . (symbol) @constant (#eq? @_def "define"))
(list . (symbol) @_def . (symbol) @struct (#eq? @_def "struct"))
(symbol) @reference
