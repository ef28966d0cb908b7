(actor_definition (identifier) @class)
(class_definition (identifier) @class)
(trait_definition (identifier) @interface)
(method (identifier) @method)
(identifier) @reference
