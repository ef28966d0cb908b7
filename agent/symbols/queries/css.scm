(class_selector (class_name (identifier) @class))
(id_selector (id_name) @id)
(keyframes_name) @keyframes
