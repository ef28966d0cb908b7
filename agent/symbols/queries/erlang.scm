(module_attribute name: (atom) @module)
(record_decl name: (atom) @struct)
(fun_decl clause: (function_clause name: (atom) @function))
(atom) @reference
