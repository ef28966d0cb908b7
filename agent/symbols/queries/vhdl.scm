(entity_declaration name: (identifier) @class)
(architecture_body name: (identifier) @module)
[(identifier) (simple_name)] @reference
