(struct_declaration . (identifier) @struct)
(enum_declaration . (identifier) @enum)
(procedure_declaration . (identifier) @function)
(identifier) @reference
