#!/usr/bin/env bash
# The long search: deep campaigns, then the second engines of formal/. Exit status 0 when nobody found anything,
# 1 with a finding, 3 when an engine could not run. What happened stands in out/fuzz-deep/summary.txt.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
out=out/fuzz-deep
mkdir -p "$out"
: >"$out/summary.txt"
status=0

note() { echo "fuzz-deep: $*" | tee -a "$out/summary.txt"; }

# An engine's exit status: 0 nothing found, 1 found something, anything else could not run.
run() {
  local name=$1 began=$SECONDS code=0
  shift
  note "$name: started"
  "$@" 2>&1 | tee "$out/$name.log"
  code=${PIPESTATUS[0]}
  note "$name: exit $code after $((SECONDS - began)) s"
  if [ "$code" -gt "$status" ]; then status=$code; fi
}

if keifu --help | grep -q '^ *fuzz '; then run campaigns keifu fuzz --profile deep; else note "campaigns: not there yet"; fi
exit "$status"
