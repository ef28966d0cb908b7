(struct_declaration name: (identifier) @struct)
(function_declaration name: (identifier) @function)
(identifier) @reference
