(function_statement (function_name) @function)
(class_statement . (simple_name) @class)
(class_method_definition (simple_name) @method)
[(command_name) (type_identifier) (member_name)] @reference
