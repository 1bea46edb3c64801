"""The sample service of a local chain: what an operator promises there, how a fault is claimed, what it costs.

It is a small example of a service, for local chains only. `dwellers` makes the first promise there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from keifu.abi import Contract
from keifu.chain import ChainClient, Deployer, Deployment, RpcDeployer
from keifu.chain.suite import COURT, HUB, TOKEN
from keifu.errors import EnvironmentFault, UsageError
from keifu.keys import keccak256
from keifu.local.roles import DEPLOYER, ROLES
from keifu.staking.actions import pay
from keifu.units import DAY

__all__ = [
    "EVIDENCE_WINDOW",
    "SAMPLE",
    "PromiseStatus",
    "accept",
    "accuse",
    "address_of_sample",
    "deploy_sample",
    "offer",
    "read_promise",
    "read_promises",
    "withdraw",
]

SAMPLE = "SampleService"
EVIDENCE_WINDOW = 14 * DAY


@dataclass(frozen=True)
class PromiseStatus:
    """A promise of an operator to a client: amounts in wei, times in unix seconds."""

    number: int
    operator: str
    client: str
    restitution: int
    price: int
    last: int
    until: int  # end of the evidence window; 0 before the client has accepted
    reserve: int  # of the operator's lock; 0 when it is over
    case: int  # before the court; -1 for none

    @property
    def state(self) -> str:
        if not self.until:
            return "offered"
        if self.case >= 0:
            return f"case {self.case}"
        return "holds" if self.reserve else "over"

    def data(self) -> dict[str, Any]:
        """For `--json`: amounts as decimal strings."""
        amounts = {name: str(getattr(self, name)) for name in ("restitution", "price", "reserve")}
        return {**asdict(self), **amounts, "state": self.state}


def deploy_sample(chain: Deployer, suite: Deployment) -> str:
    """Where the sample service is; made when it is not there."""
    return chain.deploy(SAMPLE, suite[TOKEN], suite[HUB], suite[COURT], EVIDENCE_WINDOW)


def address_of_sample(client: ChainClient, factory: str) -> str:
    """Where the sample service of this local chain is. Raises EnvironmentFault when it has none."""
    address = RpcDeployer(client, ROLES[DEPLOYER].account, factory).address_of(SAMPLE)
    if not client.code(address):
        raise EnvironmentFault(
            "this chain has no sample service", remedy="start a local chain with one: keifu chain --with-grants"
        )
    return address


def read_promise(sample: Contract, number: int) -> PromiseStatus:
    """One promise. Raises UsageError when there is none with this number."""
    count = sample.promise_count()
    if number >= count:
        raise UsageError(f"there is no promise {number}", remedy=f"{count} have been offered, counted from 0")
    operator, client, restitution, price, _, last, until, reserve, case, _ = sample.promise(number)
    return PromiseStatus(number, operator, client, restitution, price, last, until, reserve, case - 1)


def read_promises(sample: Contract) -> list[PromiseStatus]:
    return [read_promise(sample, number) for number in range(sample.promise_count())]


def offer(chain: Deployer, sample: str, client: str, restitution: int, price: int, last: int, secret: bytes) -> int:
    """Offer a client to keep `secret` (32 bytes) until `last`; the promise's number. Raises Revert."""
    chain.call(sample, SAMPLE, "offer", client, restitution, price, last, keccak256(secret))
    count: int = chain.call(sample, SAMPLE, "promise_count")
    return count - 1


def accept(chain: Deployer, suite: Deployment, sample: str, number: int) -> None:
    """Accept an offer as its client, and pay its price. Raises Revert and CheckFailed."""
    price: int = chain.call(sample, SAMPLE, "promise", number)[3]
    pay(chain, suite, price, sample, SAMPLE, "accept", number)


def accuse(chain: Deployer, suite: Deployment, sample: str, number: int, evidence: bytes) -> int:
    """Have the court decide about a promise, as its client, with the bond that the court asks for; the case. Raises
    Revert and CheckFailed."""
    restitution: int = chain.call(sample, SAMPLE, "promise", number)[2]
    # The fault's name is the sample's: promise, clause 0, period 0.
    fault = keccak256(number.to_bytes(32, "big") + bytes(64))
    bond: int = chain.call(suite[COURT], COURT, "bond_for", sample, fault, restitution)
    pay(chain, suite, bond, sample, SAMPLE, "accuse", number, evidence)
    case: int = chain.call(sample, SAMPLE, "promise", number)[8]
    return case - 1


def withdraw(chain: Deployer, sample: str) -> int:
    """Pay out what the sample service has credited the sender; wei, 0 when there was nothing to send for."""
    due: int = chain.call(sample, SAMPLE, "credits", chain.sender)
    if due:
        chain.call(sample, SAMPLE, "withdraw", chain.sender)
    return due
