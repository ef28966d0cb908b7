(function_command (argument_list . (argument (unquoted_argument) @function)))
(macro_command (argument_list . (argument (unquoted_argument) @macro)))
(normal_command (identifier) @reference)
