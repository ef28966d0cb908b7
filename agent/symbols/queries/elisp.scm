(function_definition name: (symbol) @function)
(macro_definition name: (symbol) @macro)
(special_form . ["defvar" "defconst"] . (symbol) @constant)
(symbol) @reference
