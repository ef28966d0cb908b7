(call target: (identifier) @_module (arguments . (alias) @module) (#any-of? @_module "defmodule" "defprotocol" "defimpl"))
(call target: (identifier) @_def (arguments . (call target: (identifier) @function))
  (#any-of? @_def "def" "defp" "defmacro" "defmacrop" "defguard" "defdelegate"))
(call target: (identifier) @_def (arguments . (identifier) @function) (#any-of? @_def "def" "defp" "defmacro"))
[(identifier) (alias)] @reference
