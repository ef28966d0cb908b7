(binding attrpath: (attrpath attr: (identifier) @function .) expression: (function_expression))
(variable_expression name: (identifier) @reference)
