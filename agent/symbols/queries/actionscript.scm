(class_declaration name: (identifier) @class)
(interface_declaration name: (identifier) @interface)
(function_declaration name: (identifier) @function)
(identifier) @reference
