(struct_declaration name: (type_identifier) @struct)
(enum_declaration name: (type_identifier) @enum)
(interface_declaration name: (type_identifier) @interface)
(function_declaration name: (identifier) @function)
[(identifier) (type_identifier)] @reference
