(command (unit (identifier) @_def) (block . (unit (identifier) @class)) (#any-of? @_def "class" "interface" "trait" "enum"))
(command (unit (identifier) @_def) (block . (unit (func . (identifier) @function))) (#any-of? @_def "def" "void"))
(identifier) @reference
