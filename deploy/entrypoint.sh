#!/bin/sh
# Runs a command with the secrets of the volume in its environment: each file of $MGX_SECRETS_DIR that is named like a variable
# becomes that variable. The file wins over .env, whose values make_secrets.py has taken or refused.
set -eu

for file in "${MGX_SECRETS_DIR:-/secrets}"/*; do
  name=${file##*/}
  case $name in *[!A-Z0-9_]*) continue ;; esac
  [ -r "$file" ] || continue
  export "$name=$(cat "$file")"
done
unset file name

exec "$@"
