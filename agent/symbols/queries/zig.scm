(source_file (Decl (VarDecl variable_type_function: (IDENTIFIER) @constant)))
(FnProto function: (IDENTIFIER) @function)
(IDENTIFIER) @reference
