(class_definition name: (identifier) @class)
(function_definition name: (identifier) @function)
(module (assignment left: (identifier) @constant))
(module (expression_statement (assignment left: (identifier) @constant)))
(identifier) @reference
