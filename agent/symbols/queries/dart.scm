(class_definition name: (identifier) @class)
(mixin_declaration (identifier) @class)
(enum_declaration name: (identifier) @enum)
(extension_declaration name: (identifier) @class)
(function_signature name: (identifier) @function)
(getter_signature name: (identifier) @function)
[(identifier) (type_identifier)] @reference
