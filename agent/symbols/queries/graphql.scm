(object_type_definition (name) @type)
(interface_type_definition (name) @interface)
(enum_type_definition (name) @enum)
(input_object_type_definition (name) @type)
(scalar_type_definition (name) @type)
(union_type_definition (name) @type)
(operation_definition (name) @function)
(fragment_definition (fragment_name (name) @type))
(name) @reference
