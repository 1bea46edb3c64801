"""Who holds the timelock: every role that was ever given, from its events, asked again of its storage."""

from __future__ import annotations

from collections.abc import Iterator

from keifu.abi import Contract
from keifu.chain._client import ChainClient
from keifu.chain.deployments import Holders
from keifu.chain.logs import find_logs, topic_of_address
from keifu.keys import keccak256

__all__ = ["ADMIN", "NAMES", "ever_held", "role_faults", "still_queued"]

GRANTED = "0x" + keccak256(b"RoleGranted(bytes32,address,address)").hex()
REVOKED = "0x" + keccak256(b"RoleRevoked(bytes32,address,address)").hex()
ADMIN = bytes(32)
NAMES = {keccak256(f"{name}_ROLE".encode()): name.lower() for name in ("PROPOSER", "CANCELLER", "EXECUTOR")}
PROPOSER = next(iter(NAMES))
NAMES[ADMIN] = "admin"


def role_faults(
    client: ChainClient, timelock: Contract, delay: int, recorded: Holders, first_block: int
) -> Iterator[tuple[str, str]]:
    """Field and detail of whatever is not as recorded: delay, holders of roles, who administers them."""
    found = timelock.get_minimum_delay()
    if found != delay:
        yield "timelock_delay", f"it is {found} s, the record has {delay} s"
    proposers, executors = set(recorded.proposers), set(recorded.executors)
    right = dict(zip(NAMES, (proposers, proposers, executors, {timelock.address}), strict=True))
    held = ever_held(client, timelock, first_block)
    for role in [*right, *(role for role in held if role not in right)]:
        name, wanted = NAMES.get(role, "0x" + role.hex()), right.get(role, set())
        # Events name whom to ask; storage answers.
        holders = {who for who in held.get(role, set()) | wanted if timelock.hasRole(role, who)}
        for who in sorted(holders - wanted):
            yield name, f"{who} holds this role and is not in the record"
        for who in sorted(wanted - holders):
            yield name, f"{who} of the record does not hold this role"
        administrator = timelock.getRoleAdmin(role)
        if administrator != ADMIN:
            yield name, f"its administrator is the role 0x{administrator.hex()}"


def ever_held(client: ChainClient, timelock: Contract, first_block: int) -> dict[bytes, set[str]]:
    """Everybody that was ever given a role, or had it taken."""
    given: dict[bytes, set[str]] = {}
    for topic in (GRANTED, REVOKED):
        for log in find_logs(client, timelock.address, [topic, None, None], first_block):
            role = bytes.fromhex(log.topics[1][2:])
            given.setdefault(role, set()).add("0x" + log.topics[2][-40:])
    return given


def still_queued(client: ChainClient, timelock: Contract, account: str, first_block: int) -> list[str]:
    """Operations that wait in the timelock and were queued while `account` could do that: by whom, no event says."""
    revoked = [REVOKED, "0x" + PROPOSER.hex(), topic_of_address(account)]
    last = max((log.number for log in find_logs(client, timelock.address, revoked, first_block)), default=-1)
    proposes = timelock.hasRole(PROPOSER, account)
    topics = ["0x" + timelock.interface.event("CallScheduled").topic.hex(), None, None]
    found = dict.fromkeys(
        log.topics[1]
        for log in find_logs(client, timelock.address, topics, first_block)
        if proposes or log.number <= last
    )
    return [number for number in found if timelock.is_operation_pending(bytes.fromhex(number[2:]))]
