"""What anybody brings up to date at the witness: how much is delegated, and what a record was made from."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from keifu.chain import Deployer, Deployment
from keifu.chain.suite import GRANT_WITNESS, HUB, REGISTRY
from keifu.grants.reading import Reader
from keifu.grants.refusals import explained
from keifu.provenance import Record, Relation, Status
from keifu.provenance.lineage import Lineage, walk
from keifu.provenance.registry import Provenance
from keifu.staking.status import find_operators

__all__ = ["count_stake", "path_to", "trace"]

MAX_COUNTED, MAX_TRACED = 64, 16  # in one call


def count_stake(chain: Deployer, suite: Deployment, reader: Reader) -> int:
    """Count each pool that has changed since it was counted; how many these are. Raises Revert."""
    hub, witness = suite.at(reader.client, HUB), reader.witness
    changed = [
        operator
        for operator in find_operators(reader.client, hub, reader.first_block)
        if hub.operator_state(operator)[2] != witness.counted(operator)
    ]
    with explained():
        for start in range(0, len(changed), MAX_COUNTED):
            chain.call(witness.address, GRANT_WITNESS, "count_many", changed[start : start + MAX_COUNTED])
    return len(changed)


def trace(chain: Deployer, suite: Deployment, reader: Reader, evidence: bytes) -> int:
    """Show the witness what was withdrawn behind deprecated records, where it does not know yet; how many records that
    took. Raises Revert."""
    if reader.witness.is_withdrawn(evidence):
        return 0
    registry = suite.at(reader.client, REGISTRY)
    path = path_to(walk(Provenance(reader.client, registry, first_block=reader.first_block), evidence))
    with explained():
        for start in range(0, len(path), MAX_TRACED):
            part = [record.args for record in path[start : start + MAX_TRACED]]
            chain.call(reader.witness.address, GRANT_WITNESS, "trace", evidence, part)
    return len(path)


def path_to(lineage: Lineage) -> list[Record]:
    """The shortest way from a record to what was withdrawn, that one left out; nothing where nothing was."""
    before: dict[bytes, bytes] = {lineage.root: b""}
    pending = deque([lineage.root])
    while pending:
        known = pending.popleft()
        entry = lineage.entries.get(known)
        if entry is None:
            continue
        if entry.status is Status.REVOKED:
            return [lineage.entries[step].record for step in reversed(list(_back(before, before[known])))]
        for link in entry.record.links:
            if link.relation is not Relation.SUPERSEDES and link.parent not in before:
                before[link.parent] = known
                pending.append(link.parent)
    return []


def _back(before: dict[bytes, bytes], known: bytes) -> Iterator[bytes]:
    while known:
        yield known
        known = before[known]
