(class_name_statement name: (name) @class)
(class_definition name: (name) @class)
(const_statement name: (name) @constant)
(signal_statement name: (name) @event)
(function_definition name: (name) @function)
[(identifier) (name)] @reference
