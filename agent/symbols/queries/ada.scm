(package_declaration name: (identifier) @module)
(package_body name: (identifier) @module)
(procedure_specification name: (identifier) @function)
(function_specification name: (identifier) @function)
(full_type_declaration (identifier) @type)
(identifier) @reference
