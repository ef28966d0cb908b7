(module_binding (module_name) @module)
(module_type_definition (module_type_name) @module)
(type_binding name: (type_constructor) @type)
(value_definition (let_binding pattern: (value_name) @function))
(class_binding (class_name) @class)
[(value_name) (module_name) (type_constructor)] @reference
