(type_definition name: (identifier) @type)
(function_declaration name: (identifier) @function)
(identifier) @reference
