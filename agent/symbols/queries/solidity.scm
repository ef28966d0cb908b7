(contract_declaration name: (identifier) @class)
(interface_declaration name: (identifier) @interface)
(library_declaration name: (identifier) @module)
(struct_declaration name: (identifier) @struct)
(enum_declaration name: (identifier) @enum)
(event_definition name: (identifier) @event)
(modifier_definition name: (identifier) @function)
(function_definition name: (identifier) @function)
(identifier) @reference
