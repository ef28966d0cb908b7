(function_definition name: (word) @function)
(command_name (word) @reference)
