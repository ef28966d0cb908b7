(procedure name: (simple_word) @function)
(command name: (simple_word) @reference)
