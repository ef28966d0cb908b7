(struct_definition type: (identifier) @struct)
(enum_definition . "enum" . (identifier) @enum)
(service_definition . "service" . (identifier) @interface)
(function_definition (identifier) @method)
(identifier) @reference
