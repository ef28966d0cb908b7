(class_declaration (type_identifier) @class)
(object_declaration (type_identifier) @class)
(function_declaration (simple_identifier) @function)
(type_alias (type_identifier) @type)
(source_file (property_declaration (variable_declaration (simple_identifier) @constant)))
[(simple_identifier) (type_identifier)] @reference
