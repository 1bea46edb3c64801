from __future__ import annotations

import pytest

from keifu.keys import Account, Domain
from tests.roles import role_fixtures

SUPPLY = 10**27


globals().update(role_fixtures("holder", "receiver", "spender", "relayer"))


@pytest.fixture(scope="module")
def token(project, holder):
    return project.KeifuToken.deploy(holder, sender=holder)


@pytest.fixture(scope="module")
def signer(token, holder):
    """Holds coins and a key, and has never sent a transaction."""
    account = Account.from_role("signer")
    token.transfer(account.address, 1_000, sender=holder)
    return account


@pytest.fixture(scope="module")
def wallet(project, token, holder, signer):
    """A contract account of the signer's, with coins."""
    contract = project.ContractWallet.deploy(signer.address, sender=holder)
    token.transfer(contract, 1_000, sender=holder)
    return contract


@pytest.fixture(scope="module")
def domain(token, chain):
    return Domain("Keifu", "1", chain.chain_id, token.address)


@pytest.fixture(scope="module")
def now(chain):
    return lambda: chain.blocks.head.timestamp
