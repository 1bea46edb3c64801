"""viem and ethers use the suite on anvil by the package alone: both read, write and sign the same."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from keifu.local.suite import fund
from keifu.units import COIN, DAY
from tests.integration.typescript.conftest import PACKAGE, Chain, Node

ROLES = ("owner", "operator", "author", "payer", "receiver", "session")
EXPECTED = [
    ("stake", [str(10 * COIN), True, str(10 * COIN)]),
    ("refused", "hub: pool is full"),
    ("register", [True, True]),
    ("channel", [True, str(5 * COIN), str(2 * COIN)]),
    ("session", [str(COIN)]),
    ("refused", "account: over the limit"),
]


@pytest.mark.parametrize("library", ["viem", "ethers"])
def test_a_flow_of_each_area(chain: Chain, project: Path, node: Node, library: str) -> None:
    accounts = {role: chain.anvil.account(f"{library} {role}") for role in ROLES}
    for account in accounts.values():
        fund(chain.client, chain.record.parent, account.address, ether=10, coins=100)
    scene = {
        "rpc": chain.anvil.url,
        "record": json.loads(chain.record.read_text()),
        "keys": {role: "0x" + account.secret().hex() for role, account in accounts.items()},
        "deadline": chain.client.now + DAY,
        "salt": "0x" + library.encode().hex().rjust(64, "0"),
    }
    path = project / f"{library}.json"
    path.write_text(json.dumps(scene))
    shutil.copytree(PACKAGE / "tests" / "flows", project / "flows", dirs_exist_ok=True)
    printed = node("flows/flow.mjs", f"with_{library}.mjs", path)
    assert [(row["step"], row["found"]) for row in map(json.loads, printed.splitlines())] == EXPECTED
