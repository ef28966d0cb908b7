#!/bin/sh
# Runs a command with the secrets of the volume in its environment: each file of $MGX_SECRETS_DIR that is named like a variable
# becomes that variable, unless the environment has a value for it already.
set -eu

for file in "${MGX_SECRETS_DIR:-/secrets}"/*; do
  name=${file##*/}
  case $name in *[!A-Z0-9_]*) continue ;; esac
  [ -r "$file" ] || continue
  eval "value=\${$name:-}"
  [ -n "$value" ] || export "$name=$(cat "$file")"
done
unset file name value

exec "$@"
