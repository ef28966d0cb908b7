(defun_header function_name: (sym_lit) @function)
(list_lit . (sym_lit) @_def . (sym_lit) @class (#any-of? @_def "defclass" "defstruct" "define-condition"))
(list_lit . (sym_lit) @_def . (sym_lit) @constant (#any-of? @_def "defvar" "defparameter" "defconstant"))
(sym_lit) @reference
