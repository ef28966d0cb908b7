(function_declaration name: [(identifier) (scoped_identifier)] @function)
(call_expression function: [(identifier) (scoped_identifier)] @reference)
