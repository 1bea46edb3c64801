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

contracts() { find contracts -name '*.vy' -o -name '*.vyi' | sort; }

if [ "$fix" = --fix ]; then
  ruff format --quiet .
  ruff check --fix --quiet .
  contracts | xargs -r mamushi --quiet 2>/dev/null || contracts | xargs -r mamushi
  python -m keifu.evm.abi
fi
run "ruff format" ruff format --check --quiet .
run "ruff" ruff check --quiet .
run "mypy" mypy
[ -f scripts/check_contracts.py ] && run "contract rules" python scripts/check_contracts.py
run "packaged abi" python -m keifu.evm.abi --check
if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint: %s failed\n' "${failed[@]}" >&2
  exit 1
fi
