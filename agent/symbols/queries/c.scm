(preproc_def name: (identifier) @constant)
(preproc_function_def name: (identifier) @function)
(struct_specifier name: (type_identifier) @struct body: (_))
(union_specifier name: (type_identifier) @struct body: (_))
(enum_specifier name: (type_identifier) @enum body: (_))
(type_definition declarator: (type_identifier) @type)
(function_declarator declarator: (identifier) @function)
[(identifier) (type_identifier) (field_identifier)] @reference
