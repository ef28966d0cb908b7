(module_definition name: (identifier) @module)
(struct_definition (type_head (identifier) @struct))
(abstract_definition (type_head (identifier) @type))
(function_definition (signature (call_expression . (identifier) @function)))
(macro_definition (signature (call_expression . (identifier) @macro)))
(assignment . (call_expression . (identifier) @function))
(identifier) @reference
