(struct (type_identifier) @struct)
(enum (enum_identifier) @enum)
(interface (type_identifier) @interface)
(custom_type (type_identifier) @reference)
