(type_symbol_declaration name: (identifier) @type)
(type_symbol_declaration name: (exported_symbol (identifier) @type))
(proc_declaration name: [(identifier) (exported_symbol)] @function)
(func_declaration name: [(identifier) (exported_symbol)] @function)
(method_declaration name: [(identifier) (exported_symbol)] @method)
(template_declaration name: [(identifier) (exported_symbol)] @macro)
(macro_declaration name: [(identifier) (exported_symbol)] @macro)
(identifier) @reference
