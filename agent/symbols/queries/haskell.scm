(data_type name: (name) @type)
(newtype name: (name) @type)
(type_synomym name: (name) @type)
(class name: (name) @class)
(declarations (signature name: (variable) @function))
(class_declarations (signature name: (variable) @function))
(declarations (function name: (variable) @function))
[(name) (variable) (constructor)] @reference
