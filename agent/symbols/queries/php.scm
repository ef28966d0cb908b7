(class_declaration name: (name) @class)
(interface_declaration name: (name) @interface)
(trait_declaration name: (name) @class)
(enum_declaration name: (name) @enum)
(const_element . (name) @constant)
(function_definition name: (name) @function)
(method_declaration name: (name) @method)
(name) @reference
