"""What the commands of `keifu prov` share: which registry, and records by their ids or the beginnings of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._ids import the_one
from keifu.cli._types import ADDRESS, BYTES32, ID_DIGITS, RECORD, Id
from keifu.errors import UsageError

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.keys import Account
    from keifu.provenance.proved import Proved
    from keifu.provenance.registry import Provenance
    from keifu.provenance.trust import Trust

__all__ = ["Registry", "at_block", "on_registry", "record_argument", "verifying"]

NAME = "ProvenanceRegistry"
_OWN = ("registry", "environments", "first_block", "trust", "block_hash", "authors")  # options that make a Registry


class Registry:
    """One registry of one chain, and what the verifier trusts. Connects when something of the chain is first needed."""

    def __init__(
        self,
        session: RpcSession,
        registry: str | None,
        environments: str | None,
        first_block: int | None,
        trust: Path | None = None,
        block_hash: bytes | None = None,
        authors: Sequence[str] = (),
    ) -> None:
        self.session, self.registry, self.environments, self._first_block = session, registry, environments, first_block
        self.trust_file, self.block_hash, self.authors = trust, block_hash, tuple(authors)

    @property
    def account(self) -> Account:
        """Who signs."""
        return self.session.account

    @cached_property
    def pinned(self) -> Trust | None:
        """The trust file, with what the command line says beside it; None when there is no file."""
        from keifu.provenance.trust import Trust, trust_file

        path = self.trust_file or trust_file()
        if self.trust_file is None and not path.exists():
            return None
        found = Trust.read(path)
        found.accept("--registry", registry=self.registry)
        found.accept("--environments", environments=self.environments)
        return self._narrowed(found)

    @cached_property
    def trust(self) -> Trust:
        """What the answers are compared with: the trust file, or else the deployment's record."""
        if self.pinned is not None:
            return self.pinned
        from keifu.provenance.trust import Trust

        registry, environments = self.registry, self.environments
        if registry is None:
            contracts = self.session.suite(NAME).addresses
            registry, environments = contracts[NAME], environments or contracts.get("Environments")
        chain = self.session.client.chain_id
        return self._narrowed(Trust(chain, registry.lower(), (environments or "").lower()))

    @cached_property
    def source(self) -> Provenance:
        """The registry as a node shows it."""
        from keifu.provenance.registry import Provenance

        trust = self.trust
        self.session.require_code(trust.registry, NAME)
        client = self.session.client
        trust.accept(f"the node {client.rpc.url}", chain=client.chain_id)
        return Provenance(client, trust.registry, trust.environments or None, first_block=self.first_block)

    @cached_property
    def proved(self) -> Proved:
        """The registry as proved against one block."""
        from keifu.provenance.proved import Proved

        return Proved(self.source, self.trust)

    def environment(self, name: str, owner: str | None) -> bytes:
        """Id of an environment that is given by its id, by name and owner, or by the trust file's name for it. Raises
        UsageError for any other name, before a network is asked."""
        from keifu.provenance import environment_id

        plain = name.lower().removeprefix("0x")
        if len(plain) == ID_DIGITS and set(plain) <= set("0123456789abcdef"):
            return bytes.fromhex(plain)
        if owner:
            return environment_id(self.trust.chain, self.trust.environments, owner, name)
        known = self.pinned.environment(name) if self.pinned else None
        if known is None:
            raise UsageError(
                f"environment {name!r} of whom?",
                remedy="--owner ADDRESS, the environment's id, or a name in your trust file",
            )
        return known

    def fix(self, block: bytes) -> None:
        """From now on everything is proved at this block."""
        self.block_hash = block
        self.__dict__.pop("pinned", None)
        self.__dict__.pop("trust", None)

    def _narrowed(self, trust: Trust) -> Trust:
        from msgspec.structs import replace

        block = "0x" + self.block_hash.hex() if self.block_hash else trust.block
        return replace(trust, block=block, authors=self.authors or trust.authors)

    @property
    def first_block(self) -> int:
        """No record is older: as given, else the block in which the recorded registry was made."""
        if self._first_block is not None:
            return self._first_block
        if self.pinned is not None:
            return self.pinned.first_block
        return self.session.record.creations[NAME].block if self.registry is None else 0

    def record_id(self, given: Id) -> bytes:
        """The given id, or the only one that begins with it. Raises UsageError when there is none, or several."""
        if given.whole:
            return bytes.fromhex(given)
        found = [record_id.hex() for record_id in self.source.beginning_with(given)]
        return bytes.fromhex(the_one(given, found, "record"))


def on_registry(body: Callable[..., Any]) -> Callable[..., Any]:
    """--trust, --registry, --environments, --first-block; the body gets a Registry instead of a session."""

    @functools.wraps(body)
    def wrapper(session: RpcSession, **rest: Any) -> Any:
        own = {name: rest.pop(name) for name in _OWN if name in rest}
        return body(Registry(session, **own), **rest)

    for option in (
        click.option(
            "--trust", type=click.Path(path_type=Path), envvar="KEIFU_TRUST", show_envvar=True, metavar="FILE",
            help="What you trust, as `keifu trust init` writes it.  [default: your own file, else the record of the "
            "deployment]",
        ),
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


at_block = click.option(
    "--block-hash", type=BYTES32,
    help="Hash of the block that you trust.  [default: as in the trust file, else the newest]",
)  # fmt: skip


def verifying(body: Callable[..., Any]) -> Callable[..., Any]:
    """--block-hash, --author: what a verifier brings to a question about a record. A command that compares no author
    takes `at_block` alone."""
    by_author = click.option(
        "--author", "authors", type=ADDRESS, multiple=True,
        help="Whom you trust as an author; repeatable.  [default: as in the trust file]",
    )  # fmt: skip
    return at_block(by_author(body))


def record_argument(name: str = "record_id") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A record's id in hex, or its first digits."""
    return click.argument(name, metavar="ID", type=RECORD)
