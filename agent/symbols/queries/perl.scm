(package_statement name: (package) @module)
(subroutine_declaration_statement name: (bareword) @function)
[(function) (method) (package) (bareword)] @reference
