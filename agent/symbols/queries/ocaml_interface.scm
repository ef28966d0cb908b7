(module_type_definition (module_type_name) @module)
(type_binding name: (type_constructor) @type)
(value_specification (value_name) @function)
[(value_name) (module_name) (type_constructor)] @reference
