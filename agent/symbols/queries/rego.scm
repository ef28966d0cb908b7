(rule_head . (var) @function)
(fn_name (var) @reference)
