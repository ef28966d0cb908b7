(class_declaration name: (identifier) @class)
(interface_declaration name: (identifier) @interface)
(annotation_type_declaration name: (identifier) @interface)
(enum_declaration name: (identifier) @enum)
(record_declaration name: (identifier) @class)
(constructor_declaration name: (identifier) @method)
(method_declaration name: (identifier) @method)
(field_declaration (modifiers "static") declarator: (variable_declarator name: (identifier) @constant))
[(identifier) (type_identifier)] @reference
