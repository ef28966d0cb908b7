(module name: (constant) @module)
(class name: (constant) @class)
(class name: (scope_resolution name: (constant) @class))
(method name: (_) @method)
(singleton_method name: (_) @method)
(assignment left: (constant) @constant)
[(identifier) (constant)] @reference
