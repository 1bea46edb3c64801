"""Whatever connects to a node imports ethwire: nothing comes with it that takes long to import and is not needed."""

from __future__ import annotations

import ast
import subprocess
import sys

HEAVY = {
    "httpx",
    "eth_abi",
    "eth_utils",
    "eth_typing",
    "rlp",
    "pydantic",
    "rich",
    "click",
    "pygments",
    "web3",
    "numpy",
    "numba",
}


def imported_by(code: str) -> set[str]:
    """The packages that are there after `code`, in a process of its own."""
    program = f"import sys\n{code}\nprint(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in ast.literal_eval(done.stdout)}


def test_nothing_heavy_comes_along() -> None:
    found = imported_by("import ethwire.abi, ethwire.anvil, ethwire.eip712, ethwire.keys, ethwire.rlp, ethwire.rpc")

    assert {"msgspec", "coincurve"} <= found
    assert found & HEAVY == set()


def test_only_a_far_node_needs_httpx() -> None:
    assert "httpx" not in imported_by('from ethwire.rpc import Rpc\nRpc("http://127.0.0.1:8545").close()')
    assert "httpx" in imported_by('from ethwire.rpc import Rpc\nRpc("https://rpc.example").close()')


def test_httpx_stays_whole_for_others() -> None:
    """Its command-line client can be imported after ours, and ours after a whole httpx."""
    assert "rich" in imported_by("import ethwire.rpc._far, httpx._main")
    assert "rich" in imported_by("import httpx\nimport ethwire.rpc._far\nassert callable(httpx.main)")
