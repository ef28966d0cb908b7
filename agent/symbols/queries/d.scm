(class_declaration (identifier) @class)
(struct_declaration (identifier) @struct)
(interface_declaration (identifier) @interface)
(enum_declaration (identifier) @enum)
(function_declaration (identifier) @function)
(identifier) @reference
