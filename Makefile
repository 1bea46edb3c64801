# Every command that people and CI use. `make` alone prints this list.
SHELL := bash
.DEFAULT_GOAL := help
export UV_NATIVE_TLS := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH)
unexport VIRTUAL_ENV
unexport PYTHONPATH
unexport PYTHONHOME
unexport PYTHONDONTWRITEBYTECODE

SETUP := .cache/setup.stamp
WORKERS ?= 3
AREA ?= all

help: ## print this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(SETUP) ## install the locked tool chain into .venv and node_modules
$(SETUP): requirements.lock package-lock.json pyproject.toml scripts/setup.sh
	@bash scripts/setup.sh
	@touch $@

test: $(SETUP) ## every check that a change must pass but the commands of the pages
	@echo "test: starting $(WORKERS) workers; contracts that changed are compiled first"
	@ape test -n $(WORKERS) --dist loadgroup -m "not page"

pages: $(SETUP) ## every command of README and guides, run as printed
	@ape test tests/guides -n $(WORKERS) --dist loadgroup -m page

demo: $(SETUP) ## the whole story on a real local chain; FAST=1 shortens it
	@python -m examples.demo $(if $(FAST),--fast)

chain: $(SETUP) ## a local chain with everything deployed, kept until Ctrl-C
	@keifu chain

dapp: $(SETUP) ## build the page for token holders and data authors into out/dapp
	@node examples/dapp/build.mjs out/dapp

lint: $(SETUP) ## format and type checks, contract section order and size
	@bash scripts/lint.sh

format: $(SETUP) ## rewrite Python and Vyper in the house format
	@bash scripts/lint.sh --fix

abi: $(SETUP) ## write keifu/abi and packages/abi from the contracts
	@python -m scripts.packaged_abi
	@python -m scripts.npm_package

docs: $(SETUP) ## write the generated pages of docs/ and build the site into out/site
	@python -m scripts.docs

fuzz: $(SETUP) ## quick campaign over every contract
	@keifu fuzz --profile quick

fuzz-deep: $(SETUP) ## long campaign, forge's invariant runner and halmos
	@bash scripts/fuzz_deep.sh

soak: $(SETUP) ## a million files, a file of 60 GB, a node that lies ten thousand times; SECONDS=300: processes killed
ifeq ($(origin SECONDS),command line)
	@python -m scripts.soak_network --seconds $(SECONDS)
else
	@bash scripts/soak.sh
endif

state-tests: $(SETUP) ## the Ethereum project's state tests on the engine's EVM: DIR=folder of their JSON files
	@test -n "$(DIR)" || { echo "state-tests: name their folder: make state-tests DIR=…" >&2; exit 2; }
	@python -m evmstorm.conformance.state_tests "$(DIR)" --processes $(WORKERS)

bench: $(SETUP) ## measure beside the peers: all areas, or AREA=tge|staking|inft|provenance|accounts|fuzz|suite|events|explorer|sending|nodes|cli|compute|storage
	@python -m benchmarks --area $(AREA)

lock: $(SETUP) ## resolve pyproject.toml and package.json into their locks
	@bash scripts/lock.sh
	@npm install --package-lock-only --ignore-scripts --no-audit --no-fund

clean: ## remove everything that make created
	rm -rf .venv .cache .build node_modules out .hypothesis .mypy_cache .pytest_cache .ruff_cache

.PHONY: help setup test pages demo chain dapp lint format abi docs fuzz fuzz-deep soak state-tests bench lock clean
