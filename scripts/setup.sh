#!/usr/bin/env bash
# Brings a fresh clone to a working tool chain: checks what must be there, then installs from the two locks.
# Called by make; safe to call again. Names everything that is missing before it creates anything.
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9
missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$1 is missing: $2"); }

need git "sudo apt install git"
need cc "sudo apt install build-essential"
need node "sudo apt install nodejs npm   (20 or newer)"
need npm "sudo apt install npm"
if command -v node >/dev/null 2>&1; then
  node_major=$(node -p 'process.versions.node.split(".")[0]')
  [ "$node_major" -ge 20 ] || missing+=("Node $node_major is too old: Keifu needs Node 20 or newer (sudo apt install nodejs, or nvm install 20)")
fi

python=""
for candidate in "${PYTHON:-}" python3.12 python3.11 python3; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
  if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  missing+=("Python 3.11 or 3.12 is missing: sudo apt install python3.11 python3.11-venv")
elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  missing+=("$python has no venv: sudo apt install python3-venv")
fi

if [ ${#missing[@]} -gt 0 ]; then
  printf 'setup: %s\n' "${missing[@]}" >&2
  exit 3
fi

case $(uname -s)-$(uname -m) in
  Linux-x86_64) anvil=anvil-linux-amd64 forge=forge-linux-amd64 ;;
  Darwin-arm64) anvil=anvil-darwin-arm64 forge=forge-darwin-arm64 ;;
  *)
    echo "setup: $(uname -s) on $(uname -m) is not supported: pyrevm ships for Linux x86-64 and macOS arm64 only" >&2
    exit 3
    ;;
esac

uv=.cache/uv/bin/uv
if [ "$("$uv" --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
  echo "setup: uv $UV_VERSION"
  "$python" -m venv --clear .cache/uv
  .cache/uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
fi

# A venv remembers its folder: one that was moved or copied is made anew.
if [ "$(.venv/bin/python -c 'import sys; print(sys.prefix)' 2>/dev/null)" != "$PWD/.venv" ]; then
  echo "setup: .venv with $("$python" --version)"
  "$uv" venv --quiet --clear --seed --python "$(command -v "$python")" .venv
fi
echo "setup: Python packages"
"$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements.lock
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation \
  --editable packages/ethwire --editable engine --editable .
ln -sf "$PWD/$uv" .venv/bin/uv

echo "setup: npm packages"
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
# npm's own bin entry is a Node wrapper that costs 50 ms a start and swallows signals.
ln -sf "$PWD/node_modules/@foundry-rs/$anvil/bin/anvil" .venv/bin/anvil
ln -sf "$PWD/node_modules/@foundry-rs/$forge/bin/forge" .venv/bin/forge
chmod +x .venv/bin/anvil .venv/bin/forge
echo "setup: done ($(.venv/bin/python --version), $(.venv/bin/anvil --version | head -1), vyper $(.venv/bin/vyper --version | cut -d+ -f1))"
