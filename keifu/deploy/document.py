"""The plan file: what is going to be sent, to which chain, at which cost, for a person to read and sign off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from ethwire.constants import GWEI
from keifu._files import read_bounded
from keifu.chain.parameters import Params
from keifu.chain.probe import Probe
from keifu.errors import InputError
from keifu.keys import checksum
from keifu.units import COIN, duration

__all__ = ["LISTED", "THERE", "TO_BE_MADE", "Document", "PlannedParameter", "PlannedService", "PlannedStep", "ether"]

SCHEMA = 1
LARGEST = 16 << 20  # bytes
TO_BE_MADE, THERE, LISTED = "to be made", "there", "listed"
AGAIN = "make it again with `keifu deploy plan`"


class PlannedStep(msgspec.Struct, frozen=True):
    """One contract. `state` is `TO_BE_MADE`, `THERE`, or what differs from what is there."""

    contract: str
    label: str
    address: str
    arguments: dict[str, Any]
    encoded: str
    creation: str  # SHA-256 of creation code and arguments
    gas: int  # measured in the rehearsal; 0 for what is there
    state: str


class PlannedParameter(msgspec.Struct, frozen=True):
    """One choice, with what it means and between which values it has to be."""

    name: str
    value: str
    source: str
    bounds: str
    meaning: str


class PlannedService(msgspec.Struct, frozen=True):
    """A service that the timelock lists at the hub."""

    contract: str
    address: str
    horizon: int  # seconds
    multiple: int
    state: str


class Document(msgspec.Struct, frozen=True):
    """A plan. Amounts in wei; `digest` is what a reviewer signs off."""

    chain: Probe
    deployer: str
    balance: int
    commit: str
    compiler: str
    parameters: dict[str, Any]  # see `Params.data`
    table: tuple[PlannedParameter, ...]
    factory: str
    steps: tuple[PlannedStep, ...]
    services: tuple[PlannedService, ...]
    listing_gas: int  # queueing and listing all of them, when the deployer does that
    roles_before: dict[str, tuple[str, ...]]
    roles_after: dict[str, tuple[str, ...]]
    differences: tuple[str, ...]
    schema: int = SCHEMA

    @property
    def params(self) -> Params:
        return Params.from_data(self.parameters)

    @property
    def gas(self) -> int:
        return sum(step.gas for step in self.steps) + self.listing_gas

    @property
    def cost(self) -> int:
        """Wei at the fees of the block that was looked at."""
        return self.gas * (self.chain.base_fee + self.chain.tip)

    @property
    def most(self) -> int:
        """Wei that the deployer has to have: the highest fee for the gas, and the limit of the largest transaction."""
        return (self.gas + max((step.gas for step in self.steps), default=0)) * self.chain.max_fee

    @property
    def digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self, order="sorted")).hexdigest()

    @property
    def horizons(self) -> dict[str, int]:
        """Of each service, seconds."""
        return {row.contract: row.horizon for row in self.services}

    @property
    def due(self) -> tuple[PlannedStep, ...]:
        return tuple(step for step in self.steps if step.state == TO_BE_MADE)

    def write(self, path: Path) -> Path:
        """The plan at `path`, and the same to read beside it; where that is."""
        path.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n")
        page = path.with_suffix(".md")
        page.write_text(self.page(path.name))
        return page

    @classmethod
    def read(cls, path: Path) -> Document:
        """Raises InputError for what is no plan, or one of another version."""
        text = read_bounded(path, LARGEST, "a plan", remedy=AGAIN)
        try:
            found = msgspec.json.decode(text, type=cls, strict=True)
            _ = found.params
        except (msgspec.DecodeError, RecursionError, InputError) as error:
            raise InputError(f"cannot read {path}: {error}", remedy=AGAIN) from error
        if found.schema != SCHEMA:
            raise InputError(f"{path} is a plan of schema {found.schema}, this version reads {SCHEMA}", remedy=AGAIN)
        return found

    def page(self, name: str) -> str:
        """The plan in Markdown."""
        return "\n".join([*_head(self, name), *_tables(self), ""])


def ether(wei: int) -> str:
    """An amount for people."""
    return f"{wei / COIN:,.6f} ether"


def _head(plan: Document, name: str) -> Iterator[str]:
    chain = plan.chain
    yield f"# Plan for chain {chain.chain_id}"
    yield ""
    yield f"`{name}`, digest `{plan.digest}`. Sign off this digest, and deploy with this file alone."
    yield ""
    yield f"* deployer: {checksum(plan.deployer)}, which has {ether(plan.balance)}"
    yield f"* chain: first block {chain.genesis}, looked at block {chain.block:,}, rules of {chain.hardfork}"
    yield f"* sources: commit {plan.commit or 'not known'}, {plan.compiler}"
    yield f"* factory: {checksum(plan.factory)}"
    yield f"* gas: {plan.gas:,} in {len(plan.due)} contracts and {len(plan.services)} services"
    yield f"* cost: {ether(plan.cost)} at {(chain.base_fee + chain.tip) / GWEI:,.3f} gwei; have {ether(plan.most)}"
    yield from (f"* note: {note}" for note in chain.notes())


def _tables(plan: Document) -> Iterator[str]:
    yield from _table(
        "Parameters",
        ("name", "value", "from", "bounds", "meaning"),
        [(row.name, row.value, row.source, row.bounds, row.meaning) for row in plan.table],
    )
    yield from _table(
        "Contracts",
        ("contract", "address", "gas", "state"),
        [(step.contract, checksum(step.address), f"{step.gas:,}", step.state) for step in plan.steps],
    )
    yield from _table(
        "Services",
        ("service", "horizon", "multiple", "state"),
        [(row.contract, duration(row.horizon), str(row.multiple), row.state) for row in plan.services],
    )
    held = [
        (role, ", ".join(plan.roles_before.get(role, ())) or "nobody", ", ".join(plan.roles_after[role]))
        for role in plan.roles_after
    ]
    yield from _table("Roles of the timelock", ("role", "before", "after"), held)
    yield from _table("Differences from what is deployed", ("difference",), [(line,) for line in plan.differences])


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if not rows:
        yield "None."
        return
    for row in (columns, ("---",) * len(columns), *rows):
        yield f"| {' | '.join(cell.replace('|', '/') for cell in row)} |"
