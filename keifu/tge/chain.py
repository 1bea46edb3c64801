"""The distribution on a chain: deploy and fund it, claim from it, read what it has paid.

Sending goes through a `Deployer` (an ape account, a key and an RPC, or the in-process EVM), reading through a
`ChainClient`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from keifu.abi.eip712 import TRANSFER_WITH_AUTHORIZATION
from keifu.chain import ChainClient, Deployer, Deployment, Params, deploy_protocol
from keifu.chain.bounds import require_start
from keifu.chain.deployments import Record
from keifu.chain.firsts import sent_unless_done, unless_done
from keifu.chain.logs import find_logs, said_in
from keifu.chain.parameters import Distribution
from keifu.chain.suite import DISTRIBUTOR, TOKEN
from keifu.errors import CheckFailed, EnvironmentFault, UsageError
from keifu.keys import Domain, keccak256
from keifu.spec.vesting import SWEEP_DELAY, Schedule
from keifu.tge.files import Proof, Summary

__all__ = [
    "DISTRIBUTOR",
    "TOKEN",
    "Claims",
    "claim",
    "claims_of",
    "decide",
    "deploy",
    "deployed",
    "distribution_of",
    "fund",
    "recorded",
    "schedule_of",
]

FOREVER = 2**256 - 1
CLAIMED = "0x" + keccak256(b"Claimed(uint256,address,uint256)").hex()
Sign = Callable[[bytes], bytes]  # a 32-byte digest to r, s, v


def schedule_of(distribution: Distribution) -> Schedule:
    return Schedule(distribution.start, distribution.step, distribution.steps)


def distribution_of(root: bytes, allocation: int, schedule: Schedule) -> Distribution:
    """The terms for a list with this root and sum; the owner may sweep as early as the contract allows."""
    return Distribution(
        root=root,
        allocation=allocation,
        start=schedule.start,
        step=schedule.step,
        steps=schedule.steps,
        sweep_after=schedule.end + SWEEP_DELAY,
    )


def recorded(record: Record) -> Distribution | None:
    """The terms that an earlier run decided on."""
    params = record.params
    return params.distribution if params else None


def deployed(record: Record) -> tuple[Deployment, Distribution]:
    """Where the suite is and what it pays. Raises EnvironmentFault when the record has no distribution."""
    terms = recorded(record)
    if terms is None or DISTRIBUTOR not in record.contracts:
        raise EnvironmentFault(
            f"no distribution is recorded for chain {record.chain_id}", remedy="deploy one on this network first"
        )
    return Deployment(dict(record.contracts)), terms


def decide(record: Record, summary: Summary, start: int | None, now: int) -> Distribution:
    """The terms to deploy with: those of the record, else new ones, starting at `start` or now.

    Raises UsageError when the record has another list, steps or start, as that would be a second distribution, and
    when the start is too far from `now`, the chain's clock: it cannot be mended once the coins are paid in.
    """
    earlier = recorded(record)
    if earlier is None:
        begin = now if start is None else start
        require_start(begin, now)
        schedule = Schedule(begin, summary.step_seconds, summary.steps)
        return distribution_of(bytes.fromhex(summary.root[2:]), int(summary.allocation), schedule)
    what = f"chain {record.chain_id} already has"
    if earlier.root.hex() != summary.root[2:]:
        raise UsageError(
            f"{what} the list with root 0x{earlier.root.hex()}, this one has {summary.root}",
            remedy="one deployment pays one list",
        )
    steps = (earlier.steps, earlier.step)
    if steps != (summary.steps, summary.step_seconds):
        raise UsageError(
            f"{what} a distribution in {steps[0]} steps of {steps[1]} s, this one has {summary.steps} of"
            f" {summary.step_seconds} s"
        )
    if start is not None and start != earlier.start:
        raise UsageError(f"{what} a distribution that starts at {earlier.start}, not at {start}")
    return earlier


def deploy(
    chain: Deployer,
    record: Record,
    distribution: Distribution,
    *,
    save: Callable[[Record], Any],
    on_step: Callable[[str, str], None] = lambda name, address: None,
    params: Params | None = None,
) -> Deployment:
    """Deploy what is missing: `deploy_protocol` with these terms, and with the record's parameters unless others are
    given.

    Does not fund: see `fund`.
    """
    chosen = params or record.params or Params()
    return deploy_protocol(chain, replace(chosen, distribution=distribution), record=record, save=save, on_step=on_step)


def fund(chain: Deployer, deployment: Deployment, distribution: Distribution, chain_id: int, sign: Sign) -> bool:
    """Pay the allocation in from the sender's coins, once: whether it was paid now.

    The coins move by an EIP-3009 authorization whose nonce follows from the terms, so the chain itself refuses to pay
    a second time, whatever a run that was cut off has sent. `sign` signs for the sender.
    Raises CheckFailed when the sender has not enough.
    """
    token, distributor = deployment[TOKEN], deployment[DISTRIBUTOR]
    nonce = keccak256(f"fund {distribution.key}".encode())
    is_used = partial(chain.call, token, TOKEN, "authorizationState", chain.sender, nonce)
    if is_used():
        return False
    balance = chain.call(token, TOKEN, "balanceOf", chain.sender)
    if balance < distribution.allocation:
        raise CheckFailed(f"{chain.sender} has {balance} wei of the {distribution.allocation} to pay in")
    values = (chain.sender, distributor, distribution.allocation, 0, FOREVER, nonce)
    signature = sign(Domain("Keifu", "1", chain_id, token).digest(TRANSFER_WITH_AUTHORIZATION, *values))
    r, s, v = signature[:32], signature[32:64], signature[64]
    return unless_done(partial(chain.call, token, TOKEN, "transferWithAuthorization", *values, v, r, s), is_used)


def claim(chain: Deployer, distributor: str, proof: Proof) -> int:
    """Claim what is due of a grant, whoever sends; wei that were paid, 0 when there was nothing to send for.

    Raises Revert, among others when the proof is of another list.
    """
    index, account, total, path = proof.arguments
    if not chain.call(distributor, DISTRIBUTOR, "verify", index, account, total, path):
        raise CheckFailed("the proof is not of the list at this distributor", remedy="take the published files")
    claimable = partial(chain.call, distributor, DISTRIBUTOR, "claimable", index, account, total)
    if not (due := int(claimable())):
        return 0
    pay = partial(chain.transact, distributor, DISTRIBUTOR, "claim", index, account, total, path)
    sent = sent_unless_done(pay, lambda: claimable() < due)
    return int(said_in(sent, "Claimed")["amount"]) if sent else due


@dataclass(frozen=True)
class Claims:
    """What a distributor has paid, from its events."""

    paid: dict[int, int]  # wei by index
    accounts: dict[int, str]
    count: int  # claims

    @property
    def paid_out(self) -> int:
        return sum(self.paid.values())


def claims_of(client: ChainClient, distributor: str, *, first_block: int = 0) -> Claims:
    """All claims up to the newest block."""
    paid: dict[int, int] = {}
    accounts: dict[int, str] = {}
    count = 0
    for log in find_logs(client, distributor, [CLAIMED, None, None], first_block):
        index = int(log.topics[1], 16)
        paid[index] = paid.get(index, 0) + int(log.data, 16)
        accounts[index] = "0x" + log.topics[2][-40:]
        count += 1
    return Claims(paid, accounts, count)
