#!/bin/sh
# Brings a change of .env, of this tree or of MGX_TAG to the running containers of ours, one after the other: one process of web always
# answers, servers of others keep running, and a worker hands its runs over before it stops. Migrations come first; they are such
# that the processes of the last release go on beside them.
#
#   deploy/upgrade.sh            with the image that there is (MGX_TAG)
#   deploy/upgrade.sh --build    builds it first
set -eu
cd "$(dirname "$0")/.."

case ${1:-} in
  "") ;;
  --build) docker compose build secrets ;;
  *) echo "usage: deploy/upgrade.sh [--build]" >&2; exit 2 ;;
esac

docker compose run --rm --no-deps secrets
docker compose run --rm --no-deps migrate
for service in web web-b worker; do
  count=$(docker compose ps --quiet "$service" | wc -l)
  [ "$count" -gt 0 ] || count=1
  docker compose up -d --no-deps --no-build --wait --scale "$service=$count" "$service"
done
# with its profile only where a relay runs: elsewhere the profile's network and volume would be made
count=$(docker compose --profile kafka ps --quiet relay | wc -l)
[ "$count" -eq 0 ] || docker compose --profile kafka up -d --no-deps --no-build --wait --scale "relay=$count" relay
docker compose up -d --no-deps --no-build --no-recreate proxy
