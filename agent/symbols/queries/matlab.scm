(class_definition name: (identifier) @class)
(function_definition name: (identifier) @function)
(identifier) @reference
