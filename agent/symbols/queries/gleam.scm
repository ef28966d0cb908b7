(type_name name: (type_identifier) @type)
(function name: (identifier) @function)
(constant name: (identifier) @constant)
[(identifier) (type_identifier) (constructor_name)] @reference
