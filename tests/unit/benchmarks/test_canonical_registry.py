"""ACC-1: AccountRegistry beside the registry of ERC-6551, from its npm package and compiled by solc."""

from __future__ import annotations

import pytest

from benchmarks import _peers
from evmstorm.evm import LocalEvm
from keifu.accounts import Token, address_of

SALTS = (bytes(32), b"\x01" * 32, bytes(31) + b"\xff")
CHAIN, NUMBER = 1, 3


@pytest.fixture(scope="module")
def world():
    """Both registries, an implementation and a token's contract."""
    evm = LocalEvm()
    deployer = evm.account("deployer")
    peer = _peers.load("ERC6551Registry")
    canonical = evm.deploy_code(peer.interface, peer.linked({}), sender=deployer)
    ours, code = evm.deploy("AccountRegistry", sender=deployer), evm.deploy("AgentAccount", sender=deployer)
    return evm, deployer, ours, canonical, code.address, evm.deploy("PlainNft", True, sender=deployer).address


@pytest.mark.parametrize("salt", SALTS, ids=lambda salt: salt.hex()[:6])
def test_they_make_the_same_account(world, salt):
    """Each from its own address, so the accounts' addresses differ, and nothing else does."""
    evm, deployer, ours, canonical, code, nft = world
    args = (code, salt, CHAIN, nft, NUMBER)
    assert canonical.account(*args) == address_of(canonical.address, code, Token(CHAIN, nft, NUMBER), salt)
    made, theirs = (registry.createAccount(*args, sender=deployer) for registry in (ours, canonical))

    assert evm.code(made.value) == evm.code(theirs.value)
    assert [log.args | {"account": ""} for log in made.logs] == [log.args | {"account": ""} for log in theirs.logs]
    again, once_more = (registry.createAccount(*args, sender=deployer) for registry in (ours, canonical))
    assert (again.value, again.logs) == (made.value, [])
    assert (once_more.value, once_more.logs) == (theirs.value, [])
