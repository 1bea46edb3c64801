"""anvil and the in-process EVM agree: same return data, logs, gas and revert reasons for the same calls."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from audit.deployer import EvmDeployer
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm, artifacts
from keifu.abi import Contract
from keifu.chain import Anvil, ChainClient, RpcDeployer, deploy_protocol
from keifu.chain.factory import PROXY, PROXY_CODE
from keifu.errors import Revert
from keifu.units import COIN
from tests.ape_chain import GENESIS

STEPS = 150
GRANTS = 6  # numbers looked at; 0 never exists
EDGE = 0.25  # share of plans that are at or beyond a bound
ROLES = ("deployer", "holder", "beneficiary", "revoker")
# Who can usually do it; anybody else tries too.
ACTS = {
    "transfer": "deployer",
    "approve": "holder",
    "create": "deployer",
    "revoke": "revoker",
    "renounce_revocation": "revoker",
    "transfer_beneficiary": "beneficiary",
}


@dataclass
class Side:
    """One of the two chains with the suite on it."""

    backend: Any
    contracts: dict[str, Contract]
    warp_to: Callable[[int], None]  # mine a block of this time
    at_next: Callable[[int], None]  # the next transaction's block has this time


@pytest.fixture
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        yield running


@pytest.fixture
def both_chains(anvil):
    """The suite on both chains at the same addresses, with the clock of one set to the other's; new ones for each seed,
    whose calls depend on what is there."""
    evm = LocalEvm()
    evm.raw.set_code(PROXY, PROXY_CODE)  # as anvil has it
    client = ChainClient(anvil.rpc, artifacts.load)
    for role in ROLES:
        evm.account(role)
        anvil.account(role)
    by_rpc = deploy_protocol(RpcDeployer(client, anvil.account("deployer")))
    in_process = deploy_protocol(EvmDeployer(evm, evm.account("deployer")))
    assert by_rpc.addresses == in_process.addresses
    evm.warp_to(client.now)
    names = ("KeifuToken", "VestingEscrow")
    made = (
        Side(client, {name: by_rpc.at(client, name) for name in names}, anvil.warp_to, anvil.at_next),
        Side(evm, {name: in_process.at(evm, name) for name in names}, evm.warp_to, evm.warp_to),
    )
    for side in made:
        token, escrow = side.contracts["KeifuToken"], side.contracts["VestingEscrow"]
        token.approve(escrow, 2**256 - 1, sender=evm.account("deployer"))
    return made


def draw_call(chance: random.Random, accounts: dict[str, str], escrow: str, now: int) -> tuple[str, str, list[Any]]:
    """Contract, function and arguments: mostly sensible, often at an edge, sometimes senseless."""
    amount = chance.choice([0, 1, 3 * COIN, 10**26, 10**27, 2**112, 2**256 - 1])
    who = chance.choice([*accounts.values(), escrow, ZERO_ADDRESS])
    grant = chance.randrange(GRANTS)
    edge = chance.random() < EDGE
    plan = (
        who if edge else accounts["beneficiary"],
        chance.choice([accounts["revoker"], ZERO_ADDRESS]),
        chance.choice([0, 2**112]) if edge else 3 * COIN + 1,
        now - chance.choice([0, 100, 10**6]),
        chance.choice([0, 1]) if edge else chance.choice([50, 10**5]),
        chance.choice([0, 1]) if edge else 36,
        chance.choice([0, 1, 40]),
        chance.choice([0, 1, 3]),
    )
    return chance.choice(
        [
            ("KeifuToken", "transfer", [who, amount]),
            ("KeifuToken", "approve", [who, amount]),
            ("KeifuToken", "approve", [escrow, amount]),
            ("KeifuToken", "transferFrom", [chance.choice(list(accounts.values())), who, amount]),
            ("VestingEscrow", "create", [plan]),
            ("VestingEscrow", "create", [plan]),
            ("VestingEscrow", "claim", [grant]),
            ("VestingEscrow", "claim_many", [[grant, chance.randrange(GRANTS)]]),
            ("VestingEscrow", "revoke", [grant]),
            ("VestingEscrow", "renounce_revocation", [grant]),
            ("VestingEscrow", "transfer_beneficiary", [grant, who]),
            ("VestingEscrow", "accept_beneficiary", [grant]),
        ]
    )


def outcome(side: Side, contract: str, function: str, args: list[Any], sender: Any, now: int) -> tuple[Any, ...]:
    """Return data, logs and gas, or the revert reason and data."""
    handle = side.contracts[contract]
    side.warp_to(now)
    try:
        returned = getattr(handle, function).call(*args, sender=sender)
    except Revert as revert:
        return ("revert", revert.reason, revert.data)
    side.at_next(now + 1)
    receipt = getattr(handle, function)(*args, sender=sender)
    return ("done", returned, receipt.logs, receipt.gas_used)


def state(side: Side, accounts: dict[str, str]) -> list[Any]:
    token, escrow = side.contracts["KeifuToken"], side.contracts["VestingEscrow"]
    balances = [token.balanceOf(who) for who in [*accounts.values(), escrow.address]]
    return balances + [escrow.plan(grant) for grant in range(GRANTS)] + [escrow.paid(grant) for grant in range(GRANTS)]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_chains_give_the_same_outcome(both_chains, seed):
    chance = random.Random(seed)
    anvil_side, evm_side = both_chains
    senders = {role: evm_side.backend.account(role) for role in ROLES}
    accounts = {role: account.address for role, account in senders.items()}
    escrow = anvil_side.contracts["VestingEscrow"].address
    kinds = set()
    for step in range(STEPS):
        now = max(anvil_side.backend.now, evm_side.backend.now) + chance.choice([1, 50, 10**5])
        contract, function, args = draw_call(chance, accounts, escrow, now)
        sender = senders[ACTS.get(function, chance.choice(ROLES)) if chance.random() > EDGE else chance.choice(ROLES)]
        on_anvil, in_process = (outcome(side, contract, function, args, sender, now) for side in both_chains)
        assert on_anvil == in_process, f"seed {seed}, step {step}: {function}{args} by {sender}"
        kinds.add((function, on_anvil[0]))
    assert state(anvil_side, accounts) == state(evm_side, accounts)
    assert len({function for function, kind in kinds if kind == "done"}) >= 7, (
        f"seed {seed} tried too little: {sorted(kinds)}"
    )
