(parameter_declaration . (identifier) @variable)
(resource_declaration . (identifier) @resource)
(module_declaration . (identifier) @module)
(identifier) @reference
