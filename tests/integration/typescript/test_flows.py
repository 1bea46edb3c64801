"""viem and ethers use the suite on anvil by the package alone: both read, write and sign the same."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from keifu.inft import encrypt, seal
from keifu.keys import Account, keccak256
from keifu.local.suite import fund
from keifu.spec.storage import LEAF_BYTES, deal_root, leaves_of, root
from keifu.units import COIN, DAY
from tests.integration.typescript.conftest import PACKAGE, Chain, Node

pytestmark = pytest.mark.xdist_group("typescript")  # the project is built once
LIBRARIES = ("viem", "ethers")
ROLES = ("owner", "operator", "author", "payer", "receiver", "session")
EXPECTED = [
    ("stake", [str(10 * COIN), True, str(10 * COIN)]),
    ("refused", "hub: pool is full"),
    ("register", [True, True]),
    ("channel", [True, str(5 * COIN), str(2 * COIN)]),
    ("session", [str(COIN)]),
    ("refused", "account: over the limit"),
]
PEOPLE = ("holder", "accused", "author", "watcher", "provider", "payer", "receiver", "owner")
FOUND = [
    ("claim", [True, True]),
    ("refused", "distributor: not in the list"),
    ("accuse", [True, str(1_000 * COIN), str(100 * COIN)]),
    ("refused", "heartbeats: no binding"),
    ("deal", [True, True, "1"]),
    ("agent", [True, True]),
    ("refused", "inft: private data moves by iTransfer"),
]


def play(
    chain: Chain, project: Path, node: Node, flow: str, library: str, roles: Iterable[str], **more: Any
) -> list[tuple[str, Any]]:
    """What each step of a flow found."""
    accounts = {role: chain.account(library, role) for role in roles}
    for account in accounts.values():
        fund(chain.client, chain.record.parent, account.address, ether=10, coins=5_000)
    scene = {
        "rpc": chain.anvil.url,
        "record": json.loads(chain.record.read_text()),
        "keys": {role: _hex(account.secret()) for role, account in accounts.items()},
        "deadline": chain.client.now + DAY,
        "salt": "0x" + library.encode().hex().rjust(64, "0"),
        **more,
    }
    path = project / f"{flow}-{library}.json"
    path.write_text(json.dumps(scene))
    shutil.copytree(PACKAGE / "tests" / "flows", project / "flows", dirs_exist_ok=True)
    printed = node(f"flows/{flow}.mjs", f"with_{library}.mjs", path)
    return [(row["step"], row["found"]) for row in map(json.loads, printed.splitlines())]


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_flow_of_each_area(chain: Chain, project: Path, node: Node, library: str) -> None:
    assert play(chain, project, node, "flow", library, ROLES) == EXPECTED


@pytest.mark.parametrize("library", LIBRARIES)
def test_what_holders_accusers_clients_and_owners_do(chain: Chain, project: Path, node: Node, library: str) -> None:
    index = LIBRARIES.index(library)
    grant = {
        "index": index,
        "total": str(chain.grants.totals[index]),
        "proof": [_hex(item) for item in chain.grants.tree.proof(index)],
    }
    data = sha256(library.encode()).digest() * (LEAF_BYTES // 8)
    shard, leaves = root(leaves_of(data)), len(data) // LEAF_BYTES
    provider = chain.account(library, "provider").address
    deal = {"shard": _hex(shard), "leaves": leaves, "root": _hex(deal_root([(provider, shard, leaves)]))}
    agent = {"old": _hex(keccak256(library.encode())), "item": _item(Account.from_role(f"{library} one-time key"))}
    more = {"grant": grant, "deal": deal, "agent": agent, "digest": _hex(sha256(library.encode()).digest())}
    attestors = [_hex(account.secret()) for account in chain.attestors]
    assert play(chain, project, node, "people", library, PEOPLE, attestors=attestors, **more) == FOUND


def _item(receiver: Account) -> dict[str, str]:
    """Data that is encrypted anew, its key sealed to a key of the receiver's."""
    secret = encrypt(b"what an agent knows")
    sealed = seal(secret.key, receiver.public_key, secret.data_hash)
    found = {
        "newDataHash": secret.data_hash, "sealedKey": sealed, "encryptedPubKey": receiver.public_key,
        "keyHash": secret.key_hash,
    }  # fmt: skip
    return {name: _hex(value) for name, value in found.items()}


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
