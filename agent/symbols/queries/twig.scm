(macro_statement (method) @function)
(variable) @reference
