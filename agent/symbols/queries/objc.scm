(class_interface . (identifier) @class)
(class_implementation . (identifier) @class)
(protocol_declaration . (identifier) @interface)
(method_declaration (identifier) @method)
(method_definition (identifier) @method)
(function_declarator declarator: (identifier) @function)
(struct_specifier name: (type_identifier) @struct body: (_))
[(identifier) (type_identifier) (field_identifier)] @reference
