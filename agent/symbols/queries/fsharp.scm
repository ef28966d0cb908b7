(type_name type_name: (identifier) @type)
(function_declaration_left . (identifier) @function)
(identifier) @reference
