(moduleName (identifier) @module)
(declType name: (identifier) @type)
(declProc name: (identifier) @function)
(declProc name: (genericDot rhs: (identifier) @method))
(identifier) @reference
