(function_definition name: (word) @function)
(command name: (word) @reference)
