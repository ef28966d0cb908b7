(class_declaration name: [(type_identifier) (user_type (type_identifier))] @class)
(protocol_declaration name: (type_identifier) @interface)
(function_declaration name: (simple_identifier) @function)
(protocol_function_declaration name: (simple_identifier) @function)
(typealias_declaration name: (type_identifier) @type)
[(simple_identifier) (type_identifier)] @reference
