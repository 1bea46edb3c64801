"""What the commands of `keifu prov` share: which registry, and records by their ids or the beginnings of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._types import ADDRESS, RECORD, Id
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.keys import Account
    from keifu.provenance.registry import Provenance

__all__ = ["Registry", "on_registry", "record_argument"]

CANDIDATES = 8  # that are listed for an ambiguous prefix
NAME = "ProvenanceRegistry"


class Registry:
    """One registry of one chain. Connects when `source` is first asked for."""

    def __init__(
        self, session: RpcSession, registry: str | None, environments: str | None, first_block: int | None
    ) -> None:
        self.session, self.registry, self.environments, self._first_block = session, registry, environments, first_block

    @property
    def account(self) -> Account:
        """Who signs."""
        return self.session.account

    @cached_property
    def source(self) -> Provenance:
        """Addresses that were not given come from the deployment's record."""
        from keifu.provenance.registry import Provenance

        registry, environments = self.registry, self.environments
        if registry is None:
            contracts = self.session.suite(NAME).addresses
            registry, environments = contracts[NAME], environments or contracts.get("Environments")
        else:
            self.session.require_code(registry, NAME)
        return Provenance(self.session.client, registry, environments, first_block=self.first_block)

    @property
    def first_block(self) -> int:
        """No record is older: as given, else the block in which the recorded registry was made."""
        if self._first_block is not None:
            return self._first_block
        return self.session.record.creations[NAME].block if self.registry is None else 0

    def record_id(self, given: Id) -> bytes:
        """The given id, or the only one that begins with it. Raises UsageError when there is none, or several."""
        if given.whole:
            return bytes.fromhex(given)
        found = [record_id.hex() for record_id in self.source.beginning_with(given)]
        if not found:
            raise UsageError(f"no record begins with {given}", remedy="is it of this chain and registry?")
        if len(found) > 1:
            more = "" if len(found) <= CANDIDATES else f" and {len(found) - CANDIDATES} more"
            listed = ", ".join(_told_apart(found[:CANDIDATES]))
            raise UsageError(f"{len(found)} records begin with {given}: {listed}{more}", remedy="give more digits")
        click.echo(f"{given} is record {found[0]}", err=True)
        return bytes.fromhex(found[0])


def _told_apart(ids: Sequence[str]) -> list[str]:
    """As many digits of each as tell them apart, and a few more."""
    shared = next(size for size in range(1, 65) if len({item[:size] for item in ids}) == len(ids))
    return [f"{item[: shared + 4]}…" for item in ids]


def on_registry(body: Callable[..., Any]) -> Callable[..., Any]:
    """--registry, --environments, --first-block; the body gets a Registry instead of a session."""

    @functools.wraps(body)
    def wrapper(
        session: RpcSession, registry: str | None, environments: str | None, first_block: int | None, **rest: Any
    ) -> Any:
        return body(Registry(session, registry, environments, first_block), **rest)

    for option in (
        click.option(
            "--first-block", type=click.IntRange(0), help="No record is older than this.  [default: as recorded, or 0]"
        ),
        click.option(
            "--environments", type=ADDRESS, envvar="KEIFU_ENVIRONMENTS", show_envvar=True,
            help="Address of Environments.  [default: as recorded]",
        ),
        click.option(
            "--registry", type=ADDRESS, envvar="KEIFU_REGISTRY", show_envvar=True,
            help="Address of ProvenanceRegistry.  [default: as recorded]",
        ),
    ):  # fmt: skip
        wrapper = option(wrapper)
    return wrapper


def record_argument(name: str = "record_id") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A record's id in hex, or its first digits."""
    return click.argument(name, metavar="ID", type=RECORD)
