(class_declaration name: (identifier) @class)
(class name: (identifier) @class)
(function_declaration name: (identifier) @function)
(generator_function_declaration name: (identifier) @function)
(method_definition name: (property_identifier) @method)
(field_definition property: (property_identifier) @method value: [(arrow_function) (function_expression)])
(program (lexical_declaration (variable_declarator name: (identifier) @constant)))
(program (variable_declaration (variable_declarator name: (identifier) @constant)))
(program (export_statement (lexical_declaration (variable_declarator name: (identifier) @constant))))
(assignment_expression
  left: (member_expression property: (property_identifier) @function) right: [(arrow_function) (function_expression)])
(pair key: (property_identifier) @function value: [(arrow_function) (function_expression)])
[(identifier) (property_identifier)] @reference
