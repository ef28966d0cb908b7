(list_lit . (sym_lit) @_def . (sym_lit (sym_name) @function)
  (#any-of? @_def "defn" "defn-" "defmacro" "defmulti" "defmethod"))
(list_lit . (sym_lit) @_def . (sym_lit (sym_name) @constant) (#any-of? @_def "def" "defonce"))
(list_lit . (sym_lit) @_def . (sym_lit (sym_name) @class) (#any-of? @_def "defrecord" "defprotocol" "deftype"))
(sym_name) @reference
