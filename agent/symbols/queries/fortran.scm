(module_statement (name) @module)
(subroutine_statement name: (name) @function)
(function_statement name: (name) @function)
(program_statement (name) @module)
(derived_type_statement (type_name) @type)
[(identifier) (name)] @reference
