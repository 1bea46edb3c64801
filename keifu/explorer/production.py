"""What an environment runs, by the events: its promotion, its policy, and whether the attestations are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keifu.chain.suite import REGISTRY
from keifu.errors import InputError
from keifu.explorer.records import Records
from keifu.explorer.view import Event, View
from keifu.index.reading import Page
from keifu.provenance import Status
from keifu.provenance.lineage import walk

__all__ = ["ENVIRONMENTS", "Demand", "Production", "declared", "production_of"]

ENVIRONMENTS = "Environments"


@dataclass(frozen=True)
class Demand:
    """One line of a policy, and the attestations that count for it."""

    schema: str
    needed: int
    max_age: int
    attesters: tuple[str, ...]
    standing: tuple[Event, ...]

    @property
    def met(self) -> bool:
        return len(self.standing) >= self.needed


@dataclass(frozen=True)
class Production:
    """An environment now. Without a promotion, nothing runs."""

    declared: Event
    promoted: Event | None
    policy: Event | None  # in force
    announced: Event | None  # another one, for later
    demands: Sequence[Demand]
    status: Status
    registered: Event | None  # the record that runs
    withdrawn: Sequence[bytes] = ()  # what it was made from and is not active, where the policy asks

    @property
    def id(self) -> str:
        return str(self.declared["args"]["environment"])

    @property
    def name(self) -> str:
        return str(self.declared["args"]["name"])

    @property
    def in_order(self) -> bool:
        return self.promoted is not None and self.status == Status.ACTIVE and not self.withdrawn and self.is_met

    @property
    def is_met(self) -> bool:
        return all(item.met for item in self.demands)


def declared(view: View, limit: int) -> Page:
    """Declarations, newest first."""
    return view.page(ENVIRONMENTS, "Declared", limit)


def production_of(view: View, declaration: Event) -> Production:
    environment = declaration["args"]["environment"]
    promoted = view.last(ENVIRONMENTS, "Promoted", environment=environment)
    policies = view.events(ENVIRONMENTS, "PolicyAnnounced", environment=environment, oldest=False, limit=2)
    in_force = next((item for item in policies if int(item["args"]["effective_from"]) <= view.now), None)
    later = policies[0] if policies and policies[0] is not in_force else None
    artefact = promoted["args"]["artefact"] if promoted else ""
    entries = in_force["args"]["entries"] if in_force and artefact else ()
    changed = view.last(REGISTRY, "StatusChanged", id=artefact) if artefact else None
    return Production(
        declaration,
        promoted,
        in_force,
        later,
        [_demand(view, artefact, entry) for entry in entries],
        Status(changed["args"]["status"]) if changed else Status.ACTIVE,
        view.last(REGISTRY, "Registered", id=artefact) if artefact else None,
        _withdrawn(view, artefact) if artefact and in_force and in_force["args"]["sound"] else (),
    )


def _withdrawn(view: View, artefact: str) -> list[bytes]:
    try:
        return [entry.id for entry in walk(Records(view), bytes.fromhex(artefact[2:])).withdrawn]
    except InputError:
        return []  # its registration is none that could be read


def _demand(view: View, artefact: str, entry: dict[str, Any]) -> Demand:
    schema, needed, max_age, attesters = (entry[name] for name in ("schema", "needed", "max_age", "attesters"))
    found = (_standing(view, attester, schema, artefact, max_age) for attester in attesters)
    return Demand(schema, needed, max_age, tuple(attesters), tuple(item for item in found if item is not None))


def _standing(view: View, attester: str, schema: str, artefact: str, max_age: int) -> Event | None:
    """The attestation that counts now: the newest one, unless it was taken back, ran out or is too old."""
    where = {"attester": attester, "schema": schema, "subject": artefact}
    said = view.last(REGISTRY, "Attested", **where)
    if said is None:
        return None
    revoked = view.last(REGISTRY, "AttestationRevoked", **where)
    args = said["args"]
    if revoked is not None and int(revoked["args"]["edition"]) >= int(args["edition"]):
        return None
    expiry = int(args["expiry"])
    if (expiry and expiry <= view.now) or (max_age and said["block_time"] + max_age < view.now):
        return None
    return said
