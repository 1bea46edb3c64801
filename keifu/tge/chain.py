"""The distribution on a chain: deploy and fund it, claim from it, read what it has paid.

Sending goes through a `Deployer` (an ape account, a key and an RPC, or the in-process EVM), reading through a
`ChainClient`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from keifu.chain import ChainClient, Deployer, Deployment, Params, deploy_protocol
from keifu.chain.deployments import Record
from keifu.chain.protocol import Distribution
from keifu.errors import CheckFailed, UsageError
from keifu.keys import keccak256
from keifu.keys.eip712 import Domain, StructType
from keifu.spec.vesting import SWEEP_DELAY, Schedule
from keifu.tge.files import Proof, Summary

__all__ = ["AREA", "Claims", "claim", "claims_of", "deploy", "distribution_of", "fund", "schedule_of"]

AREA = "tge"
DISTRIBUTOR = "TGEDistributor"
TOKEN = "KeifuToken"  # noqa: S105 - a contract's name
FOREVER = 2**256 - 1
LOG_BLOCKS = 10_000  # a request: what public nodes allow
_AUTHORIZATION = StructType(
    "TransferWithAuthorization",
    (),
    **{
        "from": "address",
        "to": "address",
        "value": "uint256",
        "validAfter": "uint256",
        "validBefore": "uint256",
        "nonce": "bytes32",
    },
)

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
    terms = record.terms.get(AREA)
    return Distribution(**{**terms, "root": bytes.fromhex(terms["root"][2:])}) if terms else None


def decide(record: Record, summary: Summary, start: int, now: int) -> Distribution:
    """The terms to deploy with: those of the record, else new ones, starting at `start` or now.

    Raises UsageError when the record has another list or another start: that would be a second distribution.
    """
    earlier = recorded(record)
    if earlier is None:
        schedule = Schedule(start or now, summary.step_seconds, summary.steps)
        return distribution_of(bytes.fromhex(summary.root[2:]), int(summary.allocation), schedule)
    if earlier.root.hex() != summary.root[2:]:
        raise UsageError(
            f"chain {record.chain_id} already has the list with root 0x{earlier.root.hex()}, this one has"
            f" {summary.root}",
            remedy="one deployment pays one list",
        )
    if start and start != earlier.start:
        raise UsageError(f"chain {record.chain_id} already has a distribution that starts at {earlier.start}")
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
    """Deploy what is missing, writing the terms down before anything is sent and each address after it.

    Does not fund: see `fund`. Raises Revert when a constructor refuses its arguments.
    """
    if record.deployer and record.deployer != chain.sender:
        raise UsageError(f"{record.deployer} began this deployment, not {chain.sender}", remedy="use that account")
    record.deployer = chain.sender
    record.terms[AREA] = {**asdict(distribution), "root": "0x" + distribution.root.hex()}
    save(record)

    def step(name: str, address: str) -> None:
        record.contracts[name] = address
        save(record)
        on_step(name, address)

    return deploy_protocol(chain, replace(params or Params(), distribution=distribution), on_step=step)


def fund(chain: Deployer, deployment: Deployment, distribution: Distribution, chain_id: int, sign: Sign) -> bool:
    """Pay the allocation in from the sender's coins, once: whether it was paid now.

    The coins move by an EIP-3009 authorization whose nonce follows from the terms, so the chain itself refuses to pay
    a second time, whatever a run that was cut off has sent. `sign` signs for the sender.
    Raises CheckFailed when the sender has not enough.
    """
    token, distributor = deployment[TOKEN], deployment[DISTRIBUTOR]
    nonce = keccak256(f"fund {distribution.label}".encode())
    if chain.call(token, TOKEN, "authorizationState", chain.sender, nonce):
        return False
    balance = chain.call(token, TOKEN, "balanceOf", chain.sender)
    if balance < distribution.allocation:
        raise CheckFailed(f"{chain.sender} has {balance} wei of the {distribution.allocation} to pay in")
    values = (chain.sender, distributor, distribution.allocation, 0, FOREVER, nonce)
    signature = sign(Domain("Keifu", "1", chain_id, token).digest(_AUTHORIZATION, *values))
    r, s, v = signature[:32], signature[32:64], signature[64]
    chain.call(token, TOKEN, "transferWithAuthorization", *values, v, r, s)
    return True


def claim(chain: Deployer, distributor: str, proof: Proof) -> int:
    """Claim what is due of a grant, whoever sends; wei that were due, 0 when there was nothing to send for.

    Raises Revert, among others when the proof is of another list.
    """
    index, account, total, path = proof.arguments
    if not chain.call(distributor, DISTRIBUTOR, "verify", index, account, total, path):
        raise CheckFailed("the proof is not of the list at this distributor", remedy="take the published files")
    due: int = chain.call(distributor, DISTRIBUTOR, "claimable", index, account, total)
    if due:
        chain.call(distributor, DISTRIBUTOR, "claim", index, account, total, path)
    return due


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
    topic = "0x" + keccak256(b"Claimed(uint256,address,uint256)").hex()
    paid: dict[int, int] = {}
    accounts: dict[int, str] = {}
    count = 0
    for log in _logs(client, distributor, topic, first_block):
        index = int(log["topics"][1], 16)
        paid[index] = paid.get(index, 0) + int(log["data"], 16)
        accounts[index] = "0x" + log["topics"][2][-40:]
        count += 1
    return Claims(paid, accounts, count)


def _logs(client: ChainClient, address: str, topic: str, first: int) -> Iterator[dict[str, Any]]:
    last = int(client.rpc.call("eth_blockNumber"), 16)
    for start in range(first, last + 1, LOG_BLOCKS):
        end = min(start + LOG_BLOCKS - 1, last)
        wanted = {"address": address, "topics": [topic], "fromBlock": hex(start), "toBlock": hex(end)}
        yield from client.rpc.call("eth_getLogs", wanted)
