"""Every grant of a list paid in the in-process EVM, at the event and at the end, each payout against the model.

Needs the contract sources and the compiler: for tests and benches, not for nodes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from audit.deployer import EvmDeployer
from evmstorm.evm import LocalEvm
from keifu.chain import Params, deploy_protocol
from keifu.keys import keccak256
from keifu.spec.vesting import Ledger, Schedule
from keifu.tge.chain import DISTRIBUTOR, TOKEN, distribution_of
from keifu.tge.grants import Grants
from keifu.units import COIN

__all__ = ["Replay", "replay", "validators"]

VALIDATORS = 8_000
VALIDATOR_COINS = 1_143


def validators(count: int = VALIDATORS) -> Grants:
    """The grants of the testnet's validators, with made-up addresses."""
    accounts = ["0x" + keccak256(f"keifu validator {number}".encode())[12:].hex() for number in range(count)]
    return Grants(accounts, [VALIDATOR_COINS * COIN] * count)


@dataclass(frozen=True)
class Replay:
    """What came out."""

    grants: int
    claims: int
    paid: int  # wei
    left: int  # wei in the distributor at the end
    mismatches: int
    seconds: float  # claims and checks, without the tree and the deployment


def replay(grants: Grants) -> Replay:
    """Deploy, fund, claim every grant at the event and after the last step."""
    evm = LocalEvm()
    deployer, claimer = evm.account("deployer"), evm.account("claimer")
    schedule = Schedule(evm.now + 1)
    distribution = distribution_of(grants.tree.root, grants.allocation, schedule)
    deployment = deploy_protocol(EvmDeployer(evm, deployer), Params(distribution=distribution))
    token, distributor = deployment.at(evm, TOKEN), deployment.at(evm, DISTRIBUTOR)
    token.transfer(distributor.address, grants.allocation, sender=deployer)
    ledger = Ledger(schedule, grants.totals)
    proofs = [grants.tree.proof(index) for index in range(len(grants))]
    mismatches = claims = 0
    began = time.perf_counter()
    for moment in (schedule.start, schedule.end):
        evm.warp_to(moment)
        for index, account in enumerate(grants.accounts):
            receipt = distributor.claim(index, account, grants.totals[index], proofs[index], sender=claimer)
            due = ledger.claim(index, moment)
            claims += 1
            if not receipt.value == due == receipt.events("Transfer")[0].args["value"]:
                mismatches += 1
            if token.balanceOf(account) != ledger.paid[index]:
                mismatches += 1
    seconds = time.perf_counter() - began
    left = token.balanceOf(distributor.address)
    return Replay(len(grants), claims, ledger.paid_out, left, mismatches, seconds)
