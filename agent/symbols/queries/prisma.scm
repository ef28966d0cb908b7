(model_block . (identifier) @type)
(enum_block . (identifier) @enum)
(non_null_type (identifier) @reference)
