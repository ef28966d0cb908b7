(struct_specifier name: (type_identifier) @struct body: (_))
(function_declarator declarator: (identifier) @function)
[(identifier) (type_identifier)] @reference
