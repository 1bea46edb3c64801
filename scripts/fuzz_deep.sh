#!/usr/bin/env bash
# The long search: deep campaigns, then the second engines of audit/second_engines/. Exit status 0 when nobody found anything,
# 1 with a finding, else that of an engine that could not run. What happened stands in out/fuzz-deep/summary.txt.
# SECONDS_EACH is the time for each of forge's suites, PROFILE the campaigns' profile.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"
out=out/fuzz-deep
seconds_each=${SECONDS_EACH:-300}
seed=${SEED:-1}
profile=${PROFILE:-deep}
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
  tail -n 40 "$out/$name.log" >>"$out/summary.txt"
  note "$name: exit $code after $((SECONDS - began)) s"
  # A finding outweighs an engine that could not run.
  if [ "$code" -eq 1 ] || [ "$status" -eq 0 ]; then status=$code; fi
}

note "commit $(git rev-parse --short HEAD 2>/dev/null || echo unknown), seed $seed"
run campaigns keifu fuzz --profile "$profile" --seed "$seed"
run seeded keifu fuzz --seeded-bugs --seed "$seed"
run coverage keifu coverage --corpus .cache/fuzz/corpus
run machines python -m evmstorm.conformance.machines --programs "${PROGRAMS:-100000}" --seed "$seed"
run sanitised python -m evmstorm.conformance.machines --sanitised --programs "${SANITISED:-5000}" --seed "$seed"
run specification python -m evmstorm.conformance.specification --programs "${SPECIFIED:-5000}" --seed "$seed"
run bundles python -m tests.conformance.mutate --bundles "${BUNDLES:-100000}" --seed "$seed"
run answers python -m tests.changed_answers --runs "${ANSWERS:-10000}" --seed "$seed"
run sendings python -m tests.changed_sendings --runs "${ANSWERS:-10000}" --seed "$seed"
KEIFU_PROFILE=deep run deep ape test -q tests/unit/chain/sender/test_killed.py tests/unit/audit/test_recompile.py \
  tests/integration/compute/test_killed_money.py tests/integration/payments/test_killed_relayer.py \
  tests/unit/audit/test_staking_survivors.py tests/unit/audit/test_constructors.py \
  tests/unit/audit/test_forge_mirror.py tests/unit/audit/test_coverage_flow.py tests/property/audit/test_machines.py tests/integration/tge/test_scripts.py \
  tests/unit/provenance/test_bundle_typescript.py tests/integration/core/test_deploy_twice.py \
  tests/property/audit/test_heartbeats.py tests/property/audit/test_seeded_oracles.py tests/property/inft/test_campaigns.py \
  tests/property/compute/test_campaigns.py tests/property/payments/test_campaigns.py \
  tests/integration/compute/market/test_killed.py tests/integration/compute/disputes/test_killed.py \
  tests/integration/compute/disputes/test_smollm2.py tests/integration/compute/disputes/test_minilm.py \
  tests/unit/inference_verifier tests/unit/inference_disputes tests/property/compute/test_dispute_campaigns.py \
  tests/property/storage/test_worlds.py tests/unit/storage_market/test_walk.py \
  tests/integration/storage/test_deep_faults.py tests/integration/storage/test_repair.py
run forge python -m audit.second_engines.forge --seconds "$seconds_each" --seed "$seed"
run halmos python -m audit.second_engines.prove
note "exit $status"
exit "$status"
