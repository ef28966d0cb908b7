(data name: (type) @type)
(newtype name: (type) @type)
(signature name: (variable) @function)
[(variable) (type) (constructor)] @reference
