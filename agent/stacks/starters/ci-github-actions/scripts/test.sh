#!/bin/sh
# Runs the tests of what the repository holds. One kind of project is enough; without any there is nothing to prove.
set -eu

found=no

if [ -f package.json ]; then
  found=yes
  if [ -f package-lock.json ]; then npm ci; else npm install; fi
  npm test
fi

if [ -f pyproject.toml ] || [ -f requirements.txt ]; then
  found=yes
  python3 -m venv .venv
  for file in requirements.txt requirements-dev.txt; do
    if [ -f "$file" ]; then .venv/bin/pip install -r "$file"; fi
  done
  if [ -f pyproject.toml ] && grep -q '^\[project\]' pyproject.toml; then .venv/bin/pip install -e .; fi
  .venv/bin/pip install pytest
  .venv/bin/python -m pytest
fi

if [ -f composer.json ]; then
  found=yes
  composer install --no-interaction --no-progress
  vendor/bin/phpunit
fi

if [ -n "$(find . -maxdepth 2 \( -name '*.sln' -o -name '*.slnx' \) -print -quit)" ]; then
  found=yes
  dotnet test
fi

if [ "$found" = no ]; then
  echo "No package.json, pyproject.toml, requirements.txt, composer.json or solution: nothing to test yet."
fi
