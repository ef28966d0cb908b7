(module_header (simple_identifier) @module)
(module_instantiation (simple_identifier) @reference)
