#!/usr/bin/env bash
# Format, lint, types, contract rules and drift of generated files. `--fix` rewrites what a formatter can.
set -uo pipefail
cd "$(dirname "$0")/.."
fix=${1:-}
failed=()
run() {
  local name=$1
  shift
  if "$@"; then echo "lint: $name ok"; else failed+=("$name"); fi
}

COLUMNS_OF_VYPER=120
contracts() { find contracts engine/tests/project/contracts -name '*.vy' -o -name '*.vyi' | sort; }
# The verifier of bundles as the explorer serves it, in one file.
browser_verifier() { node packages/verify/bundle.mjs; }
browser_verifier_check() { browser_verifier | cmp - keifu/explorer/static/verify.js; }
mamushi_check() { contracts | xargs mamushi --quiet --line-length "$COLUMNS_OF_VYPER" "$@"; }

if [ "$fix" = --fix ]; then
  ruff format --quiet .
  ruff check --fix --quiet .
  mamushi_check
  python -m scripts.packaged_abi
  python -m scripts.npm_package
  browser_verifier >keifu/explorer/static/verify.js
fi
run "ruff format" ruff format --check --quiet .
run "ruff" ruff check --quiet .
run "mypy" mypy
run "mamushi" mamushi_check --check
run "natrix" python -m scripts.check_natrix
run "imports" python scripts/check_imports.py
run "contract rules" python scripts/check_contracts.py
run "packaged abi" python -m scripts.packaged_abi --check
run "npm package" python -m scripts.npm_package --check
run "browser verifier" browser_verifier_check
run "generated pages" python -m scripts.docs --check
if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint: %s failed\n' "${failed[@]}" >&2
  exit 1
fi
