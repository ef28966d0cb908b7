(binary_operator lhs: (identifier) @function rhs: (function_definition))
(identifier) @reference
