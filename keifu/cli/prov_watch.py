"""`keifu prov verify-running` and `watch`: what runs, and what happens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from keifu.chain.follower import Event, Follower
from keifu.cli._prov_options import Session, as_json, chain_options
from keifu.cli.prov_read import show
from keifu.errors import InputError
from keifu.provenance._model import Heartbeat
from keifu.provenance.verify import check_running

__all__ = ["verify_running", "watch"]


def _heartbeats(path: Path | None) -> list[tuple[Heartbeat, bytes]]:
    """One JSON object a line: node, environment, seq, digest, time, signature."""
    found: list[tuple[Heartbeat, bytes]] = []
    for number, line in enumerate(path.read_text().splitlines() if path else [], 1):
        try:
            item = json.loads(line)
            environment, digest = bytes.fromhex(item["environment"]), bytes.fromhex(item["digest"])
            heartbeat = Heartbeat(item["node"], environment, int(item["seq"]), digest, int(item["time"]))
            found.append((heartbeat, bytes.fromhex(item["signature"])))
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}, line {number}: not a heartbeat") from error
    return found


@click.command("verify-running")
@click.argument("environment")
@click.option("--owner", default="", help="owner of the environment, when it is given by name")
@click.option("--path", type=click.Path(path_type=Path), help="the bytes that are loaded")
@click.option("--heartbeats", type=click.Path(path_type=Path), help="file with one heartbeat a line")
@click.option("--max-age", default=600, show_default=True, help="seconds after which a heartbeat is stale")
@as_json
@chain_options
def verify_running(
    session: Session,
    environment: str,
    owner: str,
    path: Path | None,
    heartbeats: Path | None,
    max_age: int,
    json_out: bool,
) -> None:
    """Does ENVIRONMENT run what was promoted? Exit status 1 when anything contradicts.

    \b
    Example: keifu prov verify-running production --owner 0x… --path /srv/model
    """
    key = session.source.environment(environment, owner)
    show(check_running(session.source, key, path, _heartbeats(heartbeats), max_age=max_age), json_out)


class _Printer:
    """A sink that prints; reorganised blocks are announced, not unprinted."""

    def __init__(self, session: Session) -> None:
        self.contracts = [item for item in (session.source.registry, session.source.environments) if item is not None]

    def apply(self, database: sqlite3.Connection, events: Sequence[Event]) -> None:
        del database
        for event in events:
            for contract in self.contracts:
                if contract.address != event.address.lower():
                    continue
                topics = [bytes.fromhex(topic[2:]) for topic in event.topics]
                log = contract.interface.decode_log(event.address, topics, bytes.fromhex(event.data[2:]))
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


@click.command()
@click.option("--once", is_flag=True, help="stop at the chain's head instead of waiting for more")
@click.option("--state", type=click.Path(path_type=Path), help="file that remembers how far it got")
@chain_options
def watch(session: Session, once: bool, state: Path | None) -> None:
    """Print each event of registry and environments as one JSON object a line, until Ctrl-C.

    \b
    Example: keifu prov watch --state watch.sqlite
    """
    printer = _Printer(session)
    addresses = [contract.address for contract in printer.contracts]
    database = sqlite3.connect(state or ":memory:")
    rpc, first_block = session.source.chain.rpc, session.source.first_block
    follower = Follower(rpc, addresses, database, printer, first_block=first_block)
    follower.run(lambda step: once and step.caught_up)
