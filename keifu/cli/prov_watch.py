"""`keifu prov heartbeat`, `verify-running` and `watch`: what runs, and what happens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._prov_options import Registry, at_block, on_registry, verifying
from keifu.cli._types import ADDRESS, IN_PATH, OUT_PATH
from keifu.cli.prov_read import documents_in, documents_option, heartbeats_in, heartbeats_option, show
from keifu.cli.verbs import Access, json_option, verb

if TYPE_CHECKING:
    from keifu.chain.follower import Event

__all__ = ["heartbeat", "verify_running", "watch"]

GIVE_UP_AFTER = 8  # failures in a row of a node that is asked once


@verb(
    "verify-running",
    example="keifu prov verify-running production --owner 0x… --path /srv/model",
    access=Access.READ,
)
@click.argument("environment")
@click.option("--owner", type=ADDRESS, help="Owner of the environment, when you give it by its name.")
@click.option("--path", type=IN_PATH, help="Files that the server has loaded.")
@documents_option
@heartbeats_option
@click.option(
    "--max-age",
    type=click.IntRange(1),
    default=600,
    show_default=True,
    help="Seconds after which a heartbeat is stale.",
)
@json_option
@on_registry
@verifying
def verify_running(
    registry: Registry,
    environment: str,
    owner: str | None,
    path: Path | None,
    documents: Path | None,
    heartbeats: Path | None,
    max_age: int,
    json_out: bool,
) -> None:
    """Check that an environment runs what was promoted; exit status 1 when anything differs."""
    beats = heartbeats_in(heartbeats)
    from keifu.provenance.verify import check_block, check_running

    key = registry.environment(environment, owner)
    findings = check_running(registry.proved, key, path, beats, documents=documents_in(documents), max_age=max_age)
    show([check_block(registry.proved.block), *findings], json_out)


@verb(
    "heartbeat",
    example="keifu prov heartbeat production --owner 0x… --path /srv/model --key-file node.json >> beats.jsonl",
    access=Access.SEND,
)
@click.argument("environment")
@click.option("--owner", type=ADDRESS, help="Owner of the environment, when it is given by name.")
@click.option("--path", type=IN_PATH, required=True, help="The bytes that are loaded.")
@documents_option
@on_registry
@at_block
def heartbeat(registry: Registry, environment: str, owner: str | None, path: Path, documents: Path | None) -> None:
    """Sign that one runs what was promoted, and print it as one line of JSON; nothing is signed when the bytes differ,
    as a false heartbeat costs its node. Its time is that of the block."""
    from keifu.provenance.heartbeats import line_of, sign_heartbeat

    key = registry.environment(environment, owner)
    click.echo(line_of(*sign_heartbeat(registry.proved, key, path, documents_in(documents), registry.account)))


class _Printer:
    """A sink that prints; reorganised blocks are announced, not unprinted."""

    def __init__(self, registry: Registry) -> None:
        self.contracts = [item for item in (registry.source.registry, registry.source.environments) if item is not None]

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        del database
        for event in events:
            for contract in self.contracts:
                if contract.address != event.address.lower():
                    continue
                log = contract.interface.read_log(event.address, event.topics, event.data)
                if log is not None:
                    click.echo(json.dumps({"block": event.number, "event": log.event, **_plain(log.args)}))

    def revert(self, database: sqlite3.Connection, first_block: int) -> None:
        del database
        click.echo(json.dumps({"block": first_block, "event": "reorganised"}))


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


@verb("watch", example="keifu prov watch --state watch.sqlite", access=Access.READ)
@click.option("--once", is_flag=True, help="Stop at the chain's head instead of waiting for more.")
@click.option("--state", type=OUT_PATH, help="File that keeps the position, to go on from there next time.")
@on_registry
def watch(registry: Registry, once: bool, state: Path | None) -> None:
    """Print each event of registry and environments as one JSON object a line, until Ctrl-C."""
    from ethwire.rpc import heads_of
    from keifu.chain.follower import Follower

    printer = _Printer(registry)
    addresses = [contract.address for contract in printer.contracts]
    database = sqlite3.connect(state or ":memory:")
    follower = Follower(
        registry.source.chain.rpc,
        addresses,
        database,
        printer,
        first_block=registry.first_block,
        proved_only=True,  # what is printed cannot be undone
        on_notice=lambda notice: click.echo(f"watch: {notice.message}", err=True),
        heads=heads_of(registry.session.url),
    )
    follower.run(lambda step: once and step.caught_up, give_up_after=GIVE_UP_AFTER if once else 0)
