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
contracts() { find contracts -name '*.vy' -o -name '*.vyi' | sort; }
mamushi_check() { contracts | xargs mamushi --quiet --line-length "$COLUMNS_OF_VYPER" "$@"; }

# Rules of natrix that are wrong for 0.4.3 or for this code:
# 1 frame size (init code and batches are that large); 2 and 11 names (ERCs spell theirs); 4 and 5 want `view` or `pure`
# on functions with extcall or block.timestamp; 9 exports (the timelock is snekmate's, whole); 10 unused argument (a
# line of the list can be passed as it is).
# A module that borrows the state of another compiles only inside its contract: staking/lib and anchors are left out.
natrix_check() {
  # shellcheck disable=SC2046 # paths of ours hold no spaces
  natrix lint $(contracts | grep -v -e /staking/lib/ -e /lib/anchors.vy) --disable NTX1 NTX2 NTX4 NTX5 NTX9 NTX10 NTX11
}

if [ "$fix" = --fix ]; then
  ruff format --quiet .
  ruff check --fix --quiet .
  mamushi_check
  python -m keifu.evm.abi
fi
run "ruff format" ruff format --check --quiet .
run "ruff" ruff check --quiet .
run "mypy" mypy
run "mamushi" mamushi_check --check
run "natrix" natrix_check
run "contract rules" python scripts/check_contracts.py
run "packaged abi" python -m keifu.evm.abi --check
if [ ${#failed[@]} -gt 0 ]; then
  printf 'lint: %s failed\n' "${failed[@]}" >&2
  exit 1
fi
