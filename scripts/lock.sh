#!/usr/bin/env bash
# Resolves pyproject.toml into requirements.lock: exact versions and hashes, no registry host.
# The project is `managed = false` for uv (so that `uv run` takes .venv as it is), hence the copy without that line.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/.cache/lock
mkdir -p "$work"
# The repository's own distributions are installed from their folders (scripts/setup.sh): they are no part of the lock.
sed -e '/^managed = false$/d' -e "s|path = \"|path = \"$root/|" pyproject.toml >"$work/pyproject.toml"
groups=()
for group in $(sed -n '/^\[dependency-groups\]/,/^\[/s/^\([a-z]*\) = .*/\1/p' pyproject.toml); do groups+=(--group "$group"); done
cd "$work"
"$root/.cache/uv/bin/uv" pip compile pyproject.toml "${groups[@]}" --universal --python-version 3.11 \
  --generate-hashes --no-annotate --no-header --no-emit-package ethwire --quiet --output-file "$root/requirements.lock" "$@"
grep -c == "$root/requirements.lock" | sed 's/$/ packages locked/'
