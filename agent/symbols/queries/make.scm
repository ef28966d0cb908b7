(variable_assignment name: (word) @constant)
(rule (targets (word) @target))
[(prerequisites (word) @reference) (variable_reference (word) @reference)]
