(function_declaration name: (identifier) @function)
(function_declaration name: (dot_index_expression field: (identifier) @function))
(function_declaration name: (method_index_expression method: (identifier) @method))
(assignment_statement
  (variable_list name: (dot_index_expression field: (identifier) @function))
  (expression_list value: (function_definition)))
(identifier) @reference
