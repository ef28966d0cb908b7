(class_definition name: (identifier) @class)
(trait_definition name: (identifier) @interface)
(object_definition name: (identifier) @class)
(function_definition name: (identifier) @function)
(function_declaration name: (identifier) @function)
(template_body (val_definition pattern: (identifier) @constant))
[(identifier) (type_identifier)] @reference
