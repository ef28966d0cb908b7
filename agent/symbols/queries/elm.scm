(type_alias_declaration name: (upper_case_identifier) @type)
(type_declaration name: (upper_case_identifier) @type)
(function_declaration_left . (lower_case_identifier) @function)
[(lower_case_identifier) (upper_case_identifier)] @reference
